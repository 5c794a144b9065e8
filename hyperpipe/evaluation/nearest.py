"""Which training network is nearest to each network of a population, and how near they are; how alike its networks are
among themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from hyperpipe.alignment.distances import matched_pairs
from hyperpipe.alignment.symmetries import Symmetries


@dataclass(frozen=True)
class Known:
    """The training networks: points [R, n], their weights or latents; networks (seeds) and epochs, [R]."""

    points: np.ndarray
    networks: np.ndarray
    epochs: np.ndarray


@dataclass(frozen=True)
class Nearest:
    """For each of M networks the row that has the largest cosine with it, that cosine, and the least distance to any
    row, [M]."""

    rows: np.ndarray
    cosines: np.ndarray
    distances: np.ndarray


def nearest_matched(points: np.ndarray, known: Known, symmetries: Symmetries) -> Nearest:
    """Of scaled weights [M, P], the hidden units of each known network in the best arrangement that is found.

    Rows of one network differ less from each other than from other networks'. So they are looked for among the last row
    of every network first, then among all rows of the one that is nearest there.
    """
    cosines = np.full((len(points), len(known.points)), -np.inf)
    distances = -cosines
    latest = {network: known.epochs[known.networks == network].max() for network in np.unique(known.networks)}
    last = known.epochs == [latest[network] for network in known.networks]

    def look(place: int, rows: np.ndarray) -> None:
        found = matched_pairs(points[place], known.points[rows], symmetries)
        cosines[place, rows], distances[place, rows] = found.cosines, found.distances

    for place in range(len(points)):
        look(place, last)
        look(place, ~last & (known.networks == known.networks[cosines[place].argmax()]))
    rows = cosines.argmax(axis=1)
    return Nearest(rows, cosines[np.arange(len(rows)), rows], distances.min(axis=1))


def within(points: np.ndarray, symmetries: Symmetries) -> np.ndarray:
    """Mean cosine [M] of each network's scaled weights [M, P] with all others', matched in pairs; NaN of a single
    one."""
    cosines = np.full((len(points), len(points)), np.nan)
    for place, point in enumerate(points[:-1]):
        cosines[place, place + 1 :] = matched_pairs(point, points[place + 1 :], symmetries).cosines
    both = np.where(np.isnan(cosines), cosines.T, cosines)
    others = ~np.eye(len(points), dtype=bool)
    return np.array([row[of].mean() if of.any() else np.nan for row, of in zip(both, others, strict=True)])


def latent_distances(points: np.ndarray, known: Known, own: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Root mean squared difference of latents [M, D] to the nearest known ones, and the rows of these, [M]; infinite
    where there is none. own: a network (seed) for each of the M, whose rows are not to count."""
    distances = cdist(points.astype(float), known.points.astype(float)) / np.sqrt(points.shape[1])
    if own is not None:
        distances[own[:, None] == known.networks] = np.inf
    rows = distances.argmin(axis=1)
    return distances[np.arange(len(rows)), rows], rows


def typical_distance(known: Known, epoch: int) -> float:
    """Mean distance between the latents of a training network at an epoch and the nearest of another; NaN where there
    is no other, or none is at a distance."""
    here = known.epochs == epoch
    mean = latent_distances(known.points[here], known, known.networks[here])[0].mean()
    return float(mean) if np.isfinite(mean) and mean > 0 else float("nan")
