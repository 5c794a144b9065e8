"""`train_population`: the one call that zoos, baselines and every fine-tuning run go through."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hyperpipe.cnn import Architecture
from hyperpipe.errors import HyperpipeError
from hyperpipe.images.image_set import SPLITS, ImageSet
from hyperpipe.progress import Progress
from hyperpipe.randomness import stream
from hyperpipe.zoo.backend import Backend
from hyperpipe.zoo.choice import Choice, choose_backend
from hyperpipe.zoo.settings import Recipe, Training


@dataclass(frozen=True)
class Trained:
    """What `train_population` returns.

    kept: the epochs asked for, ascending; weights: float32 [len(kept), M, P] at these.
    loss, accuracy: by split, float64 [epochs + 1, M]; row e is after e epochs, row 0 before training. The training
    split is measured before each batch's update as the epoch runs (row 0: over the whole split), as in the released
    code's logs; the others after the epoch.
    backend: the one that did it.
    """

    kept: tuple[int, ...]
    weights: np.ndarray
    loss: dict[str, np.ndarray]
    accuracy: dict[str, np.ndarray]
    backend: str

    def metrics(self, networks: np.ndarray) -> pd.DataFrame:
        """Long form: network (its name among `networks` [M]), epoch, split, loss, accuracy."""
        frames = []
        for split, accuracy in self.accuracy.items():
            epochs = len(accuracy)
            columns = {
                "network": np.tile(networks, epochs),
                "epoch": np.repeat(np.arange(epochs), len(networks)),
                "split": split,
                "loss": self.loss[split].ravel(),
                "accuracy": accuracy.ravel(),
            }
            frames.append(pd.DataFrame(columns))
        return pd.concat(frames, ignore_index=True)


def train_population(
    weights: np.ndarray,
    images: ImageSet,
    recipe: Recipe,
    *,
    root_seed: int,
    purpose: str,
    seeds: Sequence[int],
    epochs: int,
    keep_epochs: Sequence[int] = (),
    architecture: Architecture | None = None,
    choice: Choice | None = None,
    threads: int = 1,
) -> Trained:
    """Trains M networks from `weights` [M, P] for some epochs, each in its own batch order (protocol §1.3).

    Network m visits the images of epoch e in the order of the stream (root_seed, "<purpose>/order", seeds[m], e), so
    its result depends on its weights and its seed, not on who trains beside it. Adam starts fresh; the last partial
    batch of an epoch is used. A network that diverges goes on as NaN and is recorded as such.

    architecture: of the networks; by default the paper's for these images. keep_epochs: whose weights come back.
    choice: the back end, by default what ``auto`` takes.
    Raises HyperpipeError where weights, seeds and images do not fit together or the initial weights are not finite.
    """
    architecture = architecture or architecture_for(images)
    weights = np.asarray(weights, np.float32)
    choice = choice or choose_backend(Training(), architecture, recipe)
    backend = _start(choice, weights, images, recipe, seeds, architecture, purpose, threads)
    kept = tuple(sorted(set(keep_epochs)))
    result = Trained(
        kept,
        np.empty((len(kept), *weights.shape), np.float32),
        {split: np.empty((epochs + 1, len(weights))) for split in SPLITS},
        {split: np.empty((epochs + 1, len(weights))) for split in SPLITS},
        choice.name,
    )
    count = len(images.splits["train"])
    with Progress(f"{purpose}, {len(weights)} networks", epochs * count * len(weights), "training images") as progress:
        for epoch in range(epochs + 1):
            measured = {}
            if epoch:
                orders = [stream(root_seed, f"{purpose}/order", s, epoch).permutation(count) for s in map(int, seeds)]
                measured["train"] = backend.train_epoch(np.stack(orders))
            measured |= backend.evaluate([split for split in SPLITS if split not in measured])
            for split, (loss, accuracy) in measured.items():
                result.loss[split][epoch], result.accuracy[split][epoch] = loss, accuracy
            if epoch in kept:
                result.weights[kept.index(epoch)] = backend.weights()
            if epoch:
                mean = result.accuracy["test"][epoch].mean()
                progress.advance(count * len(weights), f"epoch {epoch}, test accuracy {mean:.1%}")
    return result


def accuracies_of(
    weights: np.ndarray,
    images: ImageSet,
    recipe: Recipe,
    split: str,
    *,
    purpose: str,
    architecture: Architecture | None = None,
    choice: Choice | None = None,
    threads: int = 1,
) -> np.ndarray:
    """Of M networks [M, P] as they are, on one split of the images: float64 [M]. Raises as `train_population`."""
    architecture = architecture or architecture_for(images)
    weights = np.asarray(weights, np.float32)
    choice = choice or choose_backend(Training(), architecture, recipe)
    backend = _start(choice, weights, images, recipe, range(len(weights)), architecture, purpose, threads)
    return backend.evaluate([split])[split][1]


def predictions_of(
    weights: np.ndarray,
    images: ImageSet,
    recipe: Recipe,
    split: str,
    *,
    purpose: str,
    architecture: Architecture | None = None,
    threads: int = 1,
) -> np.ndarray:
    """Classes that M networks [M, P] choose for the N images of a split, [M, N]; -1 where a logit is NaN.

    By the back end ``stacked`` on the CPU, the one that says more than means. Raises as `train_population`.
    """
    from hyperpipe.zoo.stacked import StackedBackend

    architecture = architecture or architecture_for(images)
    weights = np.asarray(weights, np.float32)
    _check(weights, images, architecture, range(len(weights)), purpose)
    return StackedBackend(weights, architecture, recipe, images, threads).predictions(split)


def architecture_for(images: ImageSet) -> Architecture:
    """The paper's network for these images: their channels and classes."""
    return Architecture(in_channels=images.channels, classes=len(images.classes))


def _start(
    choice: Choice,
    weights: np.ndarray,
    images: ImageSet,
    recipe: Recipe,
    seeds: Sequence[int],
    architecture: Architecture,
    purpose: str,
    threads: int,
) -> Backend:
    _check(weights, images, architecture, seeds, purpose)
    print(f"{purpose}: back end {choice}", file=sys.stderr, flush=True)
    return choice.start(weights, architecture, recipe, images, threads)


def _check(
    weights: np.ndarray, images: ImageSet, architecture: Architecture, seeds: Sequence[int], purpose: str
) -> None:
    if weights.ndim != 2 or weights.shape[1] != architecture.size or len(weights) != len(seeds):
        raise HyperpipeError(
            f"{purpose}: weights of shape {weights.shape} and {len(seeds)} seeds; architecture {architecture} needs"
            f" ({len(seeds)}, {architecture.size})"
        )
    if not np.isfinite(weights).all():
        bad = np.flatnonzero(~np.isfinite(weights).all(axis=1))
        raise HyperpipeError(f"{purpose}: the initial weights of networks {bad[:5].tolist()} are not finite; drop them")
    for name, split in images.splits.items():
        shape = (architecture.in_channels, 28, 28)
        if split.images.dtype != np.uint8 or split.images.shape[1:] != shape:
            raise HyperpipeError(
                f"{purpose}: {name} images are {split.images.dtype} {split.images.shape[1:]}, uint8 {shape} needed"
            )
        if len(split) == 0 or split.labels.min() < 0 or split.labels.max() >= architecture.classes:
            raise HyperpipeError(f"{purpose}: {name} labels must be 0 … {architecture.classes - 1}, at least one")
