"""The stage ``tables``: results/tables.md from the metrics of zoos."""

from __future__ import annotations

from pathlib import Path

from hyperpipe.config import TablesSlice
from hyperpipe.results.tables import tables_page
from hyperpipe.store import read_table, write_text


def tables_stage(config: TablesSlice, metrics_paths: list[Path], split_paths: list[Path], output: Path) -> None:
    metrics = [read_table(path) for path in metrics_paths]
    splits = [read_table(path) for path in split_paths]
    write_text(output, tables_page(config, metrics, splits))
