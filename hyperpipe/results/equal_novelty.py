"""What populations are worth at equal novelty: beside the best control that is as new as they are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hyperpipe.results.order import Pair, dials_in, populations_in
from hyperpipe.sampling.settings import RECONSTRUCTION, SAMPLED

_CONTROLS = ["controls", "scratch"]
_PAIR = ["population", "sampler"]


def equal_novelty_table(cells: pd.DataFrame, epochs: list[int]) -> pd.DataFrame:
    """A line a sampled population: its cosine with the nearest training network, and for each epoch what its mean
    accuracy is above that of the best control, which is named. cells: of one column of the tables."""
    sampled = cells[cells.population.isin(SAMPLED) & (cells.sampler != RECONSTRUCTION)]
    lines = []
    for population, sampler in populations_in(sampled):
        own = sampled[(sampled.population == population) & (sampled.sampler == sampler)].set_index("epoch")
        line = {"Population": population, "Sampler": sampler, "Cosine": f"{own.cosine.iloc[0]:.2f}"}
        for epoch in epochs:
            line[f"Gain after {epoch}"] = _gain(own.loc[epoch], cells[cells.epoch == epoch])
        lines.append(line)
    return pd.DataFrame(lines)


def best_control(cosine: float, cells: pd.DataFrame) -> tuple[Pair, float, float]:
    """The control that is best where it is as new as something of this cosine: its name, its mean accuracy there and
    half of the interval of that.

    A dial of controls counts between its settings in a straight line, beyond them as it is at its end. What has no dial
    counts where its own cosine is no larger, scratch always. cells: of one column of the tables, of one epoch.
    """
    controls = cells[cells.population.isin(_CONTROLS)].set_index(_PAIR)
    half = (controls.high - controls.low) / 2
    dials = dials_in(controls.index.tolist())
    found = {}
    for name, dial in dials.items():
        points = controls.loc[dial].sort_values("cosine")
        values = (np.interp(cosine, points.cosine, of.loc[points.index]) for of in (controls["mean"], half))
        found[name] = tuple(map(float, values))
    for pair in controls.index.difference([pair for dial in dials.values() for pair in dial]):
        if pair[0] == "scratch" or controls.cosine[pair] <= cosine:
            found[pair] = float(controls["mean"][pair]), float(half[pair])
    best = max(found, key=lambda pair: found[pair][0])
    return best, *found[best]


def _gain(own: pd.Series, cells: pd.DataFrame) -> str:
    """``+2.3 ± 0.8, anchors_noise``: in points; the intervals of both as of independent means, none of one network."""
    (_, name), mean, half = best_control(own.cosine, cells)
    both = 100 * np.hypot(half, (own.high - own.low) / 2)
    said = "" if np.isnan(both) else f" ± {both:.1f}"
    return f"{100 * (own['mean'] - mean):+.1f}{said}, {name}"
