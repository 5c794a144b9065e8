"""The stage ``figure-novelty``: accuracy against novelty of the populations of a zoo, on its own images."""

from __future__ import annotations

from pathlib import Path

from hyperpipe.figures.novelty import draw_novelty
from hyperpipe.figures.settings import FigureSlice
from hyperpipe.store import read_table


def figure_novelty_stage(config: FigureSlice, accuracies_path: Path, novelty_path: Path, png: Path, svg: Path) -> None:
    accuracies = read_table(accuracies_path)
    own = (accuracies.split == "test") & (accuracies.zoo == config.zoo) & (accuracies.target == config.zoo)
    title = f"Populations made of the zoo {config.zoo}: accuracy against novelty (checkpoint {config.selection})"
    draw_novelty(accuracies[own], read_table(novelty_path), title, png, svg)
