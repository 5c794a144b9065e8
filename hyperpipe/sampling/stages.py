"""The stages ``population``, ``pretrained`` and ``scratch``: sampled networks, and those to compare them with."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hyperpipe.cnn import initialise
from hyperpipe.config import PopulationSlice, PretrainedSlice, ScratchSlice
from hyperpipe.hyperrep.hyperrep_store import read_embeddings, read_hyperrep
from hyperpipe.hyperrep.rows import rows_by_split, split_by_seed
from hyperpipe.images.image_set import read_images
from hyperpipe.randomness import stream
from hyperpipe.sampling.anchors import choose_anchors
from hyperpipe.sampling.kde import SAMPLERS
from hyperpipe.sampling.population_store import Populations, write_populations
from hyperpipe.store import read_table
from hyperpipe.zoo.trainer import architecture_for
from hyperpipe.zoo.zoo_store import read_zoo

RECONSTRUCTION = "reconstruction"


def population_stage(
    config: PopulationSlice, hyperrep_path: Path, embeddings_path: Path, metrics_path: Path, output: Path
) -> None:
    """One population a sampler, and plain reconstructions of some of the anchors, each of them once at the most."""
    hyperrep, embedded = read_hyperrep(hyperrep_path), read_embeddings(embeddings_path, "train")
    settings = config.sampling
    chosen = choose_anchors(embedded.networks, embedded.epochs, read_table(metrics_path), config.anchors, settings.best)
    anchors, purpose = embedded.latents[chosen], f"population/{config.zoo}/{config.population}"
    latents = {
        name: sample(anchors, settings.networks, settings.bandwidth, stream(config.seed, purpose, name))
        for name, sample in SAMPLERS.items()
    }
    drawn = stream(config.seed, purpose, RECONSTRUCTION).permutation(len(anchors))[: settings.networks]
    latents[RECONSTRUCTION] = anchors[drawn]
    weights = {name: hyperrep.decode(rows) for name, rows in latents.items()}
    made = config.model_dump(exclude={"zoo", "population"}) | {
        "loss": hyperrep.loss,
        "selection": hyperrep.settings.selection,
        "autoencoder_epoch": hyperrep.selected.epoch,
        "anchor_rows": len(anchors),
    }
    write_populations(output, Populations(config.population, config.zoo, hyperrep.architecture, weights, made))


def pretrained_stage(config: PretrainedSlice, zoo_path: Path, split_path: Path, output: Path) -> None:
    """B_F: the first training networks of a zoo by seed, as they are at an epoch; fewer where there are no more."""
    zoo = read_zoo(zoo_path)
    split_of = split_by_seed(read_table(split_path))
    rows = rows_by_split(zoo, split_of, [config.epoch], config.weight_threshold, {"train": 1})["train"]
    weights, seeds = rows.weights[: config.networks], rows.networks[: config.networks]
    made = config.model_dump(exclude={"zoo"}) | {"seeds": seeds.tolist()}
    write_populations(output, Populations("B_F", config.zoo, zoo.architecture, {"zoo": weights}, made))


def scratch_stage(config: ScratchSlice, images_path: Path, output: Path) -> None:
    """Networks as PyTorch would start them: what every sampled population has to beat."""
    architecture, init = architecture_for(read_images(images_path)), "pytorch_default"
    starts = [
        initialise(architecture, init, stream(config.seed, f"scratch/{config.zoo}/{init}", number))
        for number in range(config.networks)
    ]
    weights = {init: np.stack(starts)}
    write_populations(output, Populations("scratch", config.zoo, architecture, weights, config.model_dump()))
