"""The stage ``fidelity``: results/fidelity.md from the metrics of zoos."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from hyperpipe.results.fidelity import fidelity_page
from hyperpipe.results.settings import FidelitySlice
from hyperpipe.store import read_table, write_text


def fidelity_stage(config: FidelitySlice, metrics_paths: list[Path], output: Path) -> None:
    write_text(output, fidelity_page(config, pd.concat([read_table(path) for path in metrics_paths])))
