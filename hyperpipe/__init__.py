"""Populations of neural networks and hyper-representations of them: see README.md."""
