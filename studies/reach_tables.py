"""The tables of `docs/reach.md`, of what `reach.py` has written, as Markdown.

    python studies/reach_tables.py mnist.parquet usps.parquet …

Accuracies are means in %. A gain, in points, is over the best of something, whichever of it is best at that epoch: over
standard initialisations, each at three lengths; over shrunk copies with noise, each length a dial that is read, between
its settings in a straight line, at the cosine of the population.
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

SHOWN = ["aligned 0", "aligned 0.5", "aligned 1", "mix", "unaligned 0.5"]
EPOCHS = [0, 1, 2, 5, 25]
CASE = ["target", "rate"]


def over(own: pd.Series, others: pd.DataFrame) -> str:
    """The gain of a row over the best of others, of the same epoch, and the half of its interval."""
    _, mean, half = best_control(own.cosine, others)
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
        for population, name in (("scratch", "best standard init"), ("controls", "best shrunk copy, without noise")):
            kind = table.loc[[population]]
            kind = kind if population == "scratch" else kind[kind.index.get_level_values(1).str.endswith("noise 0")]
            best = {str(epoch): f"{100 * kind[epoch].max():.1f}" for epoch in epochs}
            cosine = "1.00" if population == "controls" else ""
            yield {"Images": target, "Rate": f"× {rate}", "Population": name, "Cosine": cosine} | best


def gains(of_zoo: pd.DataFrame) -> Iterator[dict[str, str]]:
    for (target, rate), case in usual(of_zoo).groupby(CASE, sort=False):
        for sampler in SHOWN:
            own = case[(case.population == OF_WEIGHTS) & (case.sampler == sampler)].set_index("epoch")
            line = {"Images": target, "Rate": f"× {rate}", "Population": sampler}
            for kind, said in (("scratch", "init"), ("controls", "copy")):
                others = case[case.population == kind]
                for epoch in EPOCHS[1:]:
                    if epoch in own.index:
                        line[f"{said} {epoch}"] = over(own.loc[epoch], others[others.epoch == epoch])
            yield line


def summary(of_zoo: pd.DataFrame) -> Iterator[dict[str, str]]:
    """Gains over the best standard initialisation and over the best copy, after the first and the last epoch."""
    own_images = of_zoo.target.iloc[0]
    for (target, rate), case in usual(of_zoo).groupby(CASE, sort=False):
        line = {"Images": target if target == own_images else f"{own_images} → {target}", "Rate": f"× {rate}"}
        for sampler in SHOWN[:2]:
            for name, epoch in (("after 1", 1), ("last", case.epoch.max())):
                at = case[case.epoch == epoch]
                (own,) = (row for _, row in at[at.sampler == sampler].iterrows())
                over_both = (over(own, at[at.population == kind]) for kind in ("scratch", "controls"))
                line[f"{sampler}, {name}"] = ", ".join(over_both)
        yield line


def numbers(of_zoo: pd.DataFrame) -> Iterator[dict[str, str]]:
    """Of the zoo's own images and its recipe's rate."""
    target, rate = of_zoo[CASE].iloc[0]
    here = of_zoo[(of_zoo.target == target) & (of_zoo.rate == rate)]
    controls = usual(here)[usual(here).population == "controls"]
    ours = here[here.sampler.str.startswith("aligned")]
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
