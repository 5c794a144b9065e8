"""The stage ``controls``: populations made of training networks without a density, beside the sampled ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from hyperpipe.hyperrep.hyperrep_store import read_hyperrep
from hyperpipe.hyperrep.losses import layer_sigma
from hyperpipe.hyperrep.rows import used_rows
from hyperpipe.notes import Notes
from hyperpipe.randomness import stream
from hyperpipe.sampling.anchors import choose_anchors, draw_anchors
from hyperpipe.sampling.controls import RANDOM_LATENTS, control_names, controls
from hyperpipe.sampling.population_store import Populations, write_populations
from hyperpipe.sampling.settings import ANCHORS_OF_CONTROLS, ControlsSlice
from hyperpipe.store import read_table
from hyperpipe.zoo.zoo_store import read_zoo


def controls_stage(
    config: ControlsSlice, hyperrep_path: Path, zoo_path: Path, rows_path: Path, metrics_path: Path, output: Path
) -> Notes:
    """One population a control, of the anchors that ``reconstruction`` decodes among S_KDE30."""
    hyperrep, zoo = read_hyperrep(hyperrep_path), read_zoo(zoo_path)
    training = used_rows(zoo, read_table(rows_path), {"train": 1})["train"]
    metrics = read_table(metrics_path)
    anchors = choose_anchors(training.networks, training.epochs, metrics, config.anchors, config.best)
    drawn = draw_anchors(len(anchors), config.networks, config.seed, config.zoo, ANCHORS_OF_CONTROLS)

    def generator(name: str) -> np.random.Generator:
        return stream(config.seed, f"population/{config.zoo}/controls", name)

    sigma = layer_sigma(torch.from_numpy(training.weights), zoo.architecture).numpy()
    weights = controls(
        training.weights[anchors[drawn]],
        training.weights,
        sigma,
        zoo.architecture,
        config.controls,
        config.networks,
        generator,
    )
    shape = config.networks, hyperrep.settings.latent
    latents = generator(RANDOM_LATENTS).uniform(-1, 1, shape).astype(np.float32)
    weights[RANDOM_LATENTS] = hyperrep.decode(latents, config.selection)
    made = config.model_dump(exclude={"zoo"}) | {
        "autoencoder": hyperrep.name,
        "autoencoder_epoch": hyperrep.checkpoints[config.selection].epoch,
        "anchor_rows": len(anchors),
        "seeds": training.networks[anchors[drawn]].tolist(),
        "epochs": training.epochs[anchors[drawn]].tolist(),
    }
    ordered = {name: weights[name] for name in control_names(config.controls)}
    write_populations(output, Populations("controls", config.zoo, zoo.architecture, ordered, made))
    checkpoint = f"{config.selection}, epoch {hyperrep.checkpoints[config.selection].epoch}"
    return Notes(checkpoint=checkpoint, anchors=f"{len(anchors)} rows")
