"""The small network that sees whether a frame holds one whole, uncovered hand, and everything it learns that from."""
