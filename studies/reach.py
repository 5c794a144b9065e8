"""How far sampling among aligned weights reaches: of one zoo, beside the best of what needs no alignment.

    python studies/reach.py ZOO IMAGES OUTPUT [--target OTHER_IMAGES …] [--networks 10 …] [--epochs 25] [--resume]

ZOO is a zoo.h5 with its split.parquet beside it, or a .npy of weights [M, P] after the paper's MNIST recipe.

Populations of 16 networks are made of a number of training networks and fine-tuned on the zoo's own images and on
others, with its recipe. OUTPUT, Parquet in long form, has a row a case, population and epoch: mean accuracy on test
images, standard deviation and 95 % interval; cosine with the nearest training network, mean cosine within. A case is a
data set, a learning rate (times the recipe's), a number of training networks and which of them (group), and whether
signs were matched; OUTPUT is written after each, and --resume goes on with those that it lacks. `docs/reach.md` has the
commands and what they said; `reach_tables.py` makes its tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from hyperpipe.alignment.procrustes import align
from hyperpipe.alignment.settings import Samples
from hyperpipe.alignment.symmetries import Symmetries, symmetries
from hyperpipe.alignment.units import layer_scales, scaled
from hyperpipe.cnn import Architecture, initialise
from hyperpipe.evaluation.finetune import finetune
from hyperpipe.evaluation.nearest import Known, nearest_matched, within
from hyperpipe.images.image_set import ImageSet, read_images
from hyperpipe.randomness import stream
from hyperpipe.sampling.settings import OF_WEIGHTS, STANDARD_INITS
from hyperpipe.sampling.weights import weight_samples
from hyperpipe.store import read_table, write_table
from hyperpipe.zoo.presets import PRESETS
from hyperpipe.zoo.settings import Recipe, Split
from hyperpipe.zoo.zoo_store import read_zoo

COUNT, SEED, STREAM = 16, 0, "studies/reach"
USUAL, GROUPS = 100, 2  # training networks of the case with all there is to compare; sets of other numbers of them
RATES = (1, 3)  # times the recipe's
LENGTHS = (1.0, 0.5, 0.25)  # of all that has no aligned mean in it, in its own
NOISES = (0.0, 0.75, 1.5, 2.3, 3.5)  # of shrunk copies; their cosine is 1, 0.8, 0.55, 0.4, 0.27
NAME = ["population", "sampler"]
CASE = ["target", "rate", "networks", "group", "signs"]
Populations = dict[tuple[str, str], np.ndarray]  # [COUNT, P], by population and sampler


@dataclass(frozen=True)
class Studied:
    """Weights [M, P] of a zoo's training networks, and of others, after the last epoch that was kept."""

    training: np.ndarray
    unseen: np.ndarray
    architecture: Architecture
    recipe: Recipe

    def symmetries(self, signs: bool = True) -> Symmetries:
        return symmetries(self.architecture, self.recipe.activation, signs)


@dataclass(frozen=True)
class Case:
    """The training networks that populations are made of, and these populations."""

    networks: np.ndarray
    group: int
    signs: bool
    made: Populations

    def novelty(self, studied: Studied) -> pd.DataFrame:
        """A row a population, of means over its networks."""
        scales = layer_scales(self.networks, studied.architecture)
        numbers = np.arange(len(self.networks))
        training = scaled(self.networks, studied.architecture, scales)
        known = Known(training, numbers, np.zeros_like(numbers))
        rows = []
        for name, weights in self.made.items():
            points = scaled(weights, studied.architecture, scales)
            cosine = nearest_matched(points, known, studied.symmetries()).cosines.mean()
            rows.append((*name, cosine, within(points, studied.symmetries()).mean()))
        return pd.DataFrame(rows, columns=[*NAME, "cosine", "within"])


def sampled(studied: Studied, networks: np.ndarray, group: int = 0, signs: bool = True) -> Populations:
    """All that the workflow samples among weights, at its default's settings."""
    aligned = align(networks, studied.symmetries(signs), seed=SEED, processes=2).weights
    settings = Samples(mixed=min(Samples().mixed, len(networks)))

    def generator(name: str) -> np.random.Generator:
        return stream(SEED, STREAM, name, group)

    made = weight_samples(aligned, networks, studied.architecture, settings, COUNT, generator)
    return {(OF_WEIGHTS, name): weights for name, weights in made.items()}


def around_the_mean(made: Populations) -> Populations:
    return {name: weights for name, weights in made.items() if name[1].startswith(("aligned", "mean_noise"))}


def noise_alone(studied: Studied, mean: np.ndarray) -> Populations:
    """All that `mean_noise` has but the mean itself: noise in the scale of each of its layers, at three lengths."""
    draws = stream(SEED, STREAM, "alone").standard_normal((COUNT, mean.size))
    noise = scaled(draws, studied.architecture, 1 / layer_scales(mean[None], studied.architecture))
    return {("scales", f"noise × {length:g}"): np.float32(length * noise) for length in LENGTHS}


def standard(architecture: Architecture) -> Populations:
    found = {}
    for init in STANDARD_INITS:
        drawn = np.stack([initialise(architecture, init, stream(SEED, STREAM, init, place)) for place in range(COUNT)])
        found |= {("scratch", f"{init} × {length:g}"): np.float32(length) * drawn for length in LENGTHS}
    return found


def shrunk(studied: Studied, networks: np.ndarray) -> Populations:
    """Training networks with noise in the scale of each layer, as long as a share of what they were."""
    generator = stream(SEED, STREAM, "shrunk")
    anchors = networks[generator.permutation(len(networks))[:COUNT]]
    one = np.ones((1, studied.architecture.size))
    sigma = 1 / scaled(one, studied.architecture, layer_scales(networks, studied.architecture))
    draws = sigma * generator.standard_normal(anchors.shape)
    return {
        ("controls", f"length_{length:g}_noise {noise:g}"): (
            length / np.sqrt(1 + noise**2) * (anchors + noise * draws)
        ).astype(np.float32)
        for length in LENGTHS
        for noise in NOISES
    }


def cases(studied: Studied, numbers: list[int]) -> Iterator[Case]:
    """The usual number of networks and all there is to compare; orders alone; other numbers of networks."""
    usual = studied.training[:USUAL]
    made = sampled(studied, usual)
    made |= noise_alone(studied, made[OF_WEIGHTS, "aligned 0"][0])
    made |= shrunk(studied, usual) | standard(studied.architecture) | {("B_T", "zoo"): studied.unseen[:COUNT]}
    yield Case(usual, 0, True, made)
    if any(studied.symmetries().flips):
        yield Case(usual, 0, False, around_the_mean(sampled(studied, usual, signs=False)))
    for number in numbers:
        for group in range(min(GROUPS, len(studied.training) // number)):
            networks = studied.training[group * number : (group + 1) * number]
            yield Case(networks, group, True, around_the_mean(sampled(studied, networks, group)))


def read(path: Path) -> Studied:
    if path.suffix == ".npy":
        weights = np.load(path).astype(np.float32)
        training, validation, _ = Split().counts(len(weights))
        return Studied(
            weights[:training], weights[training + validation :], Architecture(), Recipe(**PRESETS["mnist"]["recipe"])
        )
    zoo, split = read_zoo(path), read_table(path.with_name("split.parquet")).set_index("network").split
    last, of = zoo.at(max(zoo.trained.kept)), split.loc[zoo.seeds].to_numpy()
    return Studied(last[of == "train"], last[of == "test"], zoo.architecture, Recipe(**zoo.settings["recipe"]))


def finetuned(studied: Studied, made: Populations, images: ImageSet, times: int, epochs: int) -> pd.DataFrame:
    """A row a population and epoch, of test images."""
    found = finetune(
        {"\n".join(name): weights for name, weights in made.items()},
        images,
        studied.recipe.model_copy(update={"learning_rate": times * studied.recipe.learning_rate}),
        root_seed=SEED,
        target=images.name,
        epochs=epochs,
        architecture=studied.architecture,
        threads=2,
    )
    tested = found[found.split == "test"].groupby(["sampler", "epoch"], sort=False).accuracy
    table = tested.agg(mean="mean", std=lambda of: of.std(ddof=0)).reset_index()
    half = 1.96 * table["std"] / np.sqrt(COUNT - 1)
    table["low"], table["high"] = table["mean"] - half, table["mean"] + half
    names = table.pop("sampler").str.split("\n", expand=True)
    return table.assign(population=names[0], sampler=names[1])


def main(
    zoo: Path,
    images: Path,
    output: Path,
    target: Annotated[list[Path] | None, typer.Option(help="images of another data set")] = None,
    networks: Annotated[list[int] | None, typer.Option(help="another number of training networks")] = None,
    epochs: int = 25,
    resume: Annotated[bool, typer.Option("--resume", help="measure only what OUTPUT, of this command, lacks")] = False,
) -> None:
    studied = read(zoo)
    sets = {of.name: of for of in map(read_images, (images, *(target or [])))}
    tasks = list(product(sets, RATES))
    tables = dict(iter(read_table(output).groupby(CASE, sort=False))) if resume and output.exists() else {}
    for place, case in enumerate(cases(studied, networks or [])):
        keys = [(*task, len(case.networks), case.group, case.signs) for task in (tasks if place == 0 else tasks[:1])]
        missing = [key for key in keys if key not in tables]
        novelty = case.novelty(studied) if missing else None
        for key in missing:
            table = finetuned(studied, case.made, sets[key[0]], key[1], epochs).merge(novelty, on=NAME)
            tables[key] = table.assign(**dict(zip(CASE, key, strict=True)))
            write_table(output, pd.concat(tables.values(), ignore_index=True))


if __name__ == "__main__":
    typer.run(main)
