"""The kernel density of a latent space, and the two ways to draw from it (paper, section 3; protocol §4).

The density is a Gaussian kernel density of each latent dimension on its own. The paper's equation draws each
dimension independently; its released code draws every dimension with the same seed, and so the same anchor and the
same noise in all of them. Both are here, told apart by nothing but their seeds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.neighbors import KernelDensity


def draw(anchors: np.ndarray, count: int, bandwidth: float, seeds: np.ndarray) -> np.ndarray:
    """Latents [count, D] float32 from the densities of the anchors [A, D], dimension d with the seed seeds[d]."""
    columns = [
        KernelDensity(bandwidth=bandwidth).fit(anchors[:, d, None]).sample(count, random_state=int(seed))
        for d, seed in enumerate(seeds)
    ]
    return np.concatenate(columns, axis=1).astype(np.float32)


def independent(anchors: np.ndarray, count: int, bandwidth: float, generator: np.random.Generator) -> np.ndarray:
    """As the paper's equation says: each dimension's anchor and noise are drawn on their own."""
    return draw(anchors, count, bandwidth, generator.integers(2**32, size=anchors.shape[1]))


def released(anchors: np.ndarray, count: int, bandwidth: float, generator: np.random.Generator) -> np.ndarray:
    """As the released code does (protocol §4.1): one seed for all dimensions.

    A sample is then the embedding of one training network plus bandwidth · ε · (1, …, 1), ε one number.
    """
    return draw(anchors, count, bandwidth, np.repeat(generator.integers(2**32), anchors.shape[1]))


SAMPLERS: dict[str, Callable[[np.ndarray, int, float, np.random.Generator], np.ndarray]] = {
    "independent": independent,
    "released": released,
}
