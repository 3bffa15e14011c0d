"""What must not be read: the limits, the words for other body parts, and the gates over grey values and estimates."""
