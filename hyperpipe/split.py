"""Which networks of a zoo the autoencoder trains on, is selected on, and never sees (protocol §2)."""

from __future__ import annotations

import numpy as np

from hyperpipe.errors import HyperpipeError
from hyperpipe.randomness import stream
from hyperpipe.zoo.settings import Split


def split_networks(seeds: np.ndarray, settings: Split, name: str, root_seed: int) -> np.ndarray:
    """Names ``train``, ``validation`` or ``test`` for the networks with these seeds, [M] text.

    By network, all its epochs together: seeds ascending, shuffled by the stream (root_seed, "zoo/<name>/split"), then
    cut into int(share · M) each, the rest test. (The released code shuffles an unsorted directory listing, which no
    one can repeat.) Raises HyperpipeError where a split would have none.
    """
    shuffled = stream(root_seed, f"zoo/{name}/split").permutation(np.sort(seeds))
    try:
        names = np.repeat(["train", "validation", "test"], settings.counts(len(seeds)))
    except ValueError as error:
        raise HyperpipeError(f"zoo {name}: {error}") from None
    by_seed = dict(zip(shuffled.tolist(), names.tolist(), strict=True))
    return np.array([by_seed[seed] for seed in seeds.tolist()])
