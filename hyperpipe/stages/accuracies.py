"""The stage ``accuracies``: means, spreads and intervals of all populations, from the accuracies of their networks."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from hyperpipe.evaluation.accuracies import measured, summarised
from hyperpipe.evaluation.settings import AccuraciesSlice
from hyperpipe.store import read_table, write_table


def accuracies_stage(
    config: AccuraciesSlice,
    evaluation_paths: list[Path],
    metrics_paths: list[Path],
    split_paths: list[Path],
    output: Path,
) -> None:
    evaluations, metrics, splits = (
        pd.concat([read_table(path) for path in paths]) for paths in (evaluation_paths, metrics_paths, split_paths)
    )
    write_table(output, summarised(measured(evaluations, metrics, splits), config.bootstrap, config.seed))
