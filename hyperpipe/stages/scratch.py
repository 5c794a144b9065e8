"""The stage ``scratch``: networks that no one has trained, in a standard initialisation."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hyperpipe.cnn import initialise
from hyperpipe.images.image_set import read_images
from hyperpipe.randomness import stream
from hyperpipe.sampling.population_store import Populations, write_populations
from hyperpipe.sampling.settings import ScratchSlice
from hyperpipe.zoo.trainer import architecture_for


def scratch_stage(config: ScratchSlice, images_path: Path, output: Path) -> None:
    """Networks as PyTorch would start them: what every sampled population has to beat."""
    architecture, init = architecture_for(read_images(images_path)), "pytorch_default"
    starts = [
        initialise(architecture, init, stream(config.seed, f"scratch/{config.zoo}/{init}", number))
        for number in range(config.networks)
    ]
    weights = {init: np.stack(starts)}
    write_populations(output, Populations("scratch", config.zoo, architecture, weights, config.model_dump()))
