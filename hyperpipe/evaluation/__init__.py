"""What a population is worth: fine-tuning it on a data set (protocol §5)."""
