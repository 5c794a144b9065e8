"""The stage ``zoo``: all shards of a zoo as one, with its split and its metrics."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from hyperpipe.notes import RECORD_ID
from hyperpipe.split import split_networks
from hyperpipe.store import write_table
from hyperpipe.zoo.settings import ZooSlice
from hyperpipe.zoo.zoo_store import join_zoos, read_zoo, write_zoo


def zoo_stage(config: ZooSlice, shard_paths: list[Path], output: Path, split: Path, metrics: Path) -> None:
    zoo = join_zoos([read_zoo(path) for path in shard_paths])
    names = split_networks(zoo.seeds, config.split, config.name, config.seed)
    write_table(split, pd.DataFrame({"zoo": zoo.name, "network": zoo.seeds, "split": names}))
    write_table(metrics, zoo.metrics().assign(record=RECORD_ID.get()))
    write_zoo(output, zoo)
