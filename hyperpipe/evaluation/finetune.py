"""Fine-tuning populations on a data set (protocol §5)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from hyperpipe.cnn import Architecture
from hyperpipe.errors import HyperpipeError
from hyperpipe.images.image_set import ImageSet
from hyperpipe.zoo.choice import Choice
from hyperpipe.zoo.settings import Recipe
from hyperpipe.zoo.trainer import architecture_for, train_population


def finetune(
    populations: Mapping[str, np.ndarray],
    images: ImageSet,
    recipe: Recipe,
    *,
    root_seed: int,
    target: str,
    epochs: int,
    architecture: Architecture,
    shared_order: bool = False,
    choice: Choice | None = None,
    threads: int = 1,
) -> pd.DataFrame:
    """Trains every network of every population [M, P] with a fresh Adam; epoch 0 is before any update.

    Long form: sampler, network (its place in the population, from 0), epoch, split, loss, accuracy. The k-th networks
    of all populations meet the images of `target` in the same order, so populations can be compared in pairs; with
    `shared_order` all networks meet them in that of the first ones.
    Raises HyperpipeError where the networks are for images of other channels or another number of classes.
    """
    made_for, needed = ((a.in_channels, a.classes) for a in (architecture, architecture_for(images)))
    if made_for != needed:
        said = "finetune/{}: networks for {} channels and {} classes, images of {} and {}"
        said = said.format(target, *made_for, *needed)
        raise HyperpipeError(f"{said}; take {target} out of what their zoo is transferred to (sources)")
    numbers = [np.arange(len(weights)) for weights in populations.values()]
    orders = np.concatenate(numbers)
    trained = train_population(
        np.concatenate(list(populations.values())),
        images,
        recipe,
        root_seed=root_seed,
        purpose=f"finetune/{target}",
        seeds=(np.zeros_like(orders) if shared_order else orders).tolist(),
        epochs=epochs,
        architecture=architecture,
        choice=choice,
        threads=threads,
    )
    names = np.repeat(list(populations), [len(weights) for weights in populations.values()])
    frame = trained.metrics(np.arange(len(names)))
    places = frame.pop("network").to_numpy()
    frame.insert(0, "sampler", names[places])
    frame.insert(1, "network", np.concatenate(numbers)[places])
    return frame
