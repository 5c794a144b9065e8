"""Controls: populations that anyone can make of trained networks without learning anything of them.

What a sampled population is worth is what it has beyond these. Shrinking trained weights and adding noise is a known
trick for warm starts (Ash and Adams 2020, "shrink and perturb"); the others are null models.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hyperpipe.cnn import Architecture
from hyperpipe.sampling.settings import Controls

CONTROLS = ("anchors", "anchors_noise", "anchors_shrunk", "anchors_shrunk_noise", "iid", "random_latents")


def controls(
    anchors: np.ndarray,
    rows: np.ndarray,
    sigma: np.ndarray,
    architecture: Architecture,
    settings: Controls,
    count: int,
    generator: Callable[[str], np.random.Generator],
) -> dict[str, np.ndarray]:
    """All of `CONTROLS` but the last by name, float32 [M, P]: as many as there are anchors [A, P], or `count`.

    rows: all training networks [R, P]. sigma: the standard deviation of each weight's layer, [P]. generator: for the
    control that is named, a stream of its own.
    """

    def noise(name: str) -> np.ndarray:
        return settings.noise * sigma * generator(name).standard_normal(anchors.shape, np.float32)

    shrunk = np.float32(settings.shrink) * anchors
    made = {
        "anchors": anchors,
        "anchors_noise": anchors + noise("anchors_noise"),
        "anchors_shrunk": shrunk,
        "anchors_shrunk_noise": shrunk + noise("anchors_shrunk_noise"),
        "iid": iid_by_layer(rows, architecture, count, generator("iid")),
    }
    return {name: weights.astype(np.float32) for name, weights in made.items()}


def iid_by_layer(
    rows: np.ndarray, architecture: Architecture, count: int, generator: np.random.Generator
) -> np.ndarray:
    """Networks [count, P] whose weights have the distribution of their layer over the rows [R, P], and nothing else."""
    drawn = np.empty((count, architecture.size), np.float32)
    for layer in architecture.layers:
        for part in (layer.weight, layer.bias):
            known = rows[:, part]
            chosen = generator.integers(known.size, size=drawn[:, part].shape)
            drawn[:, part] = known.reshape(-1)[chosen]
    return drawn
