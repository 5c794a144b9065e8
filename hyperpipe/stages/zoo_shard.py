"""The stage ``zoo-shard``: the networks of a range of seeds, trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hyperpipe.cnn import initialise
from hyperpipe.images.image_set import read_images
from hyperpipe.notes import Notes
from hyperpipe.randomness import stream
from hyperpipe.zoo.choice import choose_backend
from hyperpipe.zoo.settings import ShardSlice
from hyperpipe.zoo.trainer import architecture_for, train_population
from hyperpipe.zoo.zoo_store import Zoo, write_zoo


def shard_stage(config: ShardSlice, seeds: range, images_path: Path, output: Path, threads: int) -> Notes:
    images = read_images(images_path)
    architecture, name = architecture_for(images), config.name
    choice = choose_backend(config.training, architecture, config.recipe)
    starts = [initialise(architecture, config.init, stream(config.seed, f"zoo/{name}/init", seed)) for seed in seeds]
    trained = train_population(
        np.stack(starts),
        images,
        config.recipe,
        root_seed=config.seed,
        purpose=f"zoo/{name}",
        seeds=seeds,
        epochs=config.epochs,
        keep_epochs=config.keep_epochs,
        choice=choice,
        threads=threads,
    )
    settings = config.model_dump(exclude={"training", "name"})
    write_zoo(output, Zoo(name, np.array(seeds, np.int64), architecture, trained, settings))
    return choice.notes()
