"""A map of a zoo in the latent space of its autoencoder, and where in it the networks lie that were sampled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from sklearn.decomposition import PCA

from hyperpipe.figures.looks import looks
from hyperpipe.figures.style import LIGHT, figure
from hyperpipe.hyperrep.hyperrep_store import Embeddings


def draw_latents(
    training: Embeddings,
    accuracies: np.ndarray,
    others: Mapping[tuple[str, str], np.ndarray],
    title: str,
    *paths: Path,
) -> None:
    """The two directions in which the training networks spread most, of one autoencoder.

    training: latents [R, D] of networks at epochs; accuracies: theirs, [R]. others: latents [M, D] of populations, by
    name and sampler, in the order in which they are drawn. paths: ``.png`` or ``.svg``.
    """
    directions = PCA(2, svd_solver="full").fit(training.latents)
    points = directions.transform(training.latents)
    with figure(13.5, 4.9, *paths) as drawn:
        drawn.suptitle(title, x=0.01, ha="left", fontsize=12)
        all_axes = drawn.subplots(1, 3, sharex=True, sharey=True)
        colours = {"Epoch": training.epochs, "Test accuracy, %": 100 * accuracies}
        for axes, (name, values) in zip(all_axes, colours.items(), strict=False):
            shown = axes.scatter(*points.T, c=values, cmap="cividis", s=20, linewidths=0, rasterized=True)
            ticks = MaxNLocator(5, integer=True)
            drawn.colorbar(shown, ax=axes, location="bottom", shrink=0.7, aspect=30, label=name, ticks=ticks)
            axes.set_title(f"training networks by {name.partition(',')[0].lower()}")
        sampled = all_axes[-1]
        sampled.scatter(*points.T, color=LIGHT, s=20, linewidths=0, label="training networks", rasterized=True)
        for pair, look in looks(list(others)).items():
            face = "none" if look.fill == "none" else look.color
            place = directions.transform(others[pair]).T
            sampled.scatter(*place, edgecolors=look.color, facecolors=face, marker=look.marker, s=34, label=look.label)
        sampled.set_title("sampled and unseen networks")
        drawn.legend(*sampled.get_legend_handles_labels(), loc="outside right upper", fontsize=9)
        for axes in all_axes:
            _paths(axes, points, training)
            axes.xaxis.set_major_locator(MaxNLocator(4))
            axes.set_xlabel(f"first direction, {directions.explained_variance_ratio_[0]:.0%} of the variance")
        all_axes[0].set_ylabel(f"second direction, {directions.explained_variance_ratio_[1]:.0%}")


def _paths(axes: Axes, points: np.ndarray, training: Embeddings) -> None:
    """A thin line for each network, from epoch to epoch."""
    for network in np.unique(training.networks):
        axes.plot(*points[training.networks == network].T, color=LIGHT, linewidth=0.5, zorder=0, rasterized=True)
