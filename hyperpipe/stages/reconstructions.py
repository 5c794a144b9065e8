"""The stage ``reconstructions``: accuracies of networks beside those of their reconstructions."""

from __future__ import annotations

from pathlib import Path

from hyperpipe.evaluation.reconstructions import reconstructions
from hyperpipe.evaluation.settings import ReconstructionsSlice
from hyperpipe.hyperrep.hyperrep_store import read_hyperrep
from hyperpipe.hyperrep.rows import used_rows
from hyperpipe.images.image_set import read_images
from hyperpipe.notes import Notes
from hyperpipe.store import read_table, write_table
from hyperpipe.zoo.choice import choose_backend
from hyperpipe.zoo.zoo_store import read_zoo


def reconstructions_stage(
    config: ReconstructionsSlice,
    hyperrep_path: Path,
    zoo_path: Path,
    rows_path: Path,
    images_path: Path,
    output: Path,
    threads: int,
) -> Notes:
    hyperrep = read_hyperrep(hyperrep_path)
    rows = used_rows(read_zoo(zoo_path), read_table(rows_path), {})
    choice = choose_backend(config.training, hyperrep.architecture, config.recipe)
    frame = reconstructions(
        hyperrep, rows, config.epoch, read_images(images_path), config.recipe, choice=choice, threads=threads
    )
    frame.insert(0, "zoo", config.zoo)
    frame.insert(1, "autoencoder", config.autoencoder)
    write_table(output, frame)
    return choice.notes()
