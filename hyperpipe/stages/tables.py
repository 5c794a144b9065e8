"""The stage ``tables``: results/tables.* from what was measured."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import PIL.Image

from hyperpipe.errors import HyperpipeError, brief
from hyperpipe.results.cells import cells
from hyperpipe.results.html import as_html
from hyperpipe.results.page import tables_page
from hyperpipe.results.settings import TablesSlice
from hyperpipe.store import read_table, write_table, write_text


def tables_stage(
    config: TablesSlice,
    accuracies_path: Path,
    rows_paths: list[Path],
    history_paths: list[Path],
    reconstructions_paths: list[Path],
    novelty_paths: list[Path],
    page_output: Path,
    html_output: Path,
    cells_output: Path,
    csv_output: Path,
    figures: list[Path],
) -> None:
    groups = rows_paths, history_paths, reconstructions_paths, novelty_paths
    rows, history, reconstructions, novelty = (pd.concat([read_table(path) for path in paths]) for paths in groups)
    long = cells(config, read_table(accuracies_path), novelty)
    shown = [os.path.relpath(_whole(path), page_output.parent) for path in figures]
    page = tables_page(config, long, rows, history, reconstructions, novelty, shown)
    write_table(cells_output, long)
    write_text(csv_output, long.to_csv(index=False))
    write_text(page_output, page)
    write_text(html_output, as_html(page))


def _whole(figure: Path) -> Path:
    """A figure, which a page shows as it is. Raises HyperpipeError where it is none or only half of one."""
    try:
        with PIL.Image.open(figure) as picture:
            picture.load()
    except (OSError, SyntaxError) as error:
        raise HyperpipeError(f"{figure}: cannot be read as a picture ({brief(error)}); let Snakemake make it") from None
    return figure
