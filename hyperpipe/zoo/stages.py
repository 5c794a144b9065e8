"""The stages ``zoo-shard`` (a range of seeds, trained) and ``zoo`` (all shards as one, with split and metrics)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from hyperpipe.cnn import initialise
from hyperpipe.config import ShardSlice, ZooSlice
from hyperpipe.images.image_set import read_images
from hyperpipe.randomness import stream
from hyperpipe.split import split_networks
from hyperpipe.store import write_table
from hyperpipe.zoo.trainer import architecture_for, train_population
from hyperpipe.zoo.zoo_store import Zoo, join_zoos, read_zoo, write_zoo


def shard_stage(config: ShardSlice, seeds: range, images_path: Path, output: Path, threads: int) -> None:
    images = read_images(images_path)
    architecture, name = architecture_for(images), config.name
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
        training=config.training,
        threads=threads,
    )
    settings = config.model_dump(exclude={"training", "name"})
    write_zoo(output, Zoo(name, np.array(seeds, np.int64), architecture, trained, settings))


def zoo_stage(config: ZooSlice, shard_paths: list[Path], output: Path, split: Path, metrics: Path) -> None:
    zoo = join_zoos([read_zoo(path) for path in shard_paths])
    names = split_networks(zoo.seeds, config.split, config.name, config.seed)
    write_table(split, pd.DataFrame({"zoo": zoo.name, "network": zoo.seeds, "split": names}))
    write_table(metrics, zoo.metrics())
    write_zoo(output, zoo)
