"""Verbs that make populations."""

from __future__ import annotations

from hyperpipe.alignment.settings import AlignSlice, WeightsSlice
from hyperpipe.cli.stage import Input, Inputs, Output, Slice, stage
from hyperpipe.notes import Notes
from hyperpipe.sampling.settings import ControlsSlice, PopulationSlice, PretrainedSlice, ScratchSlice
from hyperpipe.validation import parse_slice


@stage
def population(
    config: Slice,
    hyperrep_path: Input,
    embeddings_path: Input,
    metrics_path: Input,
    store_output: Output,
    sampler_paths: Inputs = "",
) -> Notes:
    """Samples populations from a hyper-representation, one a sampler, and reconstructs anchors.

    The paths of samplers of the user's own are among the settings; named here too, they are in the record.
    """
    from hyperpipe.stages.population import population_stage

    inputs = hyperrep_path, embeddings_path, metrics_path
    return population_stage(parse_slice(PopulationSlice, config), *inputs, store_output)


@stage
def align(config: Slice, zoo_path: Input, rows_path: Input, store_output: Output) -> Notes:
    """Brings the networks of a zoo to one frame of their hidden units."""
    from hyperpipe.stages.align import align_stage

    return align_stage(parse_slice(AlignSlice, config), zoo_path, rows_path, store_output)


@stage
def weights(config: Slice, aligned_path: Input, zoo_path: Input, rows_path: Input, store_output: Output) -> Notes:
    """Samples populations among the weights of a zoo's training networks, with no autoencoder between."""
    from hyperpipe.stages.weights import weights_stage

    return weights_stage(parse_slice(WeightsSlice, config), aligned_path, zoo_path, rows_path, store_output)


@stage
def controls(
    config: Slice, hyperrep_path: Input, zoo_path: Input, rows_path: Input, metrics_path: Input, store_output: Output
) -> Notes:
    """Makes populations of a zoo's training networks without a density: what sampled ones have to beat."""
    from hyperpipe.stages.controls import controls_stage

    inputs = hyperrep_path, zoo_path, rows_path, metrics_path
    return controls_stage(parse_slice(ControlsSlice, config), *inputs, store_output)


@stage
def pretrained(config: Slice, zoo_path: Input, rows_path: Input, store_output: Output) -> None:
    """Takes a zoo's own training networks as a population, B_F."""
    from hyperpipe.stages.pretrained import pretrained_stage

    pretrained_stage(parse_slice(PretrainedSlice, config), zoo_path, rows_path, store_output)


@stage
def scratch(config: Slice, images_path: Input, store_output: Output) -> None:
    """Makes populations in the standard initialisations."""
    from hyperpipe.stages.scratch import scratch_stage

    scratch_stage(parse_slice(ScratchSlice, config), images_path, store_output)
