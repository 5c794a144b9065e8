"""The stage ``figure-latents``: a zoo and what was sampled, in the latent space of the autoencoder with LWLN."""

from __future__ import annotations

from pathlib import Path

import torch

from hyperpipe.figures.latents import draw_latents
from hyperpipe.figures.settings import FigureSlice
from hyperpipe.hyperrep.hyperrep_store import read_embeddings, read_hyperrep
from hyperpipe.sampling.population_store import read_populations
from hyperpipe.store import read_table

_CONTROLS = ("anchors_shrunk",)  # those that are shown


def figure_latents_stage(
    config: FigureSlice,
    hyperrep_path: Path,
    embeddings_path: Path,
    metrics_path: Path,
    population_paths: list[Path],
    png: Path,
    svg: Path,
    threads: int,
) -> None:
    """The latents of populations are what the autoencoder makes of their weights, as when it measures novelty."""
    torch.set_num_threads(threads)
    training, unseen = (read_embeddings(embeddings_path, config.selection, split) for split in ("train", "test"))
    metrics = read_table(metrics_path)
    known = metrics[metrics.split == "test"].set_index(["network", "epoch"]).accuracy
    accuracies = known.loc[list(zip(training.networks, training.epochs, strict=True))].to_numpy()
    hyperrep = read_hyperrep(hyperrep_path)
    others = {("B_T", "zoo"): unseen.latents[unseen.epochs == config.epoch]}
    for path in population_paths:
        store = read_populations(path)
        others |= {
            (store.name, sampler): hyperrep.encode(weights, config.selection)
            for sampler, weights in store.weights.items()
            if store.name != "controls" or sampler in _CONTROLS
        }
    title = f"Latents of the zoo {config.zoo} by the autoencoder with LWLN (checkpoint {config.selection})"
    draw_latents(training, accuracies, others, title, png, svg)
