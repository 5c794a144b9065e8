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
    here = {split: of_split.epochs == epoch for split, of_split in rows.items()}
    networks = np.concatenate([rows[split].networks[chosen] for split, chosen in here.items()])
    if not len(networks):
        said = f"no network of it has weights at epoch {epoch} that can be used"
        raise HyperpipeError(f"zoo {hyperrep.zoo}: {said}; raise hyperrep.weight_threshold")
    originals = np.concatenate([rows[split].weights[chosen] for split, chosen in here.items()])
    versions = {ORIGINAL: originals}
    for selection in hyperrep.checkpoints:
        versions[selection] = hyperrep.decode(hyperrep.encode(originals, selection), selection)
    accuracies = accuracies_of(
        np.concatenate(list(versions.values())),
        images,
        recipe,
        "test",
        purpose=f"reconstructions/{hyperrep.zoo}/{hyperrep.name}",
        architecture=hyperrep.architecture,
        choice=choice,
        threads=threads,
    )
    columns = {
        "network": np.tile(networks, len(versions)),
        "split": np.tile(np.repeat(list(here), [chosen.sum() for chosen in here.values()]), len(versions)),
        "weights": np.repeat(list(versions), len(networks)),
        "accuracy": accuracies,
    }
    return pd.DataFrame(columns)
