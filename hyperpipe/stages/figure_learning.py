"""The stage ``figure-learning``: the figure of an autoencoder's training."""

from __future__ import annotations

from pathlib import Path

from hyperpipe.figures.learning import draw_learning
from hyperpipe.figures.settings import LearningSlice
from hyperpipe.store import read_table


def figure_learning_stage(
    config: LearningSlice, history_path: Path, reconstructions_path: Path, png: Path, svg: Path
) -> None:
    title = f"Autoencoder of {config.zoo}, {config.autoencoder}"
    draw_learning(read_table(history_path), read_table(reconstructions_path), title, png, svg)
