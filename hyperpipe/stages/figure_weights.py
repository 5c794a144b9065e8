"""The stage ``figure-weights``: Figure 2, weights and accuracies of networks as they are and reconstructed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import torch

from hyperpipe.evaluation.reconstructions import ORIGINAL
from hyperpipe.figures.settings import FigureSlice
from hyperpipe.figures.weights import draw_weights
from hyperpipe.hyperrep.hyperrep_store import read_hyperrep
from hyperpipe.hyperrep.rows import used_rows
from hyperpipe.hyperrep.settings import OF_PAPER
from hyperpipe.store import read_table
from hyperpipe.zoo.zoo_store import read_zoo


def figure_weights_stage(
    config: FigureSlice,
    zoo_path: Path,
    rows_path: Path,
    hyperrep_paths: list[Path],
    reconstructions_paths: list[Path],
    png: Path,
    svg: Path,
    threads: int,
) -> None:
    """hyperreps: with LWLN, then without."""
    torch.set_num_threads(threads)
    zoo = read_zoo(zoo_path)
    rows = used_rows(zoo, read_table(rows_path), {"train": 1})
    originals = {split: rows[split].weights[rows[split].epochs == config.epoch] for split in ("train", "test")}
    reconstructed = {}
    for autoencoder, path in zip(OF_PAPER, hyperrep_paths, strict=True):
        hyperrep = read_hyperrep(path)  # one at a time: they are large at the paper's scale
        reconstructed[autoencoder] = {
            split: hyperrep.decode(hyperrep.encode(weights, config.selection), config.selection)
            for split, weights in originals.items()
            if len(weights)
        }
    accuracies = pd.concat(map(read_table, reconstructions_paths))
    accuracies = accuracies[accuracies.weights.isin([ORIGINAL, config.selection])]
    mean = rows["train"].weights.mean(0, dtype=float)
    title = (
        f"Weights of the zoo {config.zoo} after epoch {config.epoch}, reconstructed by checkpoint {config.selection}"
    )
    draw_weights(originals, reconstructed, mean, accuracies, zoo.architecture, title, png, svg)
