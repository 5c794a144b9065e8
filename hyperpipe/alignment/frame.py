"""A zoo whose networks stand in one frame: the same functions, hidden units where their counterparts are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from hyperpipe.alignment.procrustes import Alignment, align
from hyperpipe.alignment.symmetries import Moves, Symmetries
from hyperpipe.alignment.units import Units, rearranged
from hyperpipe.errors import HyperpipeError
from hyperpipe.zoo.zoo_store import Zoo


def in_one_frame(
    zoo: Zoo, rows: pd.DataFrame, symmetries: Symmetries, *, epoch: int, seed: int, restarts: int
) -> tuple[Zoo, Alignment]:
    """The zoo at the epochs of its rows, each network rearranged, the same at all of them; and the alignment of the
    training networks.

    The frame is that of the networks of the training split at `epoch` (`align`). All others are matched to the mean of
    these at the last of their epochs that is used, and so see nothing of each other. Networks without any stay as they
    are. rows: of the zoo, as `list_rows` made them. Raises HyperpipeError where no training row is used at the epoch.
    """
    used = rows[rows.left_out == ""]
    training = used[(used.split == "train") & (used.epoch == epoch)].network
    if training.empty:
        raise HyperpipeError(
            f"zoo {zoo.name}: no training network can be used at epoch {epoch}, there is no frame to find; raise"
            " hyperrep.weight_threshold, or lower the zoo's learning rate"
        )
    title = f"align {zoo.name}"
    places = np.searchsorted(zoo.seeds, training)
    frame = align(zoo.at(epoch)[places], symmetries, seed=seed, restarts=restarts, title=title)
    moves = Units(zoo.at(epoch), zoo.architecture).moves  # none yet
    _put(moves, places, frame.moves)
    last = used[~used.network.isin(training)].groupby("network").epoch.max()
    if len(last):
        places = np.searchsorted(zoo.seeds, last.index)
        weights = np.stack([zoo.at(at)[place] for at, place in zip(last, places, strict=True)])
        mean = frame.weights.mean(axis=0, dtype=float)
        others = align(weights, symmetries, mean, seed=seed, restarts=restarts, title=f"{title}, the others")
        _put(moves, places, others.moves)
    kept = tuple(sorted(rows.epoch.unique().tolist()))
    weights = np.stack([rearranged(zoo.at(at), moves, zoo.architecture) for at in kept])
    return replace(zoo, trained=replace(zoo.trained, kept=kept, weights=weights)), frame


def _put(moves: Moves, places: np.ndarray, others: Moves) -> None:
    for own, other in zip((*moves.orders, *moves.signs), (*others.orders, *others.signs), strict=True):
        own[places] = other
