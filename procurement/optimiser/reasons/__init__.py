"""What a plan says of itself: why each line, which facts clash and the ways out, what more money would bring."""
