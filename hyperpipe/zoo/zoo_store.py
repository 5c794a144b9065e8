"""A zoo, or a range of its seeds, in its store."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hyperpipe.cnn import Architecture, architecture_from
from hyperpipe.errors import HyperpipeError
from hyperpipe.images.image_set import SPLITS
from hyperpipe.store import read_store, write_store
from hyperpipe.zoo.trainer import Trained


@dataclass(frozen=True)
class Zoo:
    """M networks that differ in their seed.

    seeds: int64 [M], ascending. trained: weights at the kept epochs and the metrics of all. settings: those that the
    networks were trained with, recipe and init among them.
    """

    name: str
    seeds: np.ndarray
    architecture: Architecture
    trained: Trained
    settings: dict[str, Any]

    def at(self, epoch: int) -> np.ndarray:
        """Weights [M, P] after `epoch` epochs. Raises HyperpipeError where they were not kept."""
        if epoch not in self.trained.kept:
            kept = ", ".join(map(str, self.trained.kept))
            raise HyperpipeError(f"zoo {self.name}: epoch {epoch} was not kept ({kept} were); see zoos.{self.name}")
        return self.trained.weights[self.trained.kept.index(epoch)]

    def metrics(self) -> pd.DataFrame:
        """Long form: zoo, network (its seed), epoch, split, loss, accuracy."""
        frame = self.trained.metrics(self.seeds)
        frame.insert(0, "zoo", self.name)
        return frame


def write_zoo(path: str | Path, zoo: Zoo) -> None:
    """Weights [epoch, model, weight] float32, metrics [epoch, model] by split."""
    datasets = {"seeds": zoo.seeds, "weights": zoo.trained.weights}
    for split in zoo.trained.loss:
        datasets[f"loss/{split}"] = zoo.trained.loss[split]
        datasets[f"accuracy/{split}"] = zoo.trained.accuracy[split]
    attrs = {
        "name": zoo.name,
        "architecture": asdict(zoo.architecture),
        "layout": [[layer.name, layer.shape, layer.offset] for layer in zoo.architecture.layers],
        "kept": zoo.trained.kept,
        "backend": zoo.trained.backend,
        "settings": zoo.settings,
    }
    write_store(path, "zoo", datasets, attrs)


def read_zoo(path: str | Path) -> Zoo:
    """Raises HyperpipeError where the store is missing, damaged or no zoo."""
    store = read_store(path, "zoo")
    attrs = store.attrs
    trained = Trained(
        tuple(attrs["kept"]),
        store["weights"],
        {split: store[f"loss/{split}"] for split in SPLITS},
        {split: store[f"accuracy/{split}"] for split in SPLITS},
        attrs["backend"],
    )
    architecture = architecture_from(attrs["architecture"])
    return Zoo(attrs["name"], store["seeds"], architecture, trained, attrs["settings"])


def join_zoos(parts: list[Zoo]) -> Zoo:
    """Shards as one zoo, by ascending seed.

    Raises HyperpipeError where they are not of one zoo, or a seed is there twice.
    """
    first, parts = parts[0], sorted(parts, key=lambda part: int(part.seeds[0]))
    for part in parts:
        same = (part.name, part.architecture, part.settings) == (first.name, first.architecture, first.settings)
        if not same or part.trained.kept != first.trained.kept:
            seeds = f"{part.seeds[0]}-{part.seeds[-1]}"
            raise HyperpipeError(f"zoo {first.name}: shard {seeds} was trained with other settings; delete it")
    seeds = np.concatenate([part.seeds for part in parts])
    if (np.diff(seeds) <= 0).any():
        raise HyperpipeError(f"zoo {first.name}: a seed is in two shards; delete the shards and let them be made anew")
    trained = Trained(
        first.trained.kept,
        np.concatenate([part.trained.weights for part in parts], axis=1),
        {s: np.concatenate([part.trained.loss[s] for part in parts], axis=1) for s in first.trained.loss},
        {s: np.concatenate([part.trained.accuracy[s] for part in parts], axis=1) for s in first.trained.loss},
        ", ".join(sorted({part.trained.backend for part in parts})),
    )
    return Zoo(first.name, seeds, first.architecture, trained, first.settings)
