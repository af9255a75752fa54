"""Cases too large for one exact search: `search.py` is the way through this room."""
