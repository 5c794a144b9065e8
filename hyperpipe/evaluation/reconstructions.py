"""What is left of networks when an autoencoder has encoded and decoded them: whether it generalises or memorises."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep.hyperrep_store import HyperRepresentation
from hyperpipe.hyperrep.rows import Rows
from hyperpipe.images.image_set import ImageSet
from hyperpipe.zoo.choice import Choice
from hyperpipe.zoo.settings import Recipe
from hyperpipe.zoo.trainer import accuracies_of

ORIGINAL = "original"


def reconstructions(
    hyperrep: HyperRepresentation,
    rows: Mapping[str, Rows],
    epoch: int,
    images: ImageSet,
    recipe: Recipe,
    *,
    choice: Choice | None = None,
    threads: int = 1,
) -> pd.DataFrame:
    """Accuracy on the images' test split of the networks of each split of the zoo at one of its epochs.

    Long form: network (its seed), split (of networks), weights, accuracy. weights: ``original``, as they are, or the
    checkpoint that encoded and decoded them. Raises HyperpipeError where no network has weights at this epoch.
    """
    frames = []
    for split, of_split in rows.items():
        here = of_split.epochs == epoch
        originals, networks = of_split.weights[here], of_split.networks[here]
        if not len(networks):
            continue
        versions = {ORIGINAL: originals}
        for selection in hyperrep.checkpoints:
            versions[selection] = hyperrep.decode(hyperrep.encode(originals, selection), selection)
        accuracies = accuracies_of(
            np.concatenate(list(versions.values())),
            images,
            recipe,
            "test",
            purpose=f"reconstructions/{hyperrep.zoo}/{hyperrep.loss}",
            architecture=hyperrep.architecture,
            choice=choice,
            threads=threads,
        )
        names = {"network": np.tile(networks, len(versions)), "split": split}
        frames.append(
            pd.DataFrame(names | {"weights": np.repeat(list(versions), len(networks)), "accuracy": accuracies})
        )
    if not frames:
        said = f"no network of it has weights at epoch {epoch} that can be used"
        raise HyperpipeError(f"zoo {hyperrep.zoo}: {said}; raise hyperrep.weight_threshold")
    return pd.concat(frames, ignore_index=True)
