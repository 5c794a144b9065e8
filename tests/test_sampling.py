"""Anchors, the density, its two samplers, populations in their store, fine-tuning."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hyperpipe.cnn import Architecture, initialise
from hyperpipe.evaluation.finetune import finetune
from hyperpipe.randomness import stream
from hyperpipe.sampling.anchors import choose_anchors
from hyperpipe.sampling.kde import SAMPLERS, independent, released
from hyperpipe.sampling.population_store import Populations, read_populations, write_populations
from hyperpipe.zoo.settings import Recipe
from hyperpipe.zoo.trainer import train_population

BANDWIDTH = 0.01


@pytest.fixture(scope="module")
def anchors() -> np.ndarray:
    """200 anchors whose 20 dimensions are one number, up to a little noise: far from independent."""
    generator = np.random.default_rng(0)
    return (generator.uniform(-1, 1, (200, 1)) + 0.05 * generator.standard_normal((200, 20))).astype(np.float32)


def sample(name: str, anchors: np.ndarray, count: int = 1000) -> np.ndarray:
    return SAMPLERS[name](anchors, count, BANDWIDTH, stream(0, "t", name))


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_each_dimension_alone_is_the_kernel_density_whichever_sampler_draws(anchors, name):
    drawn = sample(name, anchors, 4000)
    for d in (0, 7, 19):
        density = stats.norm(anchors[:, d].astype(float), BANDWIDTH)
        found = stats.kstest(drawn[:, d], lambda x, density=density: density.cdf(np.asarray(x)[:, None]).mean(1))
        assert found.pvalue > 1e-3


def test_the_two_samplers_are_told_apart(anchors):
    """`released`: an anchor plus one number for all dimensions; `independent`: dimensions that know no other."""

    def shift(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation over dimensions of the difference to the anchor it is the closest copy of."""
        differences = drawn[:, None] - anchors
        spread = differences.std(axis=2)
        nearest = spread.argmin(1)
        return differences[np.arange(len(drawn)), nearest].mean(1), spread.min(1)

    copied, spread = shift(sample("released", anchors))
    assert spread.max() < 1e-6
    assert stats.kstest(copied, stats.norm(0, BANDWIDTH).cdf).pvalue > 1e-3
    assert shift(sample("independent", anchors))[1].min() > 0.1
    between = [np.corrcoef(sample(name, anchors).T)[np.triu_indices(20, 1)] for name in ("released", "independent")]
    assert between[0].min() > 0.95 and np.abs(between[1]).max() < 0.15


def test_samplers_can_be_repeated(anchors):
    for sampler in (independent, released):
        first, again = (sampler(anchors, 5, BANDWIDTH, stream(0, "t")) for _ in range(2))
        assert first.shape == (5, 20) and first.dtype == np.float32 and (first == again).all()
        assert (first != sampler(anchors, 5, BANDWIDTH, stream(1, "t"))).any()


def test_the_best_anchors_are_rows_at_or_above_the_quantile_of_test_accuracy():
    networks, epochs = np.repeat([1, 2, 3, 4, 5], 2), np.tile([1, 2], 5)
    rows = [
        {"network": n, "epoch": e, "split": split, "accuracy": (10 * e + n if split == "test" else 100 - n) / 100}
        for split in ("test", "train")
        for n in (1, 2, 3, 4, 5, 6)
        for e in (0, 1, 2)
    ]
    metrics = pd.DataFrame(rows)
    chosen = choose_anchors(networks, epochs, metrics, "best", 0.3)
    assert [(networks[i], epochs[i]) for i in chosen] == [(3, 2), (4, 2), (5, 2)]
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
