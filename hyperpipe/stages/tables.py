"""The stage ``tables``: results/tables.md from what was measured."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from hyperpipe.results.settings import TablesSlice
from hyperpipe.results.tables import tables_page
from hyperpipe.store import read_table, write_text


def tables_stage(
    config: TablesSlice,
    accuracies_path: Path,
    rows_paths: list[Path],
    history_paths: list[Path],
    reconstructions_paths: list[Path],
    novelty_paths: list[Path],
    output: Path,
    figures: list[Path],
) -> None:
    groups = rows_paths, history_paths, reconstructions_paths, novelty_paths
    measured = (pd.concat([read_table(path) for path in paths]) for paths in groups)
    shown = [os.path.relpath(path, output.parent) for path in figures]
    write_text(output, tables_page(config, read_table(accuracies_path), *measured, shown))
