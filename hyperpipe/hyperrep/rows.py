"""The rows that a hyper-representation learns from: a network of the zoo at an epoch (protocol §2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hyperpipe.errors import HyperpipeError
from hyperpipe.images.image_set import SPLITS
from hyperpipe.zoo.zoo_store import Zoo


@dataclass(frozen=True)
class Rows:
    """R rows, by network and within it by epoch: weights float32 [R, P], networks (seeds) and epochs int64 [R].

    left_out: how many rows are not here because of a weight that is not finite or too large.
    """

    weights: np.ndarray
    networks: np.ndarray
    epochs: np.ndarray
    left_out: int


def split_by_seed(split: pd.DataFrame) -> dict[int, str]:
    """From a network's seed to its split; split: the zoo's table."""
    return dict(zip(split.network.tolist(), split.split.tolist(), strict=True))


def rows_by_split(
    zoo: Zoo, split_of: dict[int, str], epochs: list[int], threshold: float, needed: dict[str, int]
) -> dict[str, Rows]:
    """The rows of the networks of each split at these epochs.

    split_of: from a network's seed to its split. threshold: rows with a larger |weight| are left out, as in the
    released code. needed: by split, how many rows there must be. Raises HyperpipeError where an epoch was not kept or
    a split has fewer rows.
    """
    weights = np.stack([zoo.at(epoch) for epoch in epochs], axis=1)  # [M, epochs, P]
    with np.errstate(invalid="ignore"):
        good = (np.abs(weights) <= threshold).all(axis=2)  # False for NaN as well
    found = {}
    for name in SPLITS:
        of_split = np.array([split_of[seed] == name for seed in zoo.seeds.tolist()])
        used = good & of_split[:, None]
        model, epoch = np.nonzero(used)
        left_out = int(of_split.sum()) * len(epochs) - len(model)
        found[name] = Rows(weights[used], zoo.seeds[model], np.array(epochs, np.int64)[epoch], left_out)
        if len(model) < needed.get(name, 0):
            raise HyperpipeError(
                f"zoo {zoo.name}: {len(model)} {name} rows have all weights finite and within {threshold:g},"
                f" {needed[name]} are needed; raise hyperrep.weight_threshold or networks, or lower the zoo's learning"
                " rate"
            )
    return found
