"""The stage ``finetune``: the populations of a store trained on a target's images."""

from __future__ import annotations

from pathlib import Path

from hyperpipe.evaluation.finetune import finetune
from hyperpipe.evaluation.settings import FinetuneSlice
from hyperpipe.images.image_set import read_images
from hyperpipe.notes import RECORD_ID, Notes
from hyperpipe.sampling.population_store import read_populations
from hyperpipe.store import write_table
from hyperpipe.zoo.choice import choose_backend


def finetune_stage(
    config: FinetuneSlice, population_path: Path, images_path: Path, output: Path, threads: int
) -> Notes:
    populations = read_populations(population_path)
    choice = choose_backend(config.training, populations.architecture, config.recipe)
    frame = finetune(
        populations.weights,
        read_images(images_path),
        config.recipe,
        root_seed=config.seed,
        target=config.target,
        epochs=config.epochs,
        shared_order=config.orders == "shared",
        architecture=populations.architecture,
        choice=choice,
        threads=threads,
    )
    frame.insert(0, "zoo", config.zoo)
    frame.insert(1, "population", config.population)
    frame.insert(2, "target", config.target)
    frame["record"] = RECORD_ID.get()
    write_table(output, frame)
    return choice.notes()
