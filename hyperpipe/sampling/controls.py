"""Controls: populations that anyone can make of trained networks without learning anything of them.

What a sampled population is worth is what it has beyond these, where it is as new as they are. Noise takes a network as
far from what it was as one likes, so that there are controls at every novelty; shrinking trained weights and adding
noise is a known trick for warm starts (Ash and Adams 2020, "shrink and perturb"). The others are null models.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hyperpipe.cnn import Architecture
from hyperpipe.sampling.settings import Controls

RANDOM_LATENTS = "random_latents"


def controls(
    anchors: np.ndarray,
    rows: np.ndarray,
    sigma: np.ndarray,
    architecture: Architecture,
    settings: Controls,
    count: int,
    generator: Callable[[str], np.random.Generator],
) -> dict[str, np.ndarray]:
    """All of `control_names` but the last, float32 [M, P]: as many as there are anchors [A, P], or `count`.

    rows: all training networks [R, P]. sigma: the standard deviation of each weight's layer, [P]. generator: for the
    draws that are named, a stream of its own. All noises are one draw, more or less of it, so that populations differ
    by nothing but the dial. With noise n an anchor is multiplied with shrink / √(1 + n²) where it is shrunk: about as
    long as one without noise is then.
    """
    draws = generator("noise").standard_normal(anchors.shape, np.float32)
    noisy = {noise: anchors + np.float32(noise) * sigma * draws for noise in (0.0, *settings.noise)}
    lengths = {noise: np.float32(settings.shrink / np.sqrt(1 + noise**2)) for noise in noisy}
    made = {_with("anchors", noise): weights for noise, weights in noisy.items()}
    made |= {_with("anchors_shrunk", noise): lengths[noise] * weights for noise, weights in noisy.items()}
    made["iid"] = iid_by_layer(rows, architecture, count, generator("iid"))
    return {name: weights.astype(np.float32) for name, weights in made.items()}


def control_names(settings: Controls) -> list[str]:
    """What is made of anchors, dial by dial, without noise first; then what is drawn."""
    dials = [_with(of, noise) for of in ("anchors", "anchors_shrunk") for noise in (0.0, *settings.noise)]
    return [*dials, "iid", RANDOM_LATENTS]


def _with(name: str, noise: float) -> str:
    return f"{name}_noise {noise:.12g}" if noise else name


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
