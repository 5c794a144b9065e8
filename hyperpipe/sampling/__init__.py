"""Sampling populations of networks: densities of the latent space, samplers, controls (protocol §4)."""
