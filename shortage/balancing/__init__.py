"""Who gives what to whom, all institutions and drugs at once. Pure: the only place of shortage that names a solver."""
