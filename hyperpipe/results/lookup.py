"""A cell of the tables from what a reader points at."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from hyperpipe.errors import HyperpipeError
from hyperpipe.results.order import populations_in
from hyperpipe.store import read_table


def find_cells(
    path: Path, *, table: str | None, row: str, column: str, epoch: int, sampler: str | None = None
) -> pd.DataFrame:
    """The cells of ``results/tables.parquet`` that lie in this row and column, one a sampler, in the tables' order.

    table: ``1``, ``2``, ``5``, ``transfer`` or None, where the column says it. row: a population. column: as the page
    heads it. Raises HyperpipeError where there is none, with what there is instead.
    """
    found = read_table(path)
    wanted = {"table": table, "column": column, "population": row, "epoch": epoch, "sampler": sampler}
    for name, value in wanted.items():
        if value is None:
            continue
        kept = found[found[name] == value]
        if not len(kept):
            there = ", ".join(map(str, _there(found, name)))
            option = "row" if name == "population" else name
            raise HyperpipeError(f"{path}: no cell with --{option} {value}; take one of {there}")
        found = kept
    order = {pair: place for place, pair in enumerate(populations_in(found))}
    places = [order[pair] for pair in zip(found.population, found.sampler, strict=True)]
    return found.iloc[sorted(range(len(found)), key=places.__getitem__)]


def _there(cells: pd.DataFrame, name: str) -> list[object]:
    return sorted(cells[name].unique().tolist()) if name == "epoch" else list(dict.fromkeys(cells[name]))
