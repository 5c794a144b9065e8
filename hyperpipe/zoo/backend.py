"""What the trainer asks of a back end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from hyperpipe.cnn import Architecture
from hyperpipe.images.image_set import ImageSet
from hyperpipe.zoo.settings import Recipe


class Backend(Protocol):
    """M networks of one architecture in training on one data set, with their optimisers.

    A network's result must not depend on who trains beside it, nor on the number of threads.
    """

    def __init__(
        self, weights: np.ndarray, architecture: Architecture, recipe: Recipe, images: ImageSet, threads: int
    ) -> None:
        """weights: float32 [M, P], where training starts, with a fresh optimiser. threads: used at the most."""

    def train_epoch(self, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One pass over the training images; orders: integers [M, N], each network's own order.

        Returns mean loss and accuracy [M] over the batches as they were met, before each one's update.
        """

    def evaluate(self, splits: Sequence[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Mean loss and accuracy [M] over all images of each split. A network with a NaN among its logits is wrong."""

    def weights(self) -> np.ndarray:
        """float32 [M, P]."""
