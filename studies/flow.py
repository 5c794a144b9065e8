"""Whether flow matching on aligned weights beats what is simpler at equal novelty.

    python studies/flow.py ZOO IMAGES OUTPUT [--networks 100] [--updates 100 …] [--epochs 5]

Flows that start from Gaussians of several widths, trained for several numbers of updates, and sampled with draws as
wide as they were trained with and half as wide. Simpler is, around the mean of the aligned networks: the Gaussian with
their covariance (`aligned`); one that is as wide in all directions in which they differ (`white`); noise on every
weight, in the scale of its layer, at the length of the mean (`mean_noise`). Besides: networks on the way from the mean
to training networks (`towards`), for what is less new than the mean; shrunk copies with noise as in `reach.py`, which
fine-tunes all of them on the zoo's own images. OUTPUT is Parquet in long form; printed is the table of `docs/flow.md`:
accuracies, and gains in points over each of these at equal cosine.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from reach import COUNT, SEED, STREAM, Case, Populations, Studied, finetuned, read, shrunk
from reach_tables import over

from hyperpipe.alignment.procrustes import align
from hyperpipe.cnn import Architecture
from hyperpipe.randomness import stream, torch_seed
from hyperpipe.sampling.flow import flow
from hyperpipe.sampling.settings import OF_WEIGHTS
from hyperpipe.sampling.weights import gaussian, mean_noise
from hyperpipe.store import write_table

WIDTHS, UPDATES = (0.01, 0.3, 1.0), [100, 1000, 3000, 30000]
DRAWS = (1.0, 0.5)  # of those that a flow was trained with, in width
ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
SHARES = (0.25, 0.5, 0.75, 1.0)  # of the way from the mean to a training network
NOISES = (0.5, 1.0, 1.5, 2.0, 3.0)
DIALS = {"Gaussian": ("aligned", "towards"), "white": ("white", "towards"), "noise": ("mean_noise", "towards")}


def sampled(studied: Studied, training: np.ndarray, trained: list[int]) -> Populations:
    aligned = align(training, studied.symmetries(), seed=SEED, processes=2).weights
    draws = stream(SEED, STREAM, "gaussian", 0).standard_normal((COUNT, len(aligned)))
    made = {(OF_WEIGHTS, f"aligned {alpha:g}"): gaussian(aligned, alpha, draws) for alpha in ALPHAS}
    made |= around(aligned, draws, studied.architecture)
    draws = np.concatenate([of * draws[:, 1:] for of in DRAWS])
    seed = torch_seed(SEED, f"{STREAM}/flow")
    for width in WIDTHS:
        for updates in trained:
            name = f"flow from {width:g}, {updates}"
            samples = flow(aligned, updates, width, draws, seed=seed, title=name)
            parts = zip(DRAWS, np.split(samples, len(DRAWS)), strict=True)
            made |= {(OF_WEIGHTS, f"{name}, draws × {of:g}"): part for of, part in parts}
    return made


def around(aligned: np.ndarray, draws: np.ndarray, architecture: Architecture) -> Populations:
    """What else is simple around the mean of networks [M, P]. draws: [COUNT, M]."""
    mean = aligned.mean(axis=0, dtype=float)
    directions = np.linalg.svd(aligned - mean, full_matrices=False)[2][: len(aligned) - 1]
    width = np.sqrt(np.square(aligned - mean).sum() / (len(aligned) * len(directions)))
    made = {f"white {alpha:g}": mean + alpha * width * draws[:, 1:] @ directions for alpha in ALPHAS[1:]}
    noise = stream(SEED, STREAM, "noisy").standard_normal((COUNT, mean.size))
    made |= {f"mean_noise {of:g}": mean_noise(aligned, of, noise, architecture) for of in NOISES}
    ends = aligned[stream(SEED, STREAM, "towards").permutation(len(aligned))[:COUNT]]
    made |= {f"towards {share:g}": mean + share * (ends - mean) for share in SHARES}
    return {(OF_WEIGHTS, name): weights.astype(np.float32) for name, weights in made.items()}


def lines(table: pd.DataFrame, epochs: int) -> pd.DataFrame:
    found = []
    for sampler, own in table[table.population == OF_WEIGHTS].groupby("sampler", sort=False):
        own = own.set_index("epoch")
        line = {"Population": sampler, "Cosine": f"{own.cosine[0]:.2f}", "Within": f"{own.within[0]:.2f}"}
        line |= {str(epoch): f"{100 * own['mean'][epoch]:.1f}" for epoch in (0, 1, epochs)}
        for epoch in (1, epochs):
            at = table[table.epoch == epoch]
            for name, dials in DIALS.items():
                line[f"{name} {epoch}"] = over(own.loc[epoch], simple(at, dials, own.cosine[0]))
            line[f"copy {epoch}"] = over(own.loc[epoch], at[at.population == "controls"])
        found.append(line)
    return pd.DataFrame(found)


def simple(table: pd.DataFrame, dials: Sequence[str], cosine: float) -> pd.DataFrame:
    """Dials that begin at the mean; without that towards the training networks where the mean is newer."""
    mean = table[table.sampler == "aligned 0"]
    found = []
    for dial in dials:
        if dial != "towards" or mean.cosine.item() <= cosine:
            found += [mean.assign(sampler=f"{dial} 0"), table[table.sampler.str.startswith(f"{dial} ")]]
    return pd.concat(found).drop_duplicates("sampler").assign(population="controls")


def main(
    zoo: Path,
    images: Path,
    output: Path,
    networks: int = 100,
    updates: Annotated[list[int] | None, typer.Option(help="of a flow, in its training")] = None,
    epochs: int = 5,
) -> None:
    studied = read(zoo)
    training = studied.training[:networks]
    made = sampled(studied, training, updates or UPDATES) | shrunk(studied, training)
    novelty = Case(training, 0, True, made).novelty(studied)
    table = finetuned(studied, made, images, 1, epochs).merge(novelty, on=["population", "sampler"])
    write_table(output, table)
    print(lines(table, epochs).to_markdown(index=False, disable_numparse=True))


if __name__ == "__main__":
    typer.run(main)
