"""The stage ``figure-curves``: accuracies over the epochs of fine-tuning."""

from __future__ import annotations

from pathlib import Path

from hyperpipe.figures.curves import draw_curves
from hyperpipe.figures.settings import FigureSlice
from hyperpipe.store import read_table


def figure_curves_stage(config: FigureSlice, accuracies_path: Path, png: Path, svg: Path) -> None:
    accuracies = read_table(accuracies_path)
    title = f"Fine-tuning of populations made of the zoo {config.zoo} (checkpoint {config.selection})"
    draw_curves(accuracies[accuracies.split == "test"], config.zoo, config.targets, title, png, svg)
