"""Which training network is nearest to each network of a population, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from hyperpipe.alignment.distances import matched_distances
from hyperpipe.alignment.symmetries import Symmetries


@dataclass(frozen=True)
class Known:
    """The training networks: points [R, n], their weights or latents; networks (seeds) and epochs, [R]."""

    points: np.ndarray
    networks: np.ndarray
    epochs: np.ndarray


@dataclass(frozen=True)
class Nearest:
    """For each of M points the distance to the nearest known one and its row, [M]; infinite where there is none."""

    distances: np.ndarray
    rows: np.ndarray


def nearest(points: np.ndarray, known: Known, own: np.ndarray | None = None) -> Nearest:
    """By root mean squared difference. own: a network (seed) for each of the M points, whose rows are not to count."""
    distances = cdist(points.astype(float), known.points.astype(float)) / np.sqrt(points.shape[1])
    return _least(np.where(_others(known, own, len(points)), distances, np.inf))


def nearest_matched(points: np.ndarray, known: Known, symmetries: Symmetries, own: np.ndarray | None = None) -> Nearest:
    """As `nearest`, of weights [M, P], with the units of each known network in the best arrangement that is found.

    Rows of one network differ less from each other than from other networks'. So arrangements are looked for among the
    rows of the last epoch first, then among all rows of the network that is nearest there, and of the one that is
    nearest as it is.
    """
    others = _others(known, own, len(points))
    distances = np.full(others.shape, np.inf)

    def measure(wanted: np.ndarray) -> None:
        for place, row in enumerate(wanted):
            distances[place, row] = matched_distances(points[place], known.points[row], symmetries)

    first = others & (known.epochs == known.epochs.max())
    measure(first)
    near = (known.networks[rows][:, None] for rows in (distances.argmin(axis=1), nearest(points, known, own).rows))
    measure(others & ~first & np.logical_or(*(networks == known.networks for networks in near)))
    return _least(distances)


def typical_distance(found: Nearest) -> float:
    """Mean of the distances of training networks to the nearest other one; NaN where there is no other, or none is at a
    distance."""
    mean = found.distances.mean()
    return float(mean) if np.isfinite(mean) and mean > 0 else float("nan")


def _others(known: Known, own: np.ndarray | None, count: int) -> np.ndarray:
    """Which rows count, [M, R]."""
    if own is None:
        return np.ones((count, len(known.networks)), bool)
    return own[:, None] != known.networks


def _least(distances: np.ndarray) -> Nearest:
    rows = distances.argmin(axis=1)
    return Nearest(distances[np.arange(len(rows)), rows], rows)
