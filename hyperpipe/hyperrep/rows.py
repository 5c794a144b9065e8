"""The rows that a hyper-representation learns from: a network of the zoo at an epoch (protocol §2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep.settings import REASONS
from hyperpipe.images.image_set import SPLITS
from hyperpipe.zoo.zoo_store import Zoo


@dataclass(frozen=True)
class Rows:
    """R rows, by network and within it by epoch: weights float32 [R, P], networks (seeds) and epochs int64 [R]."""

    weights: np.ndarray
    networks: np.ndarray
    epochs: np.ndarray


def list_rows(zoo: Zoo, split: pd.DataFrame, epochs: list[int], threshold: float) -> pd.DataFrame:
    """Every network at each of these epochs, by network and within it by epoch, used or left out.

    Columns: zoo, network, epoch, split, largest_weight (the largest |weight or bias|), left_out: empty, ``not finite``
    or, where largest_weight exceeds the threshold, ``too large``. Weights stay as they are, in no canonical form.
    split: the zoo's table. Raises HyperpipeError where an epoch was not kept.
    """
    largest = np.stack([np.abs(zoo.at(epoch)).max(axis=1) for epoch in epochs], axis=1).ravel()  # NaN where one is
    frame = pd.DataFrame(
        {
            "zoo": zoo.name,
            "network": np.repeat(zoo.seeds, len(epochs)),
            "epoch": np.tile(epochs, len(zoo.seeds)),
            "largest_weight": largest,
            "left_out": np.select([~np.isfinite(largest), largest > threshold], REASONS, ""),
        }
    )
    split_of = dict(zip(split.network.tolist(), split.split.tolist(), strict=True))
    frame.insert(3, "split", frame.network.map(split_of))
    return frame


def used_rows(zoo: Zoo, rows: pd.DataFrame, needed: dict[str, int]) -> dict[str, Rows]:
    """The rows of each split that are not left out. rows: as `list_rows` made them.

    needed: by split, how many there must be. Raises HyperpipeError where a split has fewer, or an epoch was not kept.
    """
    found = {}
    for name in SPLITS:
        of_split = rows[rows.split == name]
        used = of_split[of_split.left_out == ""]
        if len(used) < needed.get(name, 0):
            reasons = ", ".join(f"{int((of_split.left_out == reason).sum())} {reason}" for reason in REASONS)
            batch = "hyperrep.batch_size or " if name == "train" else ""
            raise HyperpipeError(
                f"zoo {zoo.name}: {len(used)} {name} rows can be used and {needed[name]} are needed, weights of the"
                f" others are {reasons}; raise hyperrep.weight_threshold or networks, or lower {batch}the zoo's"
                " learning rate"
            )
        networks, epochs = used.network.to_numpy(np.int64), used.epoch.to_numpy(np.int64)
        weights = np.empty((len(used), zoo.architecture.size), np.float32)
        for epoch in np.unique(epochs).tolist():
            here = epochs == epoch
            weights[here] = zoo.at(epoch)[np.searchsorted(zoo.seeds, networks[here])]
        found[name] = Rows(weights, networks, epochs)
    return found
