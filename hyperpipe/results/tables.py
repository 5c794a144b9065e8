"""The tables of the paper as Markdown."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hyperpipe.config import TablesSlice


def tables_page(config: TablesSlice, metrics: list[pd.DataFrame], splits: list[pd.DataFrame]) -> str:
    """results/tables.md: Table 1 and what was run."""
    measured = pd.concat(metrics).merge(pd.concat(splits), on=["zoo", "network"], suffixes=("", "_of_network"))
    b_t = measured[(measured.split == "test") & (measured.split_of_network == "test")]
    lines = ["# Tables", "", "## Table 1: populations on their source data set", ""]
    lines += ["Test accuracy in %, mean (standard deviation) over a population's networks.", ""]
    lines += [_markdown(_table1(config, b_t)), ""]
    counts = ", ".join(f"{zoo} {b_t[b_t.zoo == zoo].network.nunique()}" for zoo in config.zoos)
    lines += [f"B_T: the zoo's own networks of the test split, trained from scratch; networks: {counts}.", ""]
    lines += ["## What was run", "", _markdown(_runs(config)), ""]
    return "\n".join(lines)


def cell(accuracies: pd.Series | np.ndarray) -> str:
    """``83.3 (2.6)``: mean and standard deviation (ddof 0, as in the released code) in %; an empty population ``–``."""
    values = 100 * np.asarray(accuracies, float)
    return f"{values.mean():.1f} ({values.std():.1f})" if values.size else "–"


def _table1(config: TablesSlice, b_t: pd.DataFrame) -> pd.DataFrame:
    epochs = sorted({0, 1} | {zoo.epochs for zoo in config.zoos.values()})
    rows = [
        {"Population": "B_T", "Epoch": epoch}
        | {zoo: cell(b_t[(b_t.zoo == zoo) & (b_t.epoch == epoch)].accuracy) for zoo in config.zoos}
        for epoch in epochs
    ]
    return pd.DataFrame(rows)


def _runs(config: TablesSlice) -> pd.DataFrame:
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


def _markdown(frame: pd.DataFrame) -> str:
    return frame.to_markdown(index=False, disable_numparse=True)
