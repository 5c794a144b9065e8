"""The figure of an autoencoder's training, and the table of what autoencoders learnt."""

from __future__ import annotations

from contextlib import contextmanager
from xml.etree import ElementTree

import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure

from hyperpipe.config import load_config, tables_slice
from hyperpipe.figures.learning import draw_learning
from hyperpipe.results.runs import checkpoint_epochs, hyperreps_that_were_run
from hyperpipe.store import read_table
from runs import TINY


def looks(errors: dict[int, float], split: str = "validation", quantity: str = "error") -> pd.DataFrame:
    names = {"split": split, "quantity": quantity, "layer": "all"}
    return pd.DataFrame([names | {"epoch": epoch, "value": value} for epoch, value in errors.items()])


def test_the_two_checkpoints_are_the_first_lowest_validation_error_and_the_last():
    history = pd.concat([looks({2: 0.5, 4: 0.2, 6: 0.2, 7: 0.9}), looks({2: 0.1, 4: 0.3, 8: 0.01}, "train")])
    assert checkpoint_epochs(history) == {"best_validation": 4, "last": 7}


def test_the_table_of_autoencoders_shows_each_checkpoint_on_networks_that_it_saw_and_did_not():
    config = tables_slice(load_config(yaml.safe_load(TINY.read_text())))
    history = [looks({2: 0.5, 3: 0.75}), looks({2: 0.4, 3: 0.01}, "train")]
    history += [looks({2: 0.3, 3: -0.1}, quantity="r2"), looks({2: 0.6, 3: 0.99}, "train", "r2")]
    history = pd.concat(
        [pd.concat(history).assign(zoo="digits", autoencoder=name) for name in ("lwln", "plain", "aligned")]
    )
    accuracies = {"original": 0.8, "best_validation": 0.1, "last": 0.7}
    rows = [
        {
            "split": split,
            "weights": weights,
            "accuracy": accuracy + shift - (weights == "last") * (split != "train") / 2,
        }
        for split in ("train", "validation")
        for weights, accuracy in accuracies.items()
        for shift in (-0.05, 0.05)
    ]
    tested = pd.concat(
        [pd.DataFrame(rows).assign(zoo="digits", autoencoder=name) for name in ("lwln", "plain", "aligned")]
    )
    table = hyperreps_that_were_run(config, history, tested)
    assert table.Autoencoder.tolist() == ["lwln", "lwln", "plain", "plain", "aligned", "aligned"]
    assert table.iloc[1].tolist() == [
        "digits",
        "lwln",
        "last (used)",
        3,
        "0.01, 0.75",
        "0.99, -0.1",
        "80.0 → 70.0",
        "80.0 → 20.0",
        "–",
    ]
    assert table.iloc[0].tolist()[2:7] == ["best_validation", 2, "0.4, 0.5", "0.6, 0.3", "80.0 → 10.0"]


@pytest.fixture
def measured(run) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """History and reconstructions of an autoencoder, and the title of its figure."""
    folder = run / "results/hyperreps/digits/lwln"
    tables = (read_table(folder / f"{name}.parquet") for name in ("history", "reconstructions"))
    return *tables, "Autoencoder of digits, lwln"


def test_the_figure_of_a_run_comes_out_again_byte_for_byte(run, measured, tmp_path):
    paths = [tmp_path / f"again.{kind}" for kind in ("png", "svg")]
    draw_learning(*measured, *paths)
    for path in paths:
        assert path.read_bytes() == (run / f"results/hyperreps/digits/lwln/learning{path.suffix}").read_bytes()
    assert ElementTree.parse(paths[1]).getroot().tag.endswith("svg")


def test_every_curve_of_the_history_and_every_accuracy_is_in_the_figure(measured, monkeypatch):
    figures = []

    @contextmanager
    def unwritten(*arguments):
        figures.append(Figure())
        yield figures[0]

    monkeypatch.setattr("hyperpipe.figures.learning.figure", unwritten)
    draw_learning(*measured)
    history, reconstructions, _ = measured
    drawn = [list(line.get_xydata().ravel()) for axes in figures[0].axes for line in axes.lines]
    curves = history.groupby(["split", "quantity", "layer"], sort=False)
    assert len(curves) == 4 + 2 * (1 + 6 + 3)
    for name, curve in curves:
        assert curve[["epoch", "value"]].to_numpy(float).ravel().tolist() in drawn, name
    heights = [list(line.get_ydata()) for line in figures[0].axes[3].lines]
    for name, points in reconstructions.groupby(["split", "weights"]):
        assert (100 * points.accuracy).tolist() in heights, name
