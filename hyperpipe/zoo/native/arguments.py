"""What both targets of the native back end are given, in the form of training.h."""

from __future__ import annotations

import numpy as np

from hyperpipe.images.image_set import ImageSet
from hyperpipe.zoo.settings import Recipe


def channel_last(images: np.ndarray) -> np.ndarray:
    """[N, C, 28, 28] → [N, 28, 28, C]; no copy for one channel."""
    return np.ascontiguousarray(images.transpose(0, 2, 3, 1))


def scale_and_shift(images: ImageSet) -> tuple[np.ndarray, np.ndarray]:
    """float32 [C] each: a network sees pixel · scale + shift."""
    mean, std = np.array(images.mean), np.array(images.std)
    return (1 / (255 * std)).astype(np.float32), (-mean / std).astype(np.float32)


def adam(recipe: Recipe) -> np.ndarray:
    """float64 [5], as struct Adam."""
    return np.array([recipe.learning_rate, recipe.weight_decay, recipe.beta1, recipe.beta2, recipe.epsilon], np.float64)


def checked(indices: np.ndarray, count: int) -> np.ndarray:
    """Indices of images, as they are: the compiled code reads where they point. Raises ValueError."""
    if indices.min() < 0 or indices.max() >= count:
        raise ValueError(f"indices must be 0 … {count - 1}")
    return indices
