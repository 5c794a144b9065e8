"""Verbs that draw figures."""

from __future__ import annotations

from hyperpipe.cli.stage import Input, Inputs, Output, Slice, Threads, paths, stage
from hyperpipe.figures.settings import FigureSlice, LearningSlice
from hyperpipe.validation import parse_slice


@stage
def figure_learning(
    config: Slice, history_path: Input, reconstructions_path: Input, png_output: Output, svg_output: Output
) -> None:
    """Draws an autoencoder's training."""
    from hyperpipe.stages.figure_learning import figure_learning_stage

    inputs = history_path, reconstructions_path
    figure_learning_stage(parse_slice(LearningSlice, config), *inputs, png_output, svg_output)


@stage
def figure_weights(
    config: Slice,
    zoo_path: Input,
    rows_path: Input,
    hyperrep_paths: Inputs,
    reconstructions_paths: Inputs,
    png_output: Output,
    svg_output: Output,
    threads: Threads = 1,
) -> None:
    """Draws Figure 2: a zoo's weights and accuracies, as they are and reconstructed with and without LWLN."""
    from hyperpipe.stages.figure_weights import figure_weights_stage

    inputs = zoo_path, rows_path, paths(hyperrep_paths), paths(reconstructions_paths)
    figure_weights_stage(parse_slice(FigureSlice, config), *inputs, png_output, svg_output, threads)


@stage
def figure_curves(config: Slice, accuracies_path: Input, png_output: Output, svg_output: Output) -> None:
    """Draws how populations learn, on the images of their zoo and on those that they are transferred to."""
    from hyperpipe.stages.figure_curves import figure_curves_stage

    figure_curves_stage(parse_slice(FigureSlice, config), accuracies_path, png_output, svg_output)


@stage
def figure_novelty(
    config: Slice, accuracies_path: Input, novelty_path: Input, png_output: Output, svg_output: Output
) -> None:
    """Draws the accuracy of populations against their novelty."""
    from hyperpipe.stages.figure_novelty import figure_novelty_stage

    inputs = accuracies_path, novelty_path
    figure_novelty_stage(parse_slice(FigureSlice, config), *inputs, png_output, svg_output)


@stage
def figure_latents(
    config: Slice,
    hyperrep_path: Input,
    embeddings_path: Input,
    metrics_path: Input,
    population_paths: Inputs,
    png_output: Output,
    svg_output: Output,
    threads: Threads = 1,
) -> None:
    """Draws a map of a zoo's latents, and where those of populations lie in it."""
    from hyperpipe.stages.figure_latents import figure_latents_stage

    inputs = hyperrep_path, embeddings_path, metrics_path, paths(population_paths)
    figure_latents_stage(parse_slice(FigureSlice, config), *inputs, png_output, svg_output, threads)
