"""What the benchmarks measure: networks in training on noise, and how often a piece of work is done in a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from hyperpipe.cnn import Architecture, initialise
from hyperpipe.images.image_set import ImageSet, ImageSplit
from hyperpipe.zoo.backend import Backend
from hyperpipe.zoo.settings import Recipe

RECIPE = Recipe(learning_rate=3e-4)
SECONDS = 2.0  # that a rate is measured for


def in_training(
    backend: Callable[..., Backend], architecture: Architecture, networks: int, images: int, threads: int = 1
) -> tuple[Backend, np.ndarray]:
    """So many networks by the paper's recipe, at batch 10, and orders [M, N] of so many images of noise."""
    generator, channels = np.random.default_rng(0), architecture.in_channels
    pixels = generator.integers(0, 256, (images, channels, 28, 28), np.uint8)
    split = ImageSplit(pixels, generator.integers(0, 10, images), np.arange(images))
    data = ImageSet("noise", tuple("0123456789"), (0.5,) * channels, (0.3,) * channels, {"train": split})
    weights = np.stack([initialise(architecture, "kaiming_uniform", generator) for _ in range(networks)])
    orders = np.stack([generator.permutation(images) for _ in range(networks)])
    return backend(weights, architecture, RECIPE, data, threads), orders


def per_second(work: Callable[[], Any], count: int, seconds: float) -> float:
    """How many are done in a second where work() does `count`; measured for so many seconds, at least once."""
    done, start = 0, time.perf_counter()
    while True:
        work()
        done += count
        if (elapsed := time.perf_counter() - start) >= seconds:
            return done / elapsed
