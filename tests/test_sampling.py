"""Anchors, populations in their store, fine-tuning. Samplers: test_samplers.py."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hyperpipe.cnn import Architecture, initialise
from hyperpipe.errors import HyperpipeError
from hyperpipe.evaluation.finetune import finetune
from hyperpipe.randomness import stream
from hyperpipe.sampling.anchors import choose_anchors
from hyperpipe.sampling.population_store import Populations, read_populations, write_populations
from hyperpipe.zoo.settings import Recipe
from hyperpipe.zoo.trainer import train_population


def test_the_best_anchors_are_rows_at_or_above_the_quantile_of_accuracy_on_the_split_that_is_named():
    networks, epochs = np.repeat([1, 2, 3, 4, 5], 2), np.tile([1, 2], 5)
    accuracy = {"test": lambda n, e: 10 * e + n, "validation": lambda n, e: 10 * e - n, "train": lambda n, e: 100 - n}
    rows = [
        {"network": n, "epoch": e, "split": split, "accuracy": of(n, e) / 100}
        for split, of in accuracy.items()
        for n in (1, 2, 3, 4, 5, 6)
        for e in (0, 1, 2)
    ]
    metrics = pd.DataFrame(rows)
    best = {"best by test": [(3, 2), (4, 2), (5, 2)], "best by validation": [(1, 2), (2, 2), (3, 2)]}
    for anchors, expected in best.items():
        chosen = choose_anchors(networks, epochs, metrics, anchors, 0.3)
        assert [(networks[i], epochs[i]) for i in chosen] == expected
    assert len(choose_anchors(networks, epochs, metrics, "all", 0.3)) == 10


def test_populations_come_back(tmp_path):
    weights = {"a": np.ones((2, 2464), np.float32), "b": np.zeros((3, 2464), np.float32)}
    write_populations(tmp_path / "p.h5", Populations("S_KDE", "z", Architecture(), weights, {"seed": 3}))
    read = read_populations(tmp_path / "p.h5")
    assert (read.name, read.zoo, read.architecture, read.settings) == ("S_KDE", "z", Architecture(), {"seed": 3})
    assert all((read.weights[name] == weights[name]).all() for name in weights) and list(read.weights) == ["a", "b"]


def test_fine_tuning_trains_each_population_as_if_it_were_alone_and_pairs_their_orders(digits):
    starts = np.stack([initialise(Architecture(), "kaiming_uniform", stream(0, "t", m)) for m in range(5)])
    populations = {"a": starts[:3], "b": starts[[0, 4]]}
    recipe, settings = Recipe(learning_rate=3e-3), {"epochs": 2, "architecture": Architecture()}
    frame = finetune(populations, digits, recipe, root_seed=0, target="d", **settings)
    alone = train_population(starts[3:5], digits, recipe, root_seed=0, purpose="finetune/d", seeds=[0, 1], epochs=2)
    found = frame.query("split == 'test'").pivot(index=["sampler", "network"], columns="epoch", values="loss")
    np.testing.assert_array_equal(found.loc["b", 1], alone.loss["test"][:, 1])
    np.testing.assert_array_equal(found.loc["a", 0], found.loc["b", 0], "same weights, same order, same result")
    assert len(frame) == 5 * 3 * 3 and frame.network.max() == 2


def test_networks_may_all_meet_the_images_in_one_order(digits):
    start = initialise(Architecture(), "kaiming_uniform", stream(0, "t"))
    settings = {"epochs": 1, "architecture": Architecture(), "root_seed": 0, "target": "d"}

    def losses(**orders: bool) -> np.ndarray:
        tuned = finetune({"a": np.stack([start] * 3)}, digits, Recipe(learning_rate=3e-3), **settings, **orders)
        return tuned.query("split == 'test' and epoch == 1").loss.to_numpy()

    paired, shared = losses(), losses(shared_order=True)
    assert len(set(paired)) == 3 and set(shared) == {paired[0]}


@pytest.mark.parametrize("architecture", [Architecture(in_channels=3), Architecture(classes=5)])
def test_networks_for_other_images_are_not_fine_tuned(digits, architecture):
    with pytest.raises(HyperpipeError, match=r"finetune/d: networks for . channels .* images of 1 and 10; take d out"):
        finetune(
            {"a": np.zeros((1, architecture.size), np.float32)},
            digits,
            Recipe(learning_rate=3e-3),
            root_seed=0,
            target="d",
            epochs=1,
            architecture=architecture,
        )
