"""The stage ``scratch``: networks that no one has trained, in the standard initialisations."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hyperpipe.cnn import initialise
from hyperpipe.images.image_set import read_images
from hyperpipe.randomness import stream
from hyperpipe.sampling.population_store import Populations, write_populations
from hyperpipe.sampling.settings import STANDARD_INITS, ScratchSlice
from hyperpipe.zoo.trainer import architecture_for


def scratch_stage(config: ScratchSlice, images_path: Path, output: Path) -> None:
    """Networks as anyone would start them: what every sampled population has to beat."""
    architecture, weights = architecture_for(read_images(images_path)), {}
    for init in STANDARD_INITS:
        streams = (stream(config.seed, f"scratch/{config.zoo}/{init}", m) for m in range(config.networks))
        weights[init] = np.stack([initialise(architecture, init, generator) for generator in streams])
    write_populations(output, Populations("scratch", config.zoo, architecture, weights, config.model_dump()))
