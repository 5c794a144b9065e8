"""The stage ``tables``: results/tables.md from long-form measurements."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from hyperpipe.results.settings import TablesSlice
from hyperpipe.results.tables import measured, tables_page
from hyperpipe.store import read_table, write_text


def tables_stage(
    config: TablesSlice,
    metrics_paths: list[Path],
    split_paths: list[Path],
    rows_paths: list[Path],
    history_paths: list[Path],
    evaluation_paths: list[Path],
    output: Path,
) -> None:
    metrics, splits, rows, history, evaluations = (
        pd.concat([read_table(path) for path in paths])
        for paths in (metrics_paths, split_paths, rows_paths, history_paths, evaluation_paths)
    )
    write_text(output, tables_page(config, measured(evaluations, metrics, splits), rows, history))
