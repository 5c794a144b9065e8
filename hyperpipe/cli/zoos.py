"""Verbs from images to zoos."""

from __future__ import annotations

from hyperpipe.cli.stage import Input, Inputs, Output, Seeds, Slice, Threads, paths, stage
from hyperpipe.errors import HyperpipeError
from hyperpipe.images.settings import ImagesSlice
from hyperpipe.notes import Notes
from hyperpipe.validation import parse_slice
from hyperpipe.zoo.settings import ShardSlice, ZooSlice


@stage
def images(config: Slice, store_output: Output) -> Notes:
    """Makes a data set: uint8 images with fixed splits."""
    from hyperpipe.stages.images import images_stage

    return images_stage(parse_slice(ImagesSlice, config), store_output)


@stage
def zoo_shard(config: Slice, seeds: Seeds, images_path: Input, store_output: Output, threads: Threads = 1) -> Notes:
    """Trains the networks of a range of seeds, ``0001-0032``."""
    from hyperpipe.stages.zoo_shard import shard_stage

    first, _, last = seeds.partition("-")
    if not (first.isdigit() and last.isdigit() and int(first) <= int(last)):
        raise HyperpipeError(f"--seeds {seeds}: must be a range like 0001-0032")
    numbers = range(int(first), int(last) + 1)
    return shard_stage(parse_slice(ShardSlice, config), numbers, images_path, store_output, threads)


@stage
def zoo(config: Slice, shard_paths: Inputs, store_output: Output, split_output: Output, metrics_output: Output) -> None:
    """Joins the shards of a zoo, splits its networks, lists its metrics."""
    from hyperpipe.stages.zoo import zoo_stage

    zoo_stage(parse_slice(ZooSlice, config), paths(shard_paths), store_output, split_output, metrics_output)
