"""Networks for tests of hyper-representations, the same each time."""

from __future__ import annotations

import numpy as np
import torch

from hyperpipe.alignment.symmetries import Symmetries
from hyperpipe.alignment.units import rearranged
from hyperpipe.cnn import Architecture, initialise
from hyperpipe.hyperrep.settings import HyperRep
from hyperpipe.randomness import stream

WIDE = {"in_channels": 3, "classes": 4, "channels": (5, 7, 3), "hidden": 6}


def networks(count: int, architecture: Architecture | None = None) -> np.ndarray:
    """Weights [M, P] from kaiming's initialisation."""
    shape = architecture or Architecture()
    return np.stack([initialise(shape, "kaiming_uniform", stream(0, "t", m)) for m in range(count)])


def with_biases(count: int, architecture: Architecture | None = None) -> np.ndarray:
    """The same from PyTorch's, whose biases differ."""
    shape = architecture or Architecture()
    return np.stack([initialise(shape, "pytorch_default", stream(0, "t", m)) for m in range(count)])


def rearranged_at_random(weights: np.ndarray, symmetries: Symmetries, seed: int = 0) -> np.ndarray:
    """Networks [M, P] that compute the same and are other weights."""
    moves = symmetries.drawn(len(weights), np.random.default_rng(seed))
    return rearranged(weights, moves, symmetries.architecture)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


SMALL = HyperRep(
    width=24,
    heads=2,
    feed_forward=24,
    encoder_blocks=1,
    decoder_blocks=1,
    latent=8,
    projection_layers=1,
    projection_width=8,
    projection_outputs=4,
    epochs=4,
    batch_size=4,
    learning_rate=1e-3,
)
