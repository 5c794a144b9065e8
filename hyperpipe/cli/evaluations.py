"""Verbs that measure populations."""

from __future__ import annotations

from hyperpipe.cli.stage import Input, Inputs, Output, Slice, Threads, paths, stage
from hyperpipe.evaluation.settings import AccuraciesSlice, FinetuneSlice, NoveltySlice
from hyperpipe.notes import Notes
from hyperpipe.validation import parse_slice


@stage
def finetune(
    config: Slice, population_path: Input, images_path: Input, table_output: Output, threads: Threads = 1
) -> Notes:
    """Fine-tunes the populations of a store on a target's images."""
    from hyperpipe.stages.finetune import finetune_stage

    return finetune_stage(parse_slice(FinetuneSlice, config), population_path, images_path, table_output, threads)


@stage
def novelty(
    config: Slice,
    population_paths: Inputs,
    hyperrep_paths: Inputs,
    embeddings_paths: Inputs,
    zoo_path: Input,
    rows_path: Input,
    images_path: Input,
    table_output: Output,
    threads: Threads = 1,
) -> None:
    """Says how near the networks of populations are to those that their zoo was learnt of."""
    from hyperpipe.stages.novelty import novelty_stage

    several = map(paths, (population_paths, hyperrep_paths, embeddings_paths))
    single = zoo_path, rows_path, images_path
    novelty_stage(parse_slice(NoveltySlice, config), *several, *single, table_output, threads)


@stage
def accuracies(
    config: Slice, evaluation_paths: Inputs, metrics_paths: Inputs, split_paths: Inputs, table_output: Output
) -> None:
    """Lists mean, spread and interval of every population's accuracies."""
    from hyperpipe.stages.accuracies import accuracies_stage

    inputs = evaluation_paths, metrics_paths, split_paths
    accuracies_stage(parse_slice(AccuraciesSlice, config), *map(paths, inputs), table_output)
