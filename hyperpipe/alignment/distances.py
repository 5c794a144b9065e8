"""How far networks are from each other, once their hidden units are matched."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hyperpipe.alignment.matching import matched
from hyperpipe.alignment.symmetries import Symmetries
from hyperpipe.alignment.units import Units, scaled

_AT_ONCE = 512


def matched_distances(network: np.ndarray, others: np.ndarray, symmetries: Symmetries) -> np.ndarray:
    """Root mean squared differences [K] of a network [P] and others [K, P], each of these in the arrangement that is
    nearest to the network, of those found."""
    fixed = Units(network[None].astype(float), symmetries.architecture)
    found = [np.zeros(0)]
    for start in range(0, len(others), _AT_ONCE):
        part = Units(others[start : start + _AT_ONCE].astype(float), symmetries.architecture)
        found.append(matched(fixed, part, symmetries).squared_distances(fixed))
    return np.sqrt(np.concatenate(found) / symmetries.architecture.size)


def matched_cosines(
    network: np.ndarray, others: np.ndarray, symmetries: Symmetries, scales: Sequence[float] | np.ndarray
) -> np.ndarray:
    """Cosines [K] of a network [P] and others [K, P], each of these in the arrangement that has the largest cosine with
    the network, of those found; 0 where one of the two has no length.

    scales: of each layer, by which its weights and biases are divided before (`layer_scales` of the networks that these
    come from), so that no layer counts by the size of its numbers.
    """
    architecture = symmetries.architecture
    fixed = Units(scaled(network[None], architecture, scales), architecture)
    found = [np.zeros(0)]
    for start in range(0, len(others), _AT_ONCE):
        part = Units(scaled(others[start : start + _AT_ONCE], architecture, scales), architecture)
        lengths = np.sqrt(part.products(part) * fixed.products(fixed))
        products = matched(fixed, part, symmetries).products(fixed)
        found.append(np.divide(products, lengths, out=np.zeros(len(part)), where=lengths > 0))
    return np.concatenate(found)
