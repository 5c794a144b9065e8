"""The stage ``weights``: populations sampled among the weights of a zoo's training networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hyperpipe.alignment.settings import WeightsSlice
from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep.rows import used_rows
from hyperpipe.notes import Notes
from hyperpipe.randomness import stream
from hyperpipe.sampling.population_store import Populations, write_populations
from hyperpipe.sampling.settings import OF_WEIGHTS
from hyperpipe.sampling.weights import weight_samples
from hyperpipe.store import read_table
from hyperpipe.zoo.zoo_store import read_zoo


def weights_stage(config: WeightsSlice, aligned_path: Path, zoo_path: Path, rows_path: Path, output: Path) -> Notes:
    """One population a sampler, of the zoo's training networks at one epoch, in one frame and as they are."""
    listed = read_table(rows_path)
    listed = listed[listed.epoch == config.epoch]
    zoos = [read_zoo(path) for path in (aligned_path, zoo_path)]
    aligned, unaligned = (used_rows(zoo, listed, {"train": 2})["train"] for zoo in zoos)
    if config.mixed > len(aligned.weights):
        raise HyperpipeError(
            f"alignment.mixed: {config.mixed} networks are to be mixed, and zoo {config.zoo} has"
            f" {len(aligned.weights)} training networks that can be used; lower it"
        )

    def generator(name: str) -> np.random.Generator:
        return stream(config.seed, f"population/{config.zoo}/{OF_WEIGHTS}", name)

    architecture = zoos[0].architecture
    weights = weight_samples(aligned.weights, unaligned.weights, architecture, config, config.networks, generator)
    made = config.model_dump(exclude={"zoo"}) | {"seeds": aligned.networks.tolist()}
    write_populations(output, Populations(OF_WEIGHTS, config.zoo, architecture, weights, made))
    return Notes(anchors=f"{len(aligned.weights)} rows")
