"""The cells of Tables 1, 2 and 5 in long form: what was measured, what was published, how new a population is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hyperpipe.results.novelty import COLUMNS
from hyperpipe.results.published import published
from hyperpipe.results.settings import TablesSlice
from hyperpipe.sampling.settings import POPULATIONS, RECONSTRUCTION

_POPULATION = ["zoo", "population", "sampler"]
# The samplers that a number of the paper may be of: it says the first, its code has the second.
_OF_PAPER = ("zoo", "independent", "released", "joint")
_NO_SOURCE = ["B_T", "scratch"]  # they stand beside what is transferred to their images


def cells(config: TablesSlice, accuracies: pd.DataFrame, novelty: pd.DataFrame) -> pd.DataFrame:
    """A row a population, sampler and epoch of a column of a table, on test images.

    table: ``1``, ``2``, ``5``, or ``transfer`` for pairs of data sets that the paper has none of. column: the source,
    or ``source → target``. zoo: whose networks they are or were made of; of B_T and scratch the target. selection: the
    autoencoder's checkpoint that decoded them; empty where none did. mean, std, low, high, published, published_std:
    accuracies in 0 … 1, the paper's NaN where it has none. comparable: the run's settings are the paper's. control: a
    row of the tables' second block. record: the id of the record of what measured the networks. cosine, within,
    agreement, wrong_overlap, distance, latent: novelty, means over the population before it is fine-tuned, as against
    the training networks of its source.
    """
    means = novelty.pivot_table(index=_POPULATION, columns="measure", values="value", dropna=False)
    tested = accuracies[accuracies.split == "test"].drop(columns="split")
    pairs = [(source, target) for source, targets in config.sources.items() for target in (source, *targets)]
    columns = [_column(config, source, target, tested, means) for source, target in pairs]
    found = pd.concat(columns, ignore_index=True).assign(comparable=not config.differences)
    names = zip(found.population, found.sampler, strict=True)
    decoded = [population in POPULATIONS or sampler == "random_latents" for population, sampler in names]
    found.insert(found.columns.get_loc("sampler") + 1, "selection", np.where(decoded, config.sampling.selection, ""))
    found["control"] = found.population.isin(["controls", "scratch"]) | (found.sampler == RECONSTRUCTION)
    return found


def _column(config: TablesSlice, source: str, target: str, tested: pd.DataFrame, novelty: pd.DataFrame) -> pd.DataFrame:
    own = tested[(tested.zoo == source) & (tested.target == target)]
    if source != target:
        own = pd.concat([tested[(tested.zoo == target) & tested.population.isin(_NO_SOURCE)], own])
    table, papers = published(*(config.data_sets[zoo].source for zoo in (source, target)))
    keys = zip(own.population, own.sampler, own.epoch, strict=True)
    beside = [papers.get((population, epoch)) if sampler in _OF_PAPER else None for population, sampler, epoch in keys]
    found = own.join(novelty.reindex(columns=list(COLUMNS)), on=_POPULATION)
    numbers = np.array([_shares(*(pair or (np.nan, None))) for pair in beside]).reshape(-1, 2)
    found["published"], found["published_std"] = numbers.T
    if source != target:  # how new they are was measured against networks of their own zoo, not of the source
        found.loc[found.zoo == target, list(COLUMNS)] = np.nan
    found.insert(0, "table", table)
    found.insert(1, "column", source if source == target else f"{source} → {target}")
    return found


def _shares(mean: float, std: float | None) -> tuple[float, float]:
    """Of %, without the digits that a division adds."""
    return round(mean / 100, 5), np.nan if std is None else round(std / 100, 5)
