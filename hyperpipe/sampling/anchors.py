"""Which training networks a density is fitted to (protocol §4)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hyperpipe.randomness import stream
from hyperpipe.sampling.settings import RECONSTRUCTION, Anchors


def choose_anchors(
    networks: np.ndarray, epochs: np.ndarray, metrics: pd.DataFrame, anchors: Anchors, best: float
) -> np.ndarray:
    """Places [A] of the rows (network, epoch) that are anchors: ``all``, or the ``best`` share.

    The best are those at or above the (1 - best) quantile over all rows of the accuracy on the images' test split, as
    in the released code (not by network, and with the images that the outcome is tested on), or on their validation
    split. metrics: the zoo's, in long form.
    """
    if anchors == "all":
        return np.arange(len(networks))
    measured = metrics[metrics.split == anchors.removeprefix("best by ")].set_index(["network", "epoch"]).accuracy
    accuracy = measured.loc[list(zip(networks.tolist(), epochs.tolist(), strict=True))].to_numpy()
    return np.flatnonzero(accuracy >= np.quantile(accuracy, 1 - best))


def draw_anchors(anchors: int, networks: int, root_seed: int, zoo: str, population: str) -> np.ndarray:
    """Places of some of so many anchors, each once at the most: those that a population has as they are, decoded."""
    return stream(root_seed, f"population/{zoo}/{population}", RECONSTRUCTION).permutation(anchors)[:networks]
