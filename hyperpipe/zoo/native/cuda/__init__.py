"""A network in each block of a GPU, in CUDA that is compiled where it runs."""
