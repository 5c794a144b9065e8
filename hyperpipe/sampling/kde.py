"""The kernel density of a latent space, and three ways to draw from it (paper, section 3; protocol §4).

The paper's equation is a Gaussian kernel density of each latent dimension on its own, each drawn independently; its
released code draws every dimension with the same seed, and so the same anchor and the same noise in all of them. Both
are here, told apart by nothing but their seeds; the third is a density of all dimensions together.
"""

from __future__ import annotations

import numpy as np

from hyperpipe.sampling.settings import Bandwidth

_LEAST = 1e-12  # of a bandwidth by a rule, where all anchors have one value


def bandwidths(anchors: np.ndarray, bandwidth: Bandwidth, dimensions: int) -> np.ndarray:
    """The kernel's standard deviation in each latent dimension, [D].

    A number is itself, in latent units. ``scott`` and ``silverman`` give σ_d · n^(-1 / (k + 4)) and
    σ_d · (n (k + 2) / 4)^(-1 / (k + 4)) for n anchors [n, D] with the unbiased standard deviations σ_d and a density
    in k `dimensions` (Scott 1992; Silverman 1986).
    """
    count, width = anchors.shape
    if not isinstance(bandwidth, str):
        return np.full(width, float(bandwidth))
    effective = count if bandwidth == "scott" else count * (dimensions + 2) / 4
    spread = anchors.std(axis=0, ddof=1, dtype=float) if count > 1 else np.zeros(width)
    return np.maximum(spread * effective ** (-1 / (dimensions + 4)), _LEAST)


def independent(anchors: np.ndarray, count: int, bandwidth: Bandwidth, generator: np.random.Generator) -> np.ndarray:
    """As the paper's equation says: each dimension's anchor and noise are drawn on their own."""
    return _by_dimension(anchors, count, bandwidth, generator.integers(2**32, size=anchors.shape[1]))


def released(anchors: np.ndarray, count: int, bandwidth: Bandwidth, generator: np.random.Generator) -> np.ndarray:
    """As the released code does (protocol §4.1): one seed for all dimensions.

    A sample is then the embedding of one training network plus bandwidth · ε · (1, …, 1), ε one number.
    """
    return _by_dimension(anchors, count, bandwidth, np.repeat(generator.integers(2**32), anchors.shape[1]))


def joint(anchors: np.ndarray, count: int, bandwidth: Bandwidth, generator: np.random.Generator) -> np.ndarray:
    """A kernel density in all dimensions at once: an anchor plus noise of its own in each dimension."""
    scale = bandwidths(anchors, bandwidth, anchors.shape[1])
    drawn = _draw(anchors / scale, count, 1.0, generator.integers(2**32))
    return (drawn * scale).astype(np.float32)


def _by_dimension(anchors: np.ndarray, count: int, bandwidth: Bandwidth, seeds: np.ndarray) -> np.ndarray:
    """Latents [count, D] float32 from the densities of the anchors [A, D], dimension d with the seed seeds[d]."""
    scales = bandwidths(anchors, bandwidth, 1)
    columns = [_draw(anchors[:, d, None], count, scale, seeds[d]) for d, scale in enumerate(scales)]
    return np.concatenate(columns, axis=1).astype(np.float32)


def _draw(anchors: np.ndarray, count: int, bandwidth: float, seed: int) -> np.ndarray:
    from sklearn.neighbors import KernelDensity  # here: it takes a second, and every job asks which samplers there are

    return KernelDensity(bandwidth=float(bandwidth)).fit(anchors).sample(count, random_state=int(seed))
