"""The command line: one verb a stage, as the workflow's rules call them.

Inputs end in ``-path`` or ``-paths``, outputs in ``-output``, so that a command line says which file is which.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hyperpipe.config import ImagesSlice, ShardSlice, TablesSlice, ZooSlice, parse_slice
from hyperpipe.errors import HyperpipeError

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

Slice = Annotated[str, typer.Option("--config", help="the stage's slice of the configuration, JSON")]
Seeds = Annotated[str, typer.Option()]
Input = Annotated[Path, typer.Option()]
Inputs = Annotated[str, typer.Option(help="paths with spaces between them")]
Output = Annotated[Path, typer.Option()]
Threads = Annotated[int, typer.Option(min=1)]


@app.command()
def images(config: Slice, store_output: Output) -> None:
    """Makes a data set: uint8 images with fixed splits."""
    from hyperpipe.images.stages import images_stage

    images_stage(parse_slice(ImagesSlice, config), store_output)


@app.command()
def zoo_shard(config: Slice, seeds: Seeds, images_path: Input, store_output: Output, threads: Threads = 1) -> None:
    """Trains the networks of a range of seeds, ``0001-0032``."""
    from hyperpipe.zoo.stages import shard_stage

    first, _, last = seeds.partition("-")
    if not (first.isdigit() and last.isdigit() and int(first) <= int(last)):
        raise HyperpipeError(f"--seeds {seeds}: must be a range like 0001-0032")
    shard_stage(parse_slice(ShardSlice, config), range(int(first), int(last) + 1), images_path, store_output, threads)


@app.command()
def zoo(config: Slice, shard_paths: Inputs, store_output: Output, split_output: Output, metrics_output: Output) -> None:
    """Joins the shards of a zoo, splits its networks, lists its metrics."""
    from hyperpipe.zoo.stages import zoo_stage

    zoo_stage(parse_slice(ZooSlice, config), _paths(shard_paths), store_output, split_output, metrics_output)


@app.command()
def tables(config: Slice, metrics_paths: Inputs, split_paths: Inputs, page_output: Output) -> None:
    """Computes the paper's tables."""
    from hyperpipe.results.stages import tables_stage

    tables_stage(parse_slice(TablesSlice, config), _paths(metrics_paths), _paths(split_paths), page_output)


def _paths(text: str) -> list[Path]:
    return [Path(word) for word in text.split()]


def main() -> None:
    """Runs the command line; a user's mistake is one line and exit status 1."""
    try:
        app()
    except HyperpipeError as error:
        print(f"hyperpipe: {error}", file=sys.stderr)
        sys.exit(1)
