"""Image data sets as uint8 arrays [N, C, 28, 28] with fixed train, validation and test splits."""
