"""The tables of `docs/reach.md`, of what `reach.py` has written, as Markdown.

    python studies/reach_tables.py mnist.parquet usps.parquet …

Accuracies are means in %. A gain, in points, is over the best of something, whichever of it is best at that epoch: over
standard initialisations, each at three lengths; over noise in the scales of the mean's layers, at three lengths; over
shrunk copies with noise, each length a dial that is read, between its settings in a straight line, at the cosine of the
population.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from hyperpipe.results.equal_novelty import best_control
from hyperpipe.sampling.settings import OF_WEIGHTS
from hyperpipe.store import read_table

SHOWN = ["aligned 0", "aligned 0.5", "aligned 1", "mean_noise 1", "mean_noise 2", "mix", "unaligned 0.5"]
SUMMED = ["aligned 0", "aligned 0.5", "mean_noise 1", "mean_noise 2"]
OVER = {"scratch": "init", "scales": "noise", "controls": "copy"}  # kinds of population
EPOCHS, GAINED = [0, 1, 2, 5, 25], [1, 5, 25]
CASE = ["target", "rate"]


def over(own: pd.Series, others: pd.DataFrame) -> str:
    """The gain of a row over the best of others, of the same epoch, and the half of its interval."""
    as_controls = others.assign(population=others.population.replace("scales", "scratch"))  # new whatever their cosine
    _, mean, half = best_control(own.cosine, as_controls)
    return f"{100 * (own['mean'] - mean):+.1f} ± {100 * np.hypot(half, (own.high - own.low) / 2):.1f}"


def usual(of_zoo: pd.DataFrame) -> pd.DataFrame:
    """The rows of the cases with all there is to compare."""
    most = of_zoo[of_zoo.population == "controls"].networks.iloc[0]
    return of_zoo[(of_zoo.networks == most) & of_zoo.signs & (of_zoo.group == 0)]


def accuracies(of_zoo: pd.DataFrame) -> Iterator[dict[str, str]]:
    for (target, rate), case in usual(of_zoo).groupby(CASE, sort=False):
        table = case.pivot_table(index=["population", "sampler"], columns="epoch", values="mean", sort=False)
        epochs = [epoch for epoch in EPOCHS if epoch in table]
        cosines = case.drop_duplicates(["population", "sampler"]).set_index(["population", "sampler"]).cosine
        for pair in table.index:
            if pair[0] == "B_T" or pair[1] in SHOWN:
                means = {str(epoch): f"{100 * table.loc[pair, epoch]:.1f}" for epoch in epochs}
                name = "unseen networks" if pair[0] == "B_T" else pair[1]
                yield {
                    "Images": target,
                    "Rate": f"× {rate}",
                    "Population": name,
                    "Cosine": f"{cosines[pair]:.2f}",
                } | means
        copies = table.loc[["controls"]]
        without_noise = copies[copies.index.get_level_values(1).str.endswith("noise 0")]
        for name, cosine, kind in (
            ("best standard init", "", table.loc[["scratch"]]),
            ("best noise in the mean's scales", "", table.loc[["scales"]]),
            ("best shrunk copy, without noise", "1.00", without_noise),
        ):
            best = {str(epoch): f"{100 * kind[epoch].max():.1f}" for epoch in epochs}
            yield {"Images": target, "Rate": f"× {rate}", "Population": name, "Cosine": cosine} | best


def gained(case: pd.DataFrame, sampler: str, epochs: dict[str, int]) -> dict[str, str]:
    """Gains of a population over the best of each kind, by the kind and what an epoch is called."""
    line = {}
    for kind, said in OVER.items():
        for name, epoch in epochs.items():
            at = case[case.epoch == epoch]
            own = at[at.population.eq(OF_WEIGHTS) & at.sampler.eq(sampler)].iloc[0]
            line[f"{said} {name}"] = over(own, at[at.population == kind])
    return line


def gains(of_zoo: pd.DataFrame) -> Iterator[dict[str, str]]:
    for (target, rate), case in usual(of_zoo).groupby(CASE, sort=False):
        epochs = {str(epoch): epoch for epoch in GAINED if epoch in set(case.epoch)}
        for sampler in SHOWN:
            line = {"Images": target, "Rate": f"× {rate}", "Population": sampler}
            yield line | gained(case, sampler, epochs)


def summary(of_zoo: pd.DataFrame) -> Iterator[dict[str, str]]:
    """After the first epoch and after the last."""
    own_images = of_zoo.target.iloc[0]
    for (target, rate), case in usual(of_zoo).groupby(CASE, sort=False):
        for sampler in SUMMED:
            images = target if target == own_images else f"{own_images} → {target}"
            line = {"Images": images, "Rate": f"× {rate}", "Population": sampler}
            yield line | gained(case, sampler, {"1": 1, "last": case.epoch.max()})


def numbers(of_zoo: pd.DataFrame) -> Iterator[dict[str, str]]:
    """Of the zoo's own images and its recipe's rate."""
    target, rate = of_zoo[CASE].iloc[0]
    here = of_zoo[(of_zoo.target == target) & (of_zoo.rate == rate)]
    controls = usual(here)[usual(here).population == "controls"]
    ours = here[here.sampler.str.startswith(("aligned", "mean_noise"))]
    for (count, signs, sampler), of_all in ours.groupby(["networks", "signs", "sampler"]):
        line = {"Networks": count, "Signs": "yes" if signs else "no", "Population": sampler}
        line |= {"Cosine": f"{of_all.cosine.mean():.2f}", "Within": f"{of_all.within.mean():.2f}"}
        for epoch in EPOCHS:
            own = of_all[of_all.epoch == epoch]
            if len(own):
                line[str(epoch)] = ", ".join(f"{100 * mean:.1f}" for mean in own["mean"])
        for epoch in (1, max(epoch for epoch in EPOCHS if epoch in set(ours.epoch))):
            at = controls[controls.epoch == epoch]
            line[f"copy {epoch}"] = ", ".join(over(row, at) for _, row in of_all[of_all.epoch == epoch].iterrows())
        yield line


def main() -> None:
    zoos = {path.stem: read_table(path) for path in map(Path, sys.argv[1:])}
    show("Summary", (line for of_zoo in zoos.values() for line in summary(of_zoo)))
    for name, of_zoo in zoos.items():
        for made in (accuracies, gains, numbers):
            show(f"{name}: {made.__name__}", made(of_zoo))


def show(title: str, lines: Iterable[dict[str, str]]) -> None:
    print(f"\n### {title}\n")
    print(pd.DataFrame(list(lines)).to_markdown(index=False, disable_numparse=True))


if __name__ == "__main__":
    main()
