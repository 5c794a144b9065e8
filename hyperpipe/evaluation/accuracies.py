"""What populations are worth: the accuracies of their networks, and the means, spreads and intervals of these."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import bootstrap

from hyperpipe.evaluation.settings import Bootstrap
from hyperpipe.randomness import stream

_POPULATION = ["zoo", "target", "population", "sampler"]
_BATCH = 100  # draws at once: those of 1000 networks over 50 epochs are 40 MB


def measured(evaluations: pd.DataFrame, metrics: pd.DataFrame, splits: pd.DataFrame) -> pd.DataFrame:
    """Accuracies of all networks: zoo (source), target, population, sampler, network, split (of images), epoch, and
    the id of the record of what measured them.

    evaluations: of fine-tuning. B_T, the networks of a zoo's test split, comes from `metrics`, the zoos' own logs
    (protocol §5); splits: of all zoos, by network.
    """
    b_t = metrics.merge(splits, on=["zoo", "network"], suffixes=("", "_of_network"))
    b_t = b_t[b_t.split_of_network == "test"].assign(population="B_T", sampler="zoo", target=b_t.zoo)
    columns = [*_POPULATION, "network", "split", "epoch", "accuracy", "record"]
    return pd.concat([frame[columns] for frame in (b_t, evaluations)], ignore_index=True)


def summarised(measurements: pd.DataFrame, settings: Bootstrap, root_seed: int) -> pd.DataFrame:
    """A row a population, split of images and epoch: networks, mean, std, low, high, record; accuracies in 0 … 1.

    std: over the population, ddof 0, as in the released code (protocol §5). low, high: the percentile bootstrap
    interval of the mean; networks are drawn whole, the same ones for all epochs, from a stream of the population's
    own. Of one network there is none: NaN.
    """
    groups = measurements.groupby([*_POPULATION, "split"], sort=False)
    return pd.DataFrame([row for key, group in groups for row in _rows(key, group, settings, root_seed)])


def _rows(key: Any, group: pd.DataFrame, settings: Bootstrap, root_seed: int) -> Iterator[dict[str, Any]]:
    by_epoch = group.pivot(index="network", columns="epoch", values="accuracy")
    accuracies = by_epoch.to_numpy()
    low, high = interval_of_mean(accuracies, settings, stream(root_seed, "bootstrap", *key))
    names = dict(zip([*_POPULATION, "split"], key, strict=True))
    (record,) = group.record.unique()  # a population is measured in one go
    for column, epoch in enumerate(by_epoch.columns):
        values = accuracies[:, column]
        row = {"epoch": epoch, "networks": len(values), "mean": values.mean(), "std": values.std()}
        yield names | row | {"low": low[column], "high": high[column], "record": record}


def interval_of_mean(
    values: np.ndarray, settings: Bootstrap, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Low and high ends [E] of the percentile bootstrap interval of the mean over M networks; values: [M, E]."""
    if len(values) == 1:
        none = np.full(values.shape[1], np.nan)
        return none, none
    found = bootstrap(
        (values,),
        np.mean,
        n_resamples=settings.resamples,
        confidence_level=settings.confidence,
        method="percentile",
        vectorized=True,
        batch=_BATCH,
        rng=generator,
    )
    return found.confidence_interval.low, found.confidence_interval.high
