"""What a population is worth: fine-tuning it on a data set, and its accuracies (protocol §5)."""
