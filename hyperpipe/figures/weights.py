"""The paper's Figure 2: weights by layer and accuracies of networks, as they are and reconstructed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from hyperpipe.cnn import Architecture, Layer
from hyperpipe.evaluation.reconstructions import ORIGINAL
from hyperpipe.figures.style import BLUE, LIGHT, ORANGE, figure

_ROWS = {"plain": "without LWLN", "lwln": "with LWLN"}
# Networks that the autoencoder learnt from, and those that it never saw.
_SPLITS = {"train": ("training networks", ORANGE, "-"), "test": ("unseen networks", BLUE, (0, (3, 1.5)))}
_BINS = 60
_OUTSIDE = 0.001  # share of the weights beyond either end of a panel
_HIGHEST = 3  # panel, in that of the networks as they are
_ACCURACIES = np.linspace(0, 100, 26)


def draw_weights(
    originals: Mapping[str, np.ndarray],
    reconstructed: Mapping[str, Mapping[str, np.ndarray]],
    mean: np.ndarray,
    accuracies: pd.DataFrame,
    architecture: Architecture,
    title: str,
    *paths: Path,
) -> None:
    """Of one zoo, at one epoch, by one checkpoint of both its autoencoders.

    originals: networks [M, P] of the splits ``train`` and ``test``. reconstructed: by autoencoder, those encoded and
    decoded, of the splits that have any. mean: of what the autoencoders learnt from, [P]; a reconstruction with R² = 0
    in a layer is as near to the networks as this is. accuracies: autoencoder, split, weights (``original`` or another),
    accuracy. paths: ``.png`` or ``.svg``.
    """
    layers = architecture.layers
    with figure(12.5, 4.7, *paths) as drawn:
        drawn.suptitle(title, x=0.01, ha="left", fontsize=12)
        grid = drawn.subplots(len(_ROWS), len(layers) + 1)
        grid[0, -1].sharey(grid[1, -1])
        for row, (autoencoder, name) in zip(grid, _ROWS.items(), strict=True):
            for axes, layer in zip(row, layers, strict=False):
                _layer(axes, layer, originals, reconstructed[autoencoder], mean)
            _accuracies(row[-1], accuracies[accuracies.autoencoder == autoencoder])
            row[0].set_ylabel(name, fontsize=11)
        for axes, layer in zip(grid[0], layers, strict=False):
            axes.set_title(layer.name)
        grid[0][-1].set_title("Test accuracy, %")
        grid[0][-1].set_ylim(0, None)  # once both are drawn
        handles, names = grid[0][-1].get_legend_handles_labels()
        drawn.legend(handles, names, loc="outside lower right", ncols=len(names), fontsize=9)


def _layer(
    axes: Axes,
    layer: Layer,
    originals: Mapping[str, np.ndarray],
    reconstructed: Mapping[str, np.ndarray],
    mean: np.ndarray,
) -> None:
    """Densities. The peak of reconstructions that have collapsed may lie beyond the panel."""
    known = np.concatenate([of_split[:, layer.span] for of_split in originals.values()])
    low, high = np.quantile(known, [_OUTSIDE, 1 - _OUTSIDE])
    edges = np.linspace(low - 0.05 * (high - low), high + 0.05 * (high - low), _BINS + 1)
    highest = peak = _density(axes, known, edges, color=LIGHT, fill=True)
    for place, (split, (_, color, line)) in enumerate(_SPLITS.items()):
        if split not in reconstructed:  # no network of it could be used
            continue
        ours, theirs = reconstructed[split][:, layer.span], originals[split][:, layer.span]
        peak = max(peak, _density(axes, ours, edges, color=color, linestyle=line))
        r2 = 1 - np.square(ours - theirs).sum(dtype=float) / np.square(theirs - mean[layer.span]).sum(dtype=float)
        words = {"transform": axes.transAxes, "ha": "right", "va": "top", "color": color, "fontsize": 8}
        axes.text(0.99, 0.99 - 0.11 * place, f"R² {r2:.2f}".replace("-", "−"), **words)
    axes.set_ylim(0, min(max(1.6 * highest, 1.05 * peak), _HIGHEST * highest))
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.set_yticks([])
    axes.grid(False)


def _density(axes: Axes, values: np.ndarray, edges: np.ndarray, **look: object) -> float:
    """Of all values, those outside the edges too; returns its highest."""
    counts, _ = np.histogram(values, edges)
    density = counts / values.size / np.diff(edges)
    axes.stairs(density, edges, linewidth=1.4, **look)
    return density.max()


def _accuracies(axes: Axes, accuracies: pd.DataFrame) -> None:
    """How many of the networks, in %, have which accuracy."""

    def share(chosen: pd.Series, **look: object) -> None:
        counts, _ = np.histogram(100 * accuracies[chosen].accuracy, _ACCURACIES)
        axes.stairs(100 * counts / max(chosen.sum(), 1), _ACCURACIES, linewidth=1.4, **look)

    here = accuracies.split.isin(list(_SPLITS))
    share(here & (accuracies.weights == ORIGINAL), color=LIGHT, fill=True, label="networks as they are")
    for split, (name, color, line) in _SPLITS.items():
        chosen = (accuracies.split == split) & (accuracies.weights != ORIGINAL)
        share(chosen, color=color, linestyle=line, label=f"reconstructed: {name}")
    axes.set_xlim(0, 100)
    axes.yaxis.set_major_formatter("{x:.0f} %")
    axes.grid(False)
