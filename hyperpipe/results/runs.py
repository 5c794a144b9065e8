"""What was run, as tables beside the results."""

from __future__ import annotations

import pandas as pd

from hyperpipe.hyperrep.settings import REASONS
from hyperpipe.images.image_set import SPLITS
from hyperpipe.results.settings import TablesSlice


def zoos_that_were_run(config: TablesSlice) -> pd.DataFrame:
    rows = []
    for name, zoo in config.zoos.items():
        recipe = zoo.recipe
        rows.append(
            {
                "Zoo": name,
                "Images": zoo.images,
                "Networks": zoo.networks,
                "Epochs": zoo.epochs,
                "Init": zoo.init,
                "Activation": recipe.activation,
                "Learning rate": f"{recipe.learning_rate:g}",
                "Weight decay": f"{recipe.weight_decay:g}",
                "Batch": recipe.batch_size,
            }
        )
    return pd.DataFrame(rows)


def rows_that_were_used(config: TablesSlice, rows: pd.DataFrame) -> pd.DataFrame:
    """How many rows each autoencoder was given, and how many were left out for which reason. rows: of all zoos."""
    lines = []
    for zoo in config.sources:
        for split in SPLITS:
            of_split = rows[(rows.zoo == zoo) & (rows.split == split)]
            line = {"Autoencoder of": zoo, "Split": split, "Networks": of_split.network.nunique()}
            line |= {"Rows": len(of_split), "Used": int((of_split.left_out == "").sum())}
            lines.append(line | {reason.capitalize(): int((of_split.left_out == reason).sum()) for reason in REASONS})
    return pd.DataFrame(lines)


def hyperreps_that_were_run(config: TablesSlice, history: pd.DataFrame) -> pd.DataFrame:
    """Reconstruction errors at both checkpoints; relative to predicting each layer's mean with LWLN, absolute without.

    history: that of all trainings, with the columns zoo and loss.
    """
    errors = history[history.part == "reconstruction"].pivot(
        index=["zoo", "loss", "epoch"], columns="split", values="value"
    )
    rows = []
    for zoo in config.sources:
        for loss in ("lwln", "plain"):
            of_run = errors.loc[zoo, loss]
            epochs = {"last": of_run.index.max(), "best_validation": of_run.validation.idxmin()}
            for selection, epoch in epochs.items():
                rows.append(
                    {
                        "Autoencoder of": zoo,
                        "Loss": loss,
                        "Checkpoint": selection + (" (used)" if selection == config.hyperrep.selection else ""),
                        "Epoch": epoch,
                        "Training error": f"{of_run.train[epoch]:.3g}",
                        "Validation error": f"{of_run.validation[epoch]:.3g}",
                    }
                )
    return pd.DataFrame(rows)
