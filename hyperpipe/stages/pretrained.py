"""The stage ``pretrained``: a zoo's own training networks as a population, B_F."""

from __future__ import annotations

from pathlib import Path

from hyperpipe.hyperrep.rows import used_rows
from hyperpipe.sampling.population_store import Populations, write_populations
from hyperpipe.sampling.settings import PretrainedSlice
from hyperpipe.store import read_table
from hyperpipe.zoo.zoo_store import read_zoo


def pretrained_stage(config: PretrainedSlice, zoo_path: Path, rows_path: Path, output: Path) -> None:
    """B_F: the first training networks of a zoo by seed, as they are at an epoch; fewer where there are no more."""
    zoo, listed = read_zoo(zoo_path), read_table(rows_path)
    rows = used_rows(zoo, listed[listed.epoch == config.epoch], {"train": 1})["train"]
    weights, seeds = rows.weights[: config.networks], rows.networks[: config.networks]
    made = config.model_dump(exclude={"zoo"}) | {"seeds": seeds.tolist()}
    write_populations(output, Populations("B_F", config.zoo, zoo.architecture, {"zoo": weights}, made))
