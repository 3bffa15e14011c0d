"""Which images are read, by which bundle, and who gets what of the result."""
