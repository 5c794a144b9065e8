"""Flow matching among networks: a learned density."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from hyperpipe.alignment.settings import Samples
from hyperpipe.cnn import Architecture
from hyperpipe.errors import HyperpipeError
from hyperpipe.sampling.flow import flow, integrated
from hyperpipe.sampling.weights import weight_samples
from some_networks import with_biases


def drawn(count: int, networks: np.ndarray) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((count, len(networks) - 1))


def cosines(samples: np.ndarray, networks: np.ndarray) -> np.ndarray:
    """Largest with a network, around the networks' mean."""
    centred = [points - networks.mean(axis=0) for points in (samples, networks)]
    units = [points / np.linalg.norm(points, axis=1, keepdims=True) for points in centred]
    return (units[0] @ units[1].T).max(axis=1)


def test_a_field_takes_points_where_its_equation_says():
    points = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    turn = torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
    turned = integrated(lambda at, times: math.pi * times * at @ turn, points)  # by π t² / 2: a right angle at time 1
    torch.testing.assert_close(turned, points @ turn, atol=1e-5, rtol=0)


def test_untrained_it_is_the_gaussian_that_it_starts_from():
    networks = with_biases(4)
    draws = drawn(5, networks)
    made = flow(networks, 1, 100.0, draws, seed=0, title="t").astype(float)
    mean = networks.mean(axis=0)
    spread = np.square(networks - mean).sum(axis=1).mean()
    expected = 1e4 * np.square(draws).sum(axis=1) * spread / 3  # so wide in each of three directions
    np.testing.assert_allclose(np.square(made - mean).sum(axis=1), expected, rtol=0.01)


def test_trained_for_long_from_next_to_one_point_it_copies():
    """What the published width of the source comes to."""
    networks = with_biases(4)
    made = flow(networks, 500, 0.01, drawn(12, networks), seed=0, title="t")
    assert np.median(cosines(made, networks)) > 0.99


def test_samples_lie_where_networks_differ_and_nowhere_else():
    networks = with_biases(5)
    made = flow(networks, 30, 1.0, drawn(6, networks), seed=0, title="t")
    directions = np.linalg.svd(networks - networks.mean(axis=0), full_matrices=False)[2][:4].astype(float)
    away = made - networks.mean(axis=0, dtype=float)
    np.testing.assert_allclose(away @ directions.T @ directions, away, atol=1e-4)


def test_the_seed_decides_and_torch_keeps_its_own():
    networks = with_biases(4)
    draws = drawn(3, networks)
    torch.manual_seed(5)
    made = flow(networks, 20, 1.0, draws, seed=7, title="t")
    after = torch.rand(1)
    torch.manual_seed(5)
    assert (after == torch.rand(1)).all()
    assert (made == flow(networks, 20, 1.0, draws, seed=7, title="t")).all()
    assert (made != flow(networks, 20, 1.0, draws, seed=8, title="t")).any()


def test_it_is_one_more_sampler_and_changes_no_other():
    networks = with_biases(6)

    def named(name: str) -> np.random.Generator:
        return np.random.default_rng(len(name))

    settings = Samples(alphas=[0.5], mixed=3)
    flows = Samples(alphas=[0.5], mixed=3, flows=[1, 20], flow_width=0.5)
    plain, made = (weight_samples(networks, networks, Architecture(), of, 4, named) for of in (settings, flows))
    assert list(made) == [*plain, "flow 1", "flow 20"]
    assert all((made[name] == weights).all() for name, weights in plain.items())
    assert made["flow 20"].shape == (4, networks.shape[1]) and (made["flow 1"] != made["flow 20"]).any()


@pytest.mark.parametrize("count", [1, 3])
def test_networks_that_do_not_differ_have_no_flow(count):
    networks = np.repeat(with_biases(1), count, axis=0)
    with pytest.raises(HyperpipeError, match=f"flow 5: {count} training networks do not differ"):
        flow(networks, 5, 1.0, drawn(2, networks), seed=0, title="flow 5")
