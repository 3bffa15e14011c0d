"""The frame as it came: stored words, what surrounds the radiograph, which way up it lies, and whether one hand is in it."""
