"""What was run, as tables beside the results."""

from __future__ import annotations

import pandas as pd

from hyperpipe.hyperrep.settings import REASONS
from hyperpipe.images.image_set import SPLITS
from hyperpipe.results.settings import TablesSlice


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


def hyperreps_that_were_run(config: TablesSlice, history: pd.DataFrame, reconstructions: pd.DataFrame) -> pd.DataFrame:
    """Each autoencoder at both checkpoints: what it learnt of rows that it saw, and of those that it did not.

    history: of all trainings; reconstructions: of all autoencoders' networks; both with the columns zoo and
    autoencoder.
    """
    lines = []
    for zoo in config.sources:
        for autoencoder in config.autoencoders:
            of_run, tested = (
                frame[(frame.zoo == zoo) & (frame.autoencoder == autoencoder)] for frame in (history, reconstructions)
            )
            whole = of_run[of_run.layer == "all"].set_index(["epoch", "quantity", "split"]).value
            accuracies = 100 * tested.groupby(["split", "weights"]).accuracy.mean()
            for selection, epoch in checkpoint_epochs(of_run).items():
                used = " (used)" if selection == config.sampling.selection else ""
                line = {"Zoo": zoo, "Autoencoder": autoencoder, "Checkpoint": selection + used, "Epoch": epoch}
                for quantity, name in (("error", "Error"), ("r2", "R²")):
                    found = (whole.loc[epoch, quantity, split] for split in ("train", "validation"))
                    line[f"{name}: train, validation"] = ", ".join(f"{value:.3g}" for value in found)
                for split in SPLITS:
                    there = (split, selection) in accuracies.index
                    pair = (accuracies[split, weights] for weights in ("original", selection)) if there else ()
                    line[f"{split.capitalize()} networks"] = " → ".join(f"{mean:.1f}" for mean in pair) or "–"
                lines.append(line)
    return pd.DataFrame(lines)


def checkpoint_epochs(history: pd.DataFrame) -> dict[str, int]:
    """The epochs of the two checkpoints of a training. history: its own."""
    looked_at = history[(history.quantity == "error") & (history.split == "validation")].set_index("epoch").value
    return {"best_validation": int(looked_at.idxmin()), "last": int(looked_at.index.max())}
