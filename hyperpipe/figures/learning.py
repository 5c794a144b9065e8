"""The figure of an autoencoder's training: what it learnt, of networks it saw and of those it did not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from hyperpipe.figures.style import BLUE, GREEN, GREY, ORANGE, PINK, figure
from hyperpipe.images.image_set import SPLITS
from hyperpipe.results.runs import checkpoint_epochs

_SPLIT_STYLES = {"train": (BLUE, "-"), "validation": (ORANGE, "--")}
_WEIGHTS = {"original": (GREY, "o"), "best_validation": (GREEN, "^"), "last": (PINK, "s")}
_WORST_R2 = -0.5  # what lies below would press together what is of interest

_FEW = 12


def draw_learning(history: pd.DataFrame, reconstructions: pd.DataFrame, title: str, *paths: Path) -> None:
    """Of one autoencoder. history: as `TrainedAutoencoder` has it. reconstructions: accuracies, long form.

    paths: ``.png`` or ``.svg``.
    """
    checkpoints = checkpoint_epochs(history)
    with figure(14, 6.4, *paths) as drawn:
        drawn.suptitle(title, x=0.01, ha="left", fontsize=12)
        (error, r2_train, r2_validation, accuracies), below = drawn.subplots(2, 4)
        _by_split(error, history, "error")
        _label(error, "Reconstruction error", logarithmic=True)
        _r2_by_layer(r2_train, history, "train", "R² of training rows, by layer")
        r2_train.legend(loc="best")
        _r2_by_layer(r2_validation, history, "validation", "R² of validation rows, by layer")
        _accuracies(accuracies, reconstructions, checkpoints)
        losses, rate, spread, dimensions = below
        _losses(losses, history)
        _curve(rate, history, "learning_rate")
        _label(rate, "Learning rate", logarithmic=True)
        _by_split(spread, history, "latent_spread")
        _by_split(spread, history, "latent_saturated", linewidth=0.7)
        _label(spread, "Latents: spread (thick), share saturated (thin)")
        _by_split(dimensions, history, "latent_dimensions")
        _label(dimensions, "Latents: dimensions that they fill")
        for axes in (error, spread, dimensions):
            axes.legend(axes.lines[:2], [f"{split} rows" for split in _SPLIT_STYLES])
        for axes in (error, r2_train, r2_validation, *below):
            axes.set_xlabel("Epoch")
            axes.set_xlim(0, 1.02 * checkpoints["last"])
            axes.xaxis.get_major_locator().set_params(integer=True)
            for selection, epoch in checkpoints.items():
                axes.axvline(epoch, color=_WEIGHTS[selection][0], linewidth=1.2, linestyle=":", zorder=0)


def _line(axes: Axes, of_quantity: pd.DataFrame, **look: Any) -> None:
    """Few values have points too: of a single one there is no line."""
    marker = "." if len(of_quantity) <= _FEW else ""
    axes.plot(of_quantity.epoch, of_quantity.value, marker=marker, **look)


def _of(history: pd.DataFrame, quantity: str, split: str = "train", layer: str = "all") -> pd.DataFrame:
    return history[(history.quantity == quantity) & (history.split == split) & (history.layer == layer)]


def _curve(axes: Axes, history: pd.DataFrame, quantity: str, **look: Any) -> None:
    _line(axes, _of(history, quantity), **({"color": BLUE} | look))


def _by_split(axes: Axes, history: pd.DataFrame, quantity: str, **look: Any) -> None:
    for split, (color, line) in _SPLIT_STYLES.items():
        _line(axes, _of(history, quantity, split), color=color, linestyle=line, **look)


def _r2_by_layer(axes: Axes, history: pd.DataFrame, split: str, title: str) -> None:
    layers = [layer for layer in history.layer.unique() if layer != "all"]
    colors = matplotlib.colormaps["viridis"](np.linspace(0, 0.85, len(layers)))
    for layer, color in zip(layers, colors, strict=True):
        _line(axes, _of(history, "r2", split, layer), color=color, linewidth=1, label=layer)
    _line(axes, _of(history, "r2", split), color="black", linewidth=2, label="all")
    axes.set_ylim(_WORST_R2, 1.02)
    _label(axes, title)


def _losses(axes: Axes, history: pd.DataFrame) -> None:
    _curve(axes, history, "reconstruction", label="reconstruction")
    if _of(history, "contrastive").value.any():
        _curve(axes, history, "contrastive", label="contrastive", color=GREY, linestyle="-.")
        _curve(axes, history, "total", label="total", color="black", linestyle=":")
    _label(axes, "Training loss, of views", logarithmic=True)
    axes.legend()


def _accuracies(axes: Axes, reconstructions: pd.DataFrame, checkpoints: dict[str, int]) -> None:
    """A point a network, a line their mean."""
    splits = [split for split in SPLITS if (reconstructions.split == split).any()]
    for place, (weights, (color, marker)) in enumerate(_WEIGHTS.items()):
        for group, split in enumerate(splits):
            chosen = (reconstructions.split == split) & (reconstructions.weights == weights)
            accuracy = 100 * reconstructions[chosen].accuracy.to_numpy()
            center = group + 0.27 * (place - 1)
            beside = center + 0.08 * np.linspace(-1, 1, len(accuracy)) if len(accuracy) > 1 else [center]
            axes.plot(beside, accuracy, linestyle="", marker=marker, markersize=2.5, color=color, alpha=0.5)
            axes.hlines(accuracy.mean(), center - 0.12, center + 0.12, color=color, linewidth=2.5)
        after = f", epoch {checkpoints[weights]}" if weights in checkpoints else " networks"
        axes.plot([], [], linestyle="", marker=marker, markersize=5, color=color, label=weights + after)
    axes.set_xticks(range(len(splits)), splits)
    axes.set_xlabel("Networks of the split")
    axes.set_ylim(0, 130)  # room for the legend
    axes.set_yticks(range(0, 101, 20))
    axes.grid(False, axis="x")
    axes.legend(loc="upper right")
    _label(axes, "Test accuracy of reconstructions, %")


def _label(axes: Axes, title: str, logarithmic: bool = False) -> None:
    axes.set_title(title)
    if logarithmic:
        axes.set_yscale("log")
