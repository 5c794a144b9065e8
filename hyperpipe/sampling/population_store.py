"""Populations of networks in their store: those of all samplers on the same anchors, and their controls."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hyperpipe.cnn import Architecture, architecture_from
from hyperpipe.store import read_store, write_store


@dataclass(frozen=True)
class Populations:
    """weights: by sampler, float32 [M, P]. name: the paper's, ``S_KDE30``. settings: how they were made."""

    name: str
    zoo: str
    architecture: Architecture
    weights: dict[str, np.ndarray]
    settings: dict[str, Any]


def write_populations(path: str | Path, populations: Populations) -> None:
    datasets = {f"{sampler}/weights": weights for sampler, weights in populations.weights.items()}
    attrs = {
        "name": populations.name,
        "zoo": populations.zoo,
        "architecture": asdict(populations.architecture),
        "samplers": list(populations.weights),
        "settings": populations.settings,
    }
    write_store(path, "population", datasets, attrs)


def read_populations(path: str | Path) -> Populations:
    """Raises HyperpipeError where the store is missing, damaged or no population."""
    store = read_store(path, "population")
    attrs = store.attrs
    weights = {sampler: store[f"{sampler}/weights"] for sampler in attrs["samplers"]}
    return Populations(
        attrs["name"], attrs["zoo"], architecture_from(attrs["architecture"]), weights, attrs["settings"]
    )
