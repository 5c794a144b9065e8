"""Verbs of autoencoders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hyperpipe.cli.stage import Input, Output, Slice, Threads, stage
from hyperpipe.evaluation.settings import ReconstructionsSlice
from hyperpipe.hyperrep.settings import SAVING, HyperRepSlice, RowsSlice
from hyperpipe.notes import Notes
from hyperpipe.validation import parse_slice


@stage
def rows(config: Slice, zoo_path: Input, split_path: Input, table_output: Output) -> Notes:
    """Lists the rows of a zoo, a network at an epoch, and which of them are left out."""
    from hyperpipe.stages.rows import rows_stage

    return rows_stage(parse_slice(RowsSlice, config), zoo_path, split_path, table_output)


@stage
def hyperrep(
    config: Slice,
    zoo_path: Input,
    rows_path: Input,
    store_output: Output,
    embeddings_output: Output,
    history_output: Output,
    threads: Threads = 1,
    checkpoint: Annotated[Path | None, typer.Option(help="to go on from after a kill; removed at the end")] = None,
    saving: Annotated[str, typer.Option(help="how often that is written")] = SAVING,
) -> Notes:
    """Trains the autoencoder of a zoo and embeds its networks."""
    from hyperpipe.stages.hyperrep import hyperrep_stage

    outputs = store_output, embeddings_output, history_output
    slice_ = parse_slice(HyperRepSlice, config)
    return hyperrep_stage(slice_, zoo_path, rows_path, *outputs, threads, checkpoint, saving)


@stage
def reconstructions(
    config: Slice,
    hyperrep_path: Input,
    zoo_path: Input,
    rows_path: Input,
    images_path: Input,
    table_output: Output,
    threads: Threads = 1,
) -> Notes:
    """Tests a zoo's networks beside what an autoencoder makes of them."""
    from hyperpipe.stages.reconstructions import reconstructions_stage

    inputs = hyperrep_path, zoo_path, rows_path, images_path
    return reconstructions_stage(parse_slice(ReconstructionsSlice, config), *inputs, table_output, threads)
