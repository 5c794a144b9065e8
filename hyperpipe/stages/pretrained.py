"""The stage ``pretrained``: a zoo's own training networks as a population, B_F."""

from __future__ import annotations

from pathlib import Path

from hyperpipe.hyperrep.rows import rows_by_split, split_by_seed
from hyperpipe.sampling.population_store import Populations, write_populations
from hyperpipe.sampling.settings import PretrainedSlice
from hyperpipe.store import read_table
from hyperpipe.zoo.zoo_store import read_zoo


def pretrained_stage(config: PretrainedSlice, zoo_path: Path, split_path: Path, output: Path) -> None:
    """B_F: the first training networks of a zoo by seed, as they are at an epoch; fewer where there are no more."""
    zoo = read_zoo(zoo_path)
    split_of = split_by_seed(read_table(split_path))
    rows = rows_by_split(zoo, split_of, [config.epoch], config.weight_threshold, {"train": 1})["train"]
    weights, seeds = rows.weights[: config.networks], rows.networks[: config.networks]
    made = config.model_dump(exclude={"zoo"}) | {"seeds": seeds.tolist()}
    write_populations(output, Populations("B_F", config.zoo, zoo.architecture, {"zoo": weights}, made))
