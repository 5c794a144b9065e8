"""Whether a population is generated or copied: how near its networks are to those that their zoo was learnt of.

Networks are compared by the cosine of their weights, once the hidden units of each pair are matched: the length of the
weights does not count, nor the order or the sign of units. A copy is at 1, whatever it was multiplied with. How near a
network is that was trained on its own, unseen ones of the zoo show. Distances flatter small networks: they are close to
everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from hyperpipe.alignment.symmetries import Symmetries
from hyperpipe.alignment.units import scaled
from hyperpipe.evaluation.nearest import Known, latent_distances, nearest_matched, typical_distance, within
from hyperpipe.images.image_set import ImageSet
from hyperpipe.zoo.settings import Recipe
from hyperpipe.zoo.trainer import predictions_of


@dataclass(frozen=True)
class Training:
    """What networks are compared with, the training rows of a zoo.

    weights: [R, P] with the networks (seeds) and epochs of the rows; latents: the same rows encoded, [R, D], by
    autoencoder. scales: of each layer (`layer_scales`). epoch: at which networks are told from each other.
    symmetries: what makes no difference between them.
    """

    weights: Known
    latents: Mapping[str, Known]
    scales: np.ndarray
    epoch: int
    symmetries: Symmetries

    def scaled(self, weights: np.ndarray) -> np.ndarray:
        """Weights [M, P] in float64, those of each layer in its scale."""
        return scaled(weights, self.symmetries.architecture, self.scales)


def novelty(
    weights: np.ndarray,
    latents: np.ndarray,
    autoencoder: str,
    training: Training,
    images: ImageSet,
    recipe: Recipe,
    *,
    purpose: str,
    threads: int = 1,
) -> pd.DataFrame:
    """Of a population [M, P], encoded [M, D] by an autoencoder; predictions are for the test images, with the recipe's
    activation.

    Long form: network (its place in the population), measure, value, nearest (a seed), nearest_epoch. measure:

    - ``cosine``: with the nearest training network, the one that it is largest with, matched.
    - ``within``: mean cosine with the other networks of the population, matched; NaN of a single one.
    - ``agreement``: share of the predictions that are those of the nearest training network.
    - ``wrong_overlap``: images on which both are wrong, of those on which one of them is; NaN where neither is wrong.
    - ``distance``: least distance to a training network, matched: root mean square, each layer in its scale.
    - ``latent``: the same between latents, over the mean distance between a training network and the nearest other one.
    """
    known, points = training.weights, training.scaled(weights)
    found = nearest_matched(points, replace(known, points=training.scaled(known.points)), training.symmetries)
    of_latents = training.latents[autoencoder]
    distances, latent_rows = latent_distances(latents, of_latents)
    both = np.concatenate([weights, known.points[found.rows]])
    predicted = predictions_of(
        both, images, recipe, "test", purpose=purpose, architecture=training.symmetries.architecture, threads=threads
    )
    ours, theirs = predicted[: len(weights)], predicted[len(weights) :]
    values = {
        "cosine": found.cosines,
        "within": within(points, training.symmetries),
        "agreement": (ours == theirs).mean(axis=1),
        "wrong_overlap": overlap(*(part != images.splits["test"].labels for part in (ours, theirs))),
        "distance": found.distances,
        "latent": distances / typical_distance(of_latents, training.epoch),
    }
    frames = []
    for measure, value in values.items():
        rows = latent_rows if measure == "latent" else found.rows
        columns = {"network": np.arange(len(rows)), "measure": measure, "value": value}
        columns |= {"nearest": known.networks[rows], "nearest_epoch": known.epochs[rows]}
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def overlap(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union [M] of M pairs of sets, as booleans [M, N]; NaN where both are empty."""
    union = (first | second).sum(axis=1)
    return np.where(union, (first & second).sum(axis=1) / np.maximum(union, 1), np.nan)
