"""The record of each study."""
