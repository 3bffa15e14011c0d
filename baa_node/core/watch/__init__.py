"""What would drift unseen: traits of images and readings held against those of the validation."""
