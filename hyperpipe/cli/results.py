"""Verbs that write pages."""

from __future__ import annotations

from hyperpipe.cli.stage import Input, Inputs, Output, Slice, paths, stage
from hyperpipe.results.settings import FidelitySlice, TablesSlice
from hyperpipe.validation import parse_slice


@stage
def tables(
    config: Slice,
    accuracies_path: Input,
    rows_paths: Inputs,
    history_paths: Inputs,
    reconstructions_paths: Inputs,
    novelty_paths: Inputs,
    page_output: Output,
    html_output: Output,
    cells_output: Output,
    csv_output: Output,
    figure_paths: Inputs,
) -> None:
    """Computes the paper's tables: a page, as Markdown and HTML, and its cells."""
    from hyperpipe.stages.tables import tables_stage

    inputs = map(paths, (rows_paths, history_paths, reconstructions_paths, novelty_paths))
    outputs = page_output, html_output, cells_output, csv_output
    tables_stage(parse_slice(TablesSlice, config), accuracies_path, *inputs, *outputs, paths(figure_paths))


@stage
def fidelity(config: Slice, metrics_paths: Inputs, page_output: Output) -> None:
    """Holds zoos against what the paper gives of them."""
    from hyperpipe.stages.fidelity import fidelity_stage

    fidelity_stage(parse_slice(FidelitySlice, config), paths(metrics_paths), page_output)
