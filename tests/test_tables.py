"""The tables say what the long-form measurements say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from hyperpipe.config import load_config, tables_slice
from hyperpipe.results.tables import cell, measured, table1, table2

TINY = Path(__file__).resolve().parent / "config.yaml"


def test_a_cell_is_mean_and_population_deviation_in_percent():
    assert cell(np.array([0.1, 0.3])) == "20.0 (10.0)"
    assert cell(np.array([])) == "–"


def test_table_1_has_the_papers_rows_in_its_order_from_the_test_split_of_images_and_networks():
    config = tables_slice(load_config(yaml.safe_load(TINY.read_text())))
    rows = {
        "network": [1, 1, 2, 3],
        "split": ["test", "train", "test", "test"],
        "accuracy": [0.2, 0.9, 0.4, 0.9],
    }
    metrics = pd.DataFrame({"zoo": "digits", "epoch": 1, **rows})
    splits = pd.DataFrame({"zoo": "digits", "network": [1, 2, 3], "split": ["test", "test", "train"]})

    def tuned(population: str, sampler: str, accuracies: list[float]) -> pd.DataFrame:
        columns = {"zoo": "digits", "target": "digits", "population": population, "sampler": sampler, "epoch": 2}
        return pd.DataFrame(columns | {"network": [0, 1], "split": "test", "accuracy": accuracies})

    evaluations = [tuned("scratch", "pytorch_default", [0.5, 0.5])]
    for number, name in enumerate(("S_KDE30", "S_KDE", "B_KDE30")):  # not in the paper's order
        evaluations += [tuned(name, "independent", [0.1, 0.1]), tuned(name, "released", [0.5, 0.7 - number / 10])]
        evaluations.append(tuned(name, "reconstruction", [0.8, 0.8]))
    table = table1(config, measured(pd.concat(evaluations), metrics, splits))

    names = ("B_KDE30", "S_KDE", "S_KDE30")
    sampled = [f"{name} {sampler}" for name in names for sampler in ("independent", "released")]
    controls = [f"{name} reconstruction" for name in names] + ["scratch pytorch_default"]
    assert table.Epoch.tolist() == [0] * 11 + [1] * 11 + [2] * 11
    for epoch in (0, 1, 2):
        of_epoch = table[table.Epoch == epoch]
        assert (of_epoch.Population + " " + of_epoch.Sampler).tolist() == ["B_T zoo", *sampled, *controls]
    found = table.set_index(["Population", "Sampler", "Epoch"])
    assert found.loc[("B_T", "zoo", 1)].tolist() == ["2", "30.0 (10.0)"]
    assert found.loc[("S_KDE30", "released", 2)].tolist() == ["2", "60.0 (10.0)"]
    assert found.loc[("S_KDE", "released", 2)].tolist() == ["2", "55.0 (5.0)"]
    assert found.loc[("S_KDE", "independent", 2)].tolist() == ["2", "10.0 (0.0)"]
    assert found.loc[("S_KDE", "independent", 1)].tolist() == ["0", "–"]


def test_table_2_has_a_column_a_transfer_with_what_the_target_does_without_a_source():
    config = tables_slice(load_config(yaml.safe_load(TINY.read_text())))

    def rows(zoo: str, target: str, population: str, sampler: str, accuracy: float) -> dict:
        names = {"zoo": zoo, "target": target, "population": population, "sampler": sampler}
        return names | {"network": 0, "epoch": 1, "accuracy": accuracy}

    measurements = pd.DataFrame(
        [
            rows("digits", "printed", "S_KDE30", "released", 0.4),
            rows("digits", "printed", "B_F", "zoo", 0.3),
            rows("printed", "printed", "B_T", "zoo", 0.1),
            rows("printed", "printed", "scratch", "pytorch_default", 0.2),
            rows("digits", "digits", "B_T", "zoo", 0.8),
            rows("digits", "digits", "S_KDE30", "released", 0.9),
        ]
    )
    table = table2(config, measurements)
    assert list(table.columns) == ["Epoch", "Population", "Sampler", "n", "digits → printed"]
    of_epoch = table[table.Epoch == 1]
    assert of_epoch.Population.tolist() == ["B_T", "B_F", "S_KDE30", "scratch"]
    assert of_epoch["digits → printed"].tolist() == [f"{mean}.0 (0.0)" for mean in (10, 30, 40, 20)]
