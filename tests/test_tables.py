"""The tables say what the long-form measurements say."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from hyperpipe.config import load_config, tables_slice
from hyperpipe.evaluation.settings import Finetuning
from hyperpipe.results.tables import CONTROLS, cell, recipe_in_words, table1, table2
from hyperpipe.sampling import controls

TINY = Path(__file__).resolve().parent / "config.yaml"


def test_a_cell_is_mean_and_deviation_in_percent():
    assert cell(0.2, 0.1) == "20.0 (10.0)"


def test_table_1_has_the_papers_rows_in_its_order_from_the_test_split_of_images():
    config = tables_slice(load_config(yaml.safe_load(TINY.read_text())))

    def row(population: str, sampler: str, mean: float, epoch: int = 2, networks: int = 2) -> dict:
        names = {"zoo": "digits", "target": "digits", "population": population, "sampler": sampler, "split": "test"}
        return names | {"epoch": epoch, "networks": networks, "mean": mean, "std": 0.05}

    rows = [row("scratch", "pytorch_default", 0.5), row("B_T", "zoo", 0.3, epoch=1, networks=7)]
    for number, name in enumerate(("S_KDE30", "S_KDE", "B_KDE30")):  # not in the paper's order
        rows += [
            row(name, "independent", 0.1),
            row(name, "released", 0.6 - number / 20),
            row(name, "reconstruction", 0.8),
        ]
    rows.append(row("S_KDE", "independent", 0.9) | {"split": "train"})
    table = table1(config, pd.DataFrame(rows))

    names = ("B_KDE30", "S_KDE", "S_KDE30")
    sampled = [f"{name} {sampler}" for name in names for sampler in ("independent", "released")]
    controls = [f"{name} reconstruction" for name in names] + ["scratch pytorch_default"]
    assert table.Epoch.tolist() == [0] * 11 + [1] * 11 + [2] * 11
    for epoch in (0, 1, 2):
        of_epoch = table[table.Epoch == epoch]
        assert (of_epoch.Population + " " + of_epoch.Sampler).tolist() == ["B_T zoo", *sampled, *controls]
    found = table.set_index(["Population", "Sampler", "Epoch"])
    assert found.loc[("B_T", "zoo", 1)].tolist() == ["7", "30.0 (5.0)"]
    assert found.loc[("S_KDE30", "released", 2)].tolist() == ["2", "60.0 (5.0)"]
    assert found.loc[("S_KDE", "released", 2)].tolist() == ["2", "55.0 (5.0)"]
    assert found.loc[("S_KDE", "independent", 2)].tolist() == ["2", "10.0 (5.0)"]
    assert found.loc[("S_KDE", "independent", 1)].tolist() == ["0", "–"]


def test_table_2_has_a_column_a_transfer_with_what_the_target_does_without_a_source():
    config = tables_slice(load_config(yaml.safe_load(TINY.read_text())))

    def rows(zoo: str, target: str, population: str, sampler: str, accuracy: float) -> dict:
        names = {"zoo": zoo, "target": target, "population": population, "sampler": sampler}
        return names | {"split": "test", "epoch": 1, "networks": 1, "mean": accuracy, "std": 0.0}

    accuracies = pd.DataFrame(
        [
            rows("digits", "printed", "S_KDE30", "released", 0.4),
            rows("digits", "printed", "B_F", "zoo", 0.3),
            rows("printed", "printed", "B_T", "zoo", 0.1),
            rows("printed", "printed", "scratch", "pytorch_default", 0.2),
            rows("digits", "digits", "B_T", "zoo", 0.8),
            rows("digits", "digits", "S_KDE30", "released", 0.9),
        ]
    )
    table = table2(config, accuracies)
    assert list(table.columns) == ["Epoch", "Population", "Sampler", "n", "digits → printed"]
    of_epoch = table[table.Epoch == 1]
    assert of_epoch.Population.tolist() == ["B_T", "B_F", "S_KDE30", "scratch"]
    assert of_epoch["digits → printed"].tolist() == [f"{mean}.0 (0.0)" for mean in (10, 30, 40, 20)]


@pytest.mark.parametrize(("last", "epochs"), [(1, [0, 1]), (2, [0, 1, 2]), (25, [0, 1, 25]), (50, [0, 1, 25, 50])])
def test_the_epochs_shown_are_those_before_and_after_one_25_and_all(last, epochs):
    config = tables_slice(load_config(yaml.safe_load(TINY.read_text()) | {"finetuning": {"epochs": last}}))
    names = {"zoo": "digits", "target": "digits", "population": "S_KDE", "sampler": "joint", "split": "test"}
    table = table1(config, pd.DataFrame([names | {"epoch": 0, "networks": 2, "mean": 0.5, "std": 0.1}]))
    assert table[table.Population == "S_KDE"].Epoch.tolist() == epochs


def test_every_control_is_explained():
    assert tuple(CONTROLS) == controls.CONTROLS


def test_the_recipe_of_a_transfer_is_named():
    said = {("target", "recipe"): "the target's recipe", ("source", "source"): "the source's recipe"}
    said |= {("target", "source"): "the target's recipe but the source's activation"}
    for (recipe, activation), words in said.items():
        assert recipe_in_words(Finetuning(recipe=recipe, activation=activation)) == words
