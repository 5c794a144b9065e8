"""Views of one network at a time, layer by layer: what `hyperpipe.hyperrep.augment` does for all of a batch at once."""

from __future__ import annotations

import numpy as np

from hyperpipe.cnn import Architecture, from_arrays, to_arrays
from hyperpipe.hyperrep.augment import Draws
from hyperpipe.hyperrep.settings import HyperRep


def reference_view(
    flat: np.ndarray, draws: Draws, row: int, architecture: Architecture, settings: HyperRep
) -> tuple[np.ndarray, np.ndarray]:
    """The view [P] of a network [P] by the draws of one row, and what is to be reconstructed of it [P]."""
    permuted = permute(flat, [order[row].numpy() for order in draws.orders], architecture) if draws.orders else flat
    if draws.blocks is None:
        return permuted, permuted
    erased, (first, end) = permuted.copy(), draws.blocks[row].tolist()
    erased[first:end] = 0
    return erased, erased if settings.target == "view" else permuted


def permute(flat: np.ndarray, orders: list[np.ndarray], architecture: Architecture) -> np.ndarray:
    """The network [P], its hidden units in other orders: of each layer but the last the old unit at each place."""
    arrays = to_arrays(flat.copy(), architecture)
    for layer, after, order in zip(architecture.layers, architecture.layers[1:], orders, strict=False):
        weight, bias, onward = f"{layer.index}.weight", f"{layer.index}.bias", f"{after.index}.weight"
        arrays[weight], arrays[bias] = arrays[weight][order], arrays[bias][order]
        # Columns of the next layer: a channel each, or after the flatten a block of positions each.
        units = arrays[onward].reshape(after.outputs, layer.outputs, -1)
        arrays[onward] = units[:, order].reshape(arrays[onward].shape)
    return from_arrays(arrays, architecture)
