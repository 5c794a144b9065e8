"""The tables say what the long-form measurements say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from hyperpipe.config import load_config, tables_slice
from hyperpipe.results.tables import cell, measured, table1

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
    released, independent = ({"sampler": s, "accuracy": a} for s, a in (("released", [0.5, 0.7]), ("independent", 0.1)))
    tuned = {"zoo": "digits", "target": "digits", "population": "S_KDE", "network": [0, 1], "epoch": 2, "split": "test"}
    evaluations = pd.concat([pd.DataFrame(tuned | sampled) for sampled in (released, independent)])
    table = table1(config, measured(evaluations, metrics, splits))
    at_1 = table[table.Epoch == 1]
    sampled = [f"{name} {s}" for name in ("B_KDE30", "S_KDE", "S_KDE30") for s in ("independent", "released")]
    assert (at_1.Population + " " + at_1.Sampler).tolist()[:7] == ["B_T –", *sampled]
    found = table.set_index(["Population", "Sampler", "Epoch"])
    assert found.loc[("B_T", "–", 1)].tolist() == ["2", "30.0 (10.0)"]
    assert found.loc[("S_KDE", "released", 2)].tolist() == ["2", "60.0 (10.0)"]
    assert found.loc[("S_KDE", "independent", 2)].tolist() == ["2", "10.0 (0.0)"]
    assert found.loc[("S_KDE30", "released", 2)].tolist() == ["0", "–"]
