"""Accuracy against novelty: whether populations that are good are more than copies, with all controls in it."""

from __future__ import annotations

import re
from pathlib import Path
from string import ascii_letters
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from hyperpipe.figures.looks import looks
from hyperpipe.figures.style import GREY, LILAC, PINK, PURPLE, figure
from hyperpipe.results.order import Pair, dials_in, populations_in
from hyperpipe.sampling.settings import OF_WEIGHTS, POPULATIONS

_PAIR = ["population", "sampler"]
_UNSEEN = "B_T", "zoo"
_FILLS = dict(zip(POPULATIONS, ("none", "left", "full", "right", "bottom"), strict=True))
_EDGES = {OF_WEIGHTS: PURPLE, "controls": GREY, "scratch": PINK}
_DIALS = {
    (OF_WEIGHTS, "aligned"): ("α", PURPLE, "-"),
    (OF_WEIGHTS, "unaligned"): ("α", LILAC, "-"),
    (OF_WEIGHTS, "mean_noise"): ("n", PURPLE, (0, (5, 1.5))),
    (OF_WEIGHTS, "flow"): ("updates", PURPLE, (0, (1, 1.5))),
    ("controls", "anchors_noise"): ("n", GREY, "-"),
    ("controls", "anchors_shrunk_noise"): ("n", GREY, (0, (5, 1.5))),
}
_COSINE = "Cosine with the nearest training network, hidden units matched\n1: a copy; the line: trained on its own"
_DISAGREEMENT = "Predictions that are not those of the nearest training network, %"


def draw_novelty(accuracies: pd.DataFrame, novelty: pd.DataFrame, title: str, *paths: Path) -> None:
    """Of the populations of one zoo on its own test images, means over networks, before and after fine-tuning.

    accuracies: with intervals, as results/accuracies.parquet has them. novelty: of single networks before fine-tuning,
    long form. paths: ``.png`` or ``.svg``.
    """
    means = novelty.pivot_table(index=_PAIR, columns="measure", values="value")
    rows = {_COSINE: means.cosine, _DISAGREEMENT: 100 * (1 - means.agreement)}
    epochs = sorted({0, 1, int(accuracies[accuracies.population != "B_T"].epoch.max())})
    made = [pair for pair in populations_in(accuracies) if pair in means.index]
    with figure(3.7 * len(epochs) + 2.4, 7.4, *paths) as drawn:
        drawn.suptitle(title, x=0.01, ha="left", fontsize=12)
        grid = drawn.subplots(len(rows), len(epochs), sharex="row", sharey=True, squeeze=False)
        for of_measure, (measure, values) in zip(grid, rows.items(), strict=True):
            for axes, epoch in zip(of_measure, epochs, strict=True):
                _panel(axes, accuracies[accuracies.epoch == epoch].set_index(_PAIR), values, made)
            of_measure[0].set_ylabel("Test accuracy, %")
            of_measure[len(epochs) // 2].set_xlabel(measure)
        for axes, epoch in zip(grid[0], epochs, strict=True):
            axes.set_title(f"after {epoch} epoch{'s' * (epoch > 1)} of fine-tuning" if epoch else "as they are")
        grid[0, 0].set_ylim(0, 100)
        grid[0, 0].set_xlim(1.03, min(0, *means.cosine))  # copies to the left
        drawn.legend(handles=_legend(made), loc="outside right upper", fontsize=9)


def _panel(axes: Axes, accuracies: pd.DataFrame, novelty: pd.Series, made: list[Pair]) -> None:
    if _UNSEEN in novelty.index:
        axes.axvline(novelty[_UNSEEN], color="black", linewidth=0.8, linestyle=":", zorder=0)
    for name, dial in dials_in(made).items():
        axes.plot(novelty[dial], 100 * accuracies.loc[dial, "mean"], **_line(name), zorder=1)
    for pair, (look, sign) in _drawn(made).items():
        if pair not in accuracies.index:  # B_T, where fine-tuning lasts longer than the zoo's training
            continue
        at, place = accuracies.loc[pair], novelty[pair]
        mean, low, high = (100 * at[name] for name in ("mean", "low", "high"))
        axes.vlines(place, low, high, color=GREY, linewidth=0.8)
        axes.plot([place], [mean], **look)
        axes.text(place, mean, sign, ha="center", va="center_baseline", fontsize=6)


def _line(name: Pair) -> dict[str, Any]:
    _, color, line = _DIALS[name]
    return {"color": color, "linestyle": line, "linewidth": 1.2}


def _drawn(made: list[Pair]) -> dict[Pair, tuple[dict[str, Any], str]]:
    """How each population is drawn, and what stands in it: colour and marker by sampler, filling by population; its
    number on a dial; a letter for what nothing was sampled for."""
    found, known, letters = {}, looks(made), iter(ascii_letters)
    dials = {pair: name for name, dial in dials_in(made).items() for pair in dial}
    for pair in made:
        look, sign = {"linestyle": "", "markerfacecoloralt": "white"}, ""
        if pair in dials:
            sign = re.sub("000$", "k", pair[1].partition(" ")[2]) or "0"
            look |= {"marker": "o", "color": _DIALS[dials[pair]][1], "markerfacecolor": "white", "markersize": 10}
        elif pair[0] in _EDGES:
            sign = next(letters)
            look |= {"marker": "o", "color": _EDGES[pair[0]], "markerfacecolor": "white", "markersize": 9}
            look |= {"label": f"{sign}  {': '.join(pair)}"}
        else:
            look |= {"marker": known[pair].marker, "color": known[pair].color, "label": known[pair].label}
            sampled = pair[0] in POPULATIONS
            look |= {"fillstyle": _FILLS[pair[0]], "markersize": 7} if sampled else {"markersize": 12}
        found[pair] = look, sign
    return found


def _legend(made: list[Pair]) -> list[Line2D]:
    """Colours and markers of samplers, fillings of populations; dials; then what nothing was sampled for, one by
    one."""
    drawn, dials = {pair: look for pair, (look, _) in _drawn(made).items()}, dials_in(made)
    sampled = [pair for pair in made if pair[0] in POPULATIONS]
    by_sampler = {sampler: drawn[population, sampler] | {"fillstyle": "full"} for population, sampler in sampled}
    by_population = {pair[0]: drawn[pair] | {"marker": "o", "color": GREY} for pair in sampled}
    handles = [Line2D([], [], **look | {"label": name}) for name, look in (by_sampler | by_population).items()]
    for name in dials:
        look = {"marker": "o", "markerfacecolor": "white", "label": f"{': '.join(name)} {_DIALS[name][0]}"}
        handles.append(Line2D([], [], **_line(name), **look))
    apart = {*sampled, *(pair for dial in dials.values() for pair in dial)}
    return handles + [Line2D([], [], **look) for pair, look in drawn.items() if pair not in apart]
