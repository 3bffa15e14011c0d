"""A U-Net that masks the hand, taught without a hand-made mask: drawn hands first, then its own good masks, five rounds (Zerari, 3.4.1)."""
