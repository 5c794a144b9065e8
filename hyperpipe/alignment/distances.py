"""How near networks are to each other, once their hidden units are matched."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hyperpipe.alignment.matching import matched
from hyperpipe.alignment.symmetries import Symmetries
from hyperpipe.alignment.units import Units

_AT_ONCE = 512


@dataclass(frozen=True)
class Matched:
    """A network and K others: cosines [K], 0 where one of the two has no length, and root mean squared differences
    [K]."""

    cosines: np.ndarray
    distances: np.ndarray


def matched_pairs(network: np.ndarray, others: np.ndarray, symmetries: Symmetries) -> Matched:
    """Of a network [P] and others [K, P], each of these in the arrangement that has the largest inner product with the
    network, of those found: the largest cosine, and the least distance.

    Weights as they are to count, those of each layer in its scale (`scaled`).
    """
    fixed = Units(network[None].astype(float), symmetries.architecture)
    cosines, distances = [np.zeros(0)], [np.zeros(0)]
    for start in range(0, len(others), _AT_ONCE):
        part = Units(others[start : start + _AT_ONCE].astype(float), symmetries.architecture)
        part = matched(fixed, part, symmetries)
        lengths = np.sqrt(part.products(part) * fixed.products(fixed))
        cosines.append(np.divide(part.products(fixed), lengths, out=np.zeros(len(part)), where=lengths > 0))
        distances.append(np.sqrt(part.squared_distances(fixed) / symmetries.architecture.size))
    return Matched(np.concatenate(cosines), np.concatenate(distances))
