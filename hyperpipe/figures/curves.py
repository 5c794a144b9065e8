"""Accuracies over the epochs of fine-tuning, on a source's own images and on those that it is transferred to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from hyperpipe.figures.looks import Look, looks
from hyperpipe.figures.style import figure
from hyperpipe.results.order import populations_in
from hyperpipe.sampling.settings import OF_WEIGHTS

_SHOWN = ("B_T", "B_F", "S_KDE30", "scratch")
_CONTROLS = ("anchors", "anchors_shrunk")  # all of them are in the tables
_OF_THE_TARGET = ("B_T", "scratch")
_TICKS = (0, 1, 2, 5, 10, 25, 50, 100, 200, 500, 1000)
_APART = 1.3  # ratio of neighbours


def draw_curves(accuracies: pd.DataFrame, source: str, targets: list[str], title: str, *paths: Path) -> None:
    """A panel a target, the source itself first.

    accuracies: means with intervals of all populations as results/accuracies.parquet has them, on test images. paths:
    ``.png`` or ``.svg``.
    """
    panels = {target: _curves(accuracies, source, target) for target in (source, *targets)}
    known = looks(populations_in(pd.concat(panels.values())))
    with figure(4.3 * len(panels) + 2.8, 4.4, *paths) as drawn:
        drawn.suptitle(title, x=0.01, ha="left", fontsize=12)
        all_axes = drawn.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, (target, curves) in zip(all_axes, panels.items(), strict=True):
            _panel(axes, curves, known)
            axes.set_title(f"on {target}" if target == source else f"transferred to {target}")
        all_axes[0].set_ylabel("Test accuracy, %")
        lines = {line.get_label(): line for axes in all_axes for line in axes.lines}
        labels = [look.label for look in known.values()]
        shown = [lines[label] for label in labels]
        drawn.legend(shown, labels, loc="outside right center", fontsize=9, handlelength=3.2)


def _curves(accuracies: pd.DataFrame, source: str, target: str) -> pd.DataFrame:
    """Of what stands beside each other on the target's images."""
    control = (accuracies.population == "controls") & accuracies.sampler.isin(_CONTROLS)
    aligned = (accuracies.population == OF_WEIGHTS) & accuracies.sampler.str.startswith("aligned ")
    zoo = accuracies.population.isin(_OF_THE_TARGET).map({True: target, False: source})
    here = (accuracies.target == target) & (accuracies.zoo == zoo)
    return accuracies[here & (control | aligned | accuracies.population.isin(_SHOWN))]


def _panel(axes: Axes, curves: pd.DataFrame, known: dict[tuple[str, str], Look]) -> None:
    last = curves.epoch.max()
    ticks = [*(tick for tick in _TICKS if _APART * tick < last), last]
    for (population, sampler), look in known.items():
        curve = curves[(curves.population == population) & (curves.sampler == sampler)].sort_values("epoch")
        if len(curve):
            low, mean, high = (100 * curve[name] for name in ("low", "mean", "high"))
            at = np.flatnonzero(curve.epoch.isin([*ticks, curve.epoch.max()])).tolist()
            marked = {"marker": look.marker, "fillstyle": look.fill, "markersize": 5, "markevery": at}
            axes.plot(curve.epoch, mean, color=look.color, linestyle=look.line, label=look.label, **marked)
            axes.fill_between(curve.epoch, low, high, color=look.color, alpha=0.15, linewidth=0)
    axes.set_xscale("symlog", linthresh=1, linscale=0.6)  # what the paper claims is of the first epochs
    axes.set_xlim(0, last)
    axes.set_ylim(0, 100)
    axes.set_xticks(ticks, map(str, ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("Epoch of fine-tuning, of B_T and scratch: of training")
