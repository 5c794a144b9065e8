"""Whether a population is generated or copied: how far its networks are from those that their zoo was learnt of.

Distances are relative to the mean distance between a training network and the nearest other one: a copy is at 0, a
network that was trained on its own at about 1. They are measured between weights, each layer in its standard deviation;
between weights once the hidden units are in the best order that was found; between the latents of an autoencoder.
Networks of small weights are close to everything: shrunk copies are nearer to 1 than copies, and copies all the same.
Predictions show it: how often they are those of the nearest training network, and how far the images are the same on
which both are wrong (intersection over union).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hyperpipe.alignment.symmetries import Symmetries
from hyperpipe.evaluation.nearest import Known, nearest, nearest_matched, typical_distance
from hyperpipe.images.image_set import ImageSet
from hyperpipe.zoo.settings import Recipe
from hyperpipe.zoo.trainer import predictions_of


@dataclass(frozen=True)
class Training:
    """What networks are compared with, the training rows of a zoo.

    weights: [R, P] with the networks (seeds) and epochs of the rows; latents: the same rows encoded, [R, D], by
    autoencoder. sigma: the standard deviation of each weight's layer, [P]. epoch: at which networks are told from each
    other. symmetries: what makes no difference between them when they are matched.
    """

    weights: Known
    latents: Mapping[str, Known]
    sigma: np.ndarray
    epoch: int
    symmetries: Symmetries

    @property
    def normalised(self) -> Known:
        return Known(self.weights.points / self.sigma, self.weights.networks, self.weights.epochs)


def typical_distances(training: Training) -> dict[str, float]:
    """What a distance of 1 is: between ``weights``, ``matched``, and between the latents of each autoencoder."""
    here = training.weights.epochs == training.epoch
    own, weights = training.weights.networks[here], training.normalised
    in_weights = {
        "weights": typical_distance(nearest(weights.points[here], weights, own)),
        "matched": typical_distance(nearest_matched(weights.points[here], weights, training.symmetries, own)),
    }
    return in_weights | {
        name: typical_distance(nearest(latents.points[here], latents, own))
        for name, latents in training.latents.items()
    }


def novelty(
    weights: np.ndarray,
    latents: np.ndarray,
    autoencoder: str,
    training: Training,
    typical: Mapping[str, float],
    images: ImageSet,
    recipe: Recipe,
    *,
    purpose: str,
    threads: int = 1,
) -> pd.DataFrame:
    """Of a population [M, P], encoded [M, D] by an autoencoder; predictions are for the test images, with the recipe's
    activation.

    Long form: network (its place in the population), measure, value, distance, nearest (a seed), nearest_epoch.
    measure: ``weights``, ``matched`` or ``latent``, value then relative, distance as it is (root mean square); or
    ``agreement`` or ``wrong_overlap`` with the network that is nearest when matched, value then a share, the second
    one NaN where neither network is wrong. typical: of `typical_distances`.
    """
    points, known = weights / training.sigma, training.normalised
    found = {
        "weights": nearest(points, known),
        "matched": nearest_matched(points, known, training.symmetries),
        "latent": nearest(latents, training.latents[autoencoder]),
    }
    distances = {measure: of.distances for measure, of in found.items()}
    scales = {"weights": "weights", "matched": "matched", "latent": autoencoder}
    values = {measure: distances[measure] / typical[scale] for measure, scale in scales.items()}

    nearest_ones = training.weights.points[found["matched"].rows]
    both = np.concatenate([weights, nearest_ones])
    predicted = predictions_of(
        both, images, recipe, "test", purpose=purpose, architecture=training.symmetries.architecture, threads=threads
    )
    ours, theirs = predicted[: len(weights)], predicted[len(weights) :]
    values |= {"agreement": (ours == theirs).mean(axis=1)}
    values |= {"wrong_overlap": overlap(*(part != images.splits["test"].labels for part in (ours, theirs)))}
    frames = []
    for measure, value in values.items():
        rows = found.get(measure, found["matched"]).rows
        columns = {"network": np.arange(len(rows)), "measure": measure, "value": value}
        columns |= {"distance": distances.get(measure, np.nan), "nearest": training.weights.networks[rows]}
        frames.append(pd.DataFrame(columns | {"nearest_epoch": training.weights.epochs[rows]}))
    return pd.concat(frames, ignore_index=True)


def overlap(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union [M] of M pairs of sets, as booleans [M, N]; NaN where both are empty."""
    union = (first | second).sum(axis=1)
    return np.where(union, (first & second).sum(axis=1) / np.maximum(union, 1), np.nan)
