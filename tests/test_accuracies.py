"""Means, spreads and intervals of populations, from the accuracies of their networks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hyperpipe.evaluation.accuracies import interval_of_mean, measured, summarised
from hyperpipe.evaluation.settings import Bootstrap


def population(accuracies: list[float], **names: str | int) -> pd.DataFrame:
    """A population's networks after an epoch; what is not named is of S_KDE on digits, tested."""
    columns = {"zoo": "digits", "target": "digits", "population": "S_KDE", "sampler": "joint", "split": "test"}
    columns["record"] = "of the population"
    return pd.DataFrame(columns | {"epoch": 1} | names | {"network": range(len(accuracies)), "accuracy": accuracies})


def test_b_t_is_read_off_the_logs_of_the_networks_of_the_test_split():
    log = {"network": [1, 1, 2, 3], "split": ["test", "train", "test", "test"], "accuracy": [0.2, 0.9, 0.4, 0.9]}
    metrics = pd.DataFrame({"zoo": "digits", "epoch": 1, "record": "of the zoo", **log})
    splits = pd.DataFrame({"zoo": "digits", "network": [1, 2, 3], "split": ["test", "test", "train"]})
    found = measured(population([0.5]), metrics, splits)
    b_t = found[found.population == "B_T"]
    assert b_t[["network", "split", "accuracy"]].to_numpy().tolist() == [
        [1, "test", 0.2],
        [1, "train", 0.9],
        [2, "test", 0.4],
    ]
    assert set(b_t.zoo) == set(b_t.target) == {"digits"} and set(b_t.sampler) == {"zoo"}
    assert found[found.population == "S_KDE"].accuracy.tolist() == [0.5]
    assert set(b_t.record) == {"of the zoo"}
    assert set(summarised(found, Bootstrap(), 0).record) == {"of the zoo", "of the population"}


def test_each_population_split_and_epoch_has_its_row():
    frames = [population([0.1, 0.3]), population([0.3, 0.5], epoch=2), population([0.9, 0.9], split="train")]
    frames.append(population([0.7], target="printed"))
    found = summarised(pd.concat(frames), Bootstrap(), 0).set_index(["target", "split", "epoch"])
    assert found.loc[("digits", "test", 1), ["networks", "mean", "std"]].tolist() == pytest.approx([2, 0.2, 0.1])
    assert found.loc[("digits", "test", 2), ["networks", "mean", "std"]].tolist() == pytest.approx([2, 0.4, 0.1])
    low, high = found.loc[("digits", "test", 1), ["low", "high"]]
    assert (low, high) == pytest.approx((0.1, 0.3)), "of two networks the mean is 0.1, 0.2 or 0.3"
    assert (found["low"] <= found["mean"]).sum() == 3 and len(found) == 4
    assert found.loc[("digits", "train", 1), ["std", "low", "high"]].tolist() == pytest.approx([0, 0.9, 0.9])
    alone = found.loc[("printed", "test", 1)]
    assert alone.networks == 1 and alone["std"] == 0 and np.isnan([alone.low, alone.high]).all()


def test_an_interval_does_not_depend_on_what_else_is_measured():
    accuracies = np.random.default_rng(0).uniform(size=20).tolist()
    alone = summarised(population(accuracies), Bootstrap(), 0)
    beside = summarised(pd.concat([population(accuracies[::-1], zoo="other"), population(accuracies)]), Bootstrap(), 0)
    pd.testing.assert_frame_equal(alone, beside[beside.zoo == "digits"].reset_index(drop=True))
    assert not alone.equals(summarised(population(accuracies), Bootstrap(), 1)), "another seed, other draws"


def test_the_interval_of_many_networks_is_the_normal_one():
    values = np.random.default_rng(0).normal(0.5, 0.1, (400, 3))
    low, high = interval_of_mean(values, Bootstrap(resamples=20_000), np.random.default_rng(1))
    error = values.std(axis=0) / np.sqrt(400)
    np.testing.assert_allclose((values.mean(axis=0) - low) / error, 1.96, rtol=0.05)
    np.testing.assert_allclose((high - values.mean(axis=0)) / error, 1.96, rtol=0.05)


@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_the_interval_holds_the_true_mean_as_often_as_it_says(confidence):
    values = np.random.default_rng(0).normal(0.5, 0.1, (100, 1000))  # 1000 populations of 100 networks
    low, high = interval_of_mean(values, Bootstrap(confidence=confidence), np.random.default_rng(1))
    held = ((low <= 0.5) & (high >= 0.5)).mean()
    assert held == pytest.approx(confidence, abs=0.04)  # 2.5 deviations of 1000 coins at one half
