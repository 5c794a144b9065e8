"""Hyper-representations: a transformer autoencoder over the weights of a zoo (paper, section 2; protocol §3)."""
