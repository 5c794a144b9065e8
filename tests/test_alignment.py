"""Populations brought to one frame."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import architectures
from hyperpipe.alignment.procrustes import _to_the_others as to_the_others
from hyperpipe.alignment.procrustes import align
from hyperpipe.alignment.symmetries import symmetries
from hyperpipe.alignment.units import Units, layer_scales, rearranged, scaled
from hyperpipe.cnn import Architecture
from hyperpipe.errors import HyperpipeError
from some_networks import WIDE, networks, rearranged_at_random, with_biases
from test_symmetries import computed

TANH = symmetries(Architecture(), "tanh")


def planted(count: int, noise: float) -> np.ndarray:
    """One network and noise in each layer's scale."""
    one, generator = with_biases(1)[0], np.random.default_rng(0)
    scales = scaled(np.ones((1, one.size)), TANH.architecture, 1 / layer_scales(one[None], TANH.architecture))
    return (one + noise * scales * generator.standard_normal((count, one.size))).astype(np.float32)


def among(weights: np.ndarray) -> float:
    """Mean inner product of two different networks over mean squared length, network by network."""
    units = scaled(weights, TANH.architecture, layer_scales(weights, TANH.architecture))
    products = units @ units.T
    return products[~np.eye(len(units), dtype=bool)].mean() / np.diag(products).mean()


@given(architecture=architectures, activation=st.sampled_from(["tanh", "gelu"]), alone=st.booleans())
@settings(max_examples=10, deadline=None)
def test_aligned_networks_compute_the_same(architecture, activation, alone):
    weights = with_biases(3, architecture)
    known, reference = symmetries(architecture, activation), None if alone else networks(1, architecture)[0]
    found = align(weights, known, reference)
    ours, theirs = (computed(which, architecture, activation) for which in (found.weights, weights))
    assert np.abs(ours - theirs).max() < 1e-12 and found.weights.dtype == weights.dtype
    assert (rearranged(weights, found.moves, architecture) == found.weights).all()


@given(architecture=architectures, seed=st.integers(0, 2**32 - 1), activation=st.sampled_from(["tanh", "gelu"]))
@settings(max_examples=15, deadline=None)
def test_rearranged_copies_of_a_network_are_brought_back_exactly(architecture, seed, activation):
    one, known = with_biases(1, architecture), symmetries(architecture, activation)
    copies = rearranged_at_random(np.repeat(one, 5, axis=0), known, seed)
    found = align(copies, known, one[0])
    assert (found.weights == one).all() and found.agreement[-1] == pytest.approx(1)
    to_each_other = align(copies, known)
    assert (to_each_other.weights == to_each_other.weights[0]).all() and to_each_other.agreement[-1] == pytest.approx(1)


def test_a_planted_frame_is_found():
    """Noise as large as the network itself: two of them have a cosine of a half in the frame that they came from, and
    next to none once each is rearranged."""
    came = planted(40, 1.0)
    moved = rearranged_at_random(came, TANH)
    found = align(moved, TANH)
    assert among(moved) < 0.1 < 0.45 < among(came) < 0.55
    to_planted = align(found.weights.mean(axis=0)[None], TANH, came.mean(axis=0))
    assert among(found.weights) == pytest.approx(among(came), rel=1e-6)
    assert np.abs(to_planted.weights[0] - came.mean(axis=0)).max() < 1e-6


@pytest.mark.parametrize("count", [2, 7, 60])
def test_the_agreement_never_falls_and_is_that_of_the_weights(count):
    weights = networks(count)
    found = align(weights, TANH, restarts=0)
    assert (np.diff(found.agreement) >= -1e-12).all() and found.agreement[-1] > found.agreement[0] + 0.05
    assert found.agreement[0] == pytest.approx(among(weights)) and found.agreement[-1] == pytest.approx(
        among(found.weights)
    )
    more = align(weights, TANH, restarts=3)
    assert more.agreement[-1] >= found.agreement[-1] and more.agreement[0] == found.agreement[0]


def test_the_mean_of_the_others_brings_networks_closer_than_the_mean_of_all():
    """Which holds each of them where it is."""
    usual = weights = networks(10)
    for _ in range(10):
        usual = align(usual, TANH, usual.mean(axis=0), restarts=0).weights
    assert align(weights, TANH, restarts=0).agreement[-1] > 1.5 * among(usual) > 0


def test_two_networks_that_would_change_places_side_by_side_move_one_by_one():
    """A network and itself rearranged: each would go where the other was, and neither would be nearer."""
    one = with_biases(1).astype(float)
    units = Units(np.concatenate([one, rearranged_at_random(one, TANH)]), TANH.architecture)
    to_the_others(units, [np.arange(2)], TANH)
    assert (units.flat()[0] == units.flat()[1]).all()


def test_neither_the_order_of_the_networks_nor_the_number_of_processes_matters():
    weights = networks(12)
    order = np.random.default_rng(0).permutation(12)
    for reference in (None, networks(13)[12]):
        found, shuffled = align(weights, TANH, reference), align(weights[order], TANH, reference)
        assert (found.weights[order] == shuffled.weights).all() and found.agreement == shuffled.agreement
        shared = align(weights, TANH, reference, processes=2)
        assert (found.weights == shared.weights).all() and found.agreement == shared.agreement
    seeds = [align(weights, TANH, seed=seed, restarts=0).weights for seed in (0, 0, 1)]
    assert (seeds[0] == seeds[1]).all() and (seeds[0] != seeds[2]).any()


def test_one_network_stays_as_it_is():
    one = networks(1, Architecture(**WIDE))
    found = align(one, symmetries(Architecture(**WIDE), "tanh"))
    assert (found.weights == one).all() and found.agreement == (1.0,)
    assert all((signs == 1).all() for signs in found.moves.signs)
    assert all((orders == np.arange(orders.shape[1])).all() for orders in found.moves.orders)


def test_scales_are_root_mean_squares_that_no_move_changes():
    weights = with_biases(5)
    scales = layer_scales(weights, TANH.architecture)
    assert layer_scales(rearranged_at_random(weights, TANH), TANH.architecture) == pytest.approx(scales, rel=1e-6)
    units = scaled(weights, TANH.architecture, scales)
    for layer in TANH.architecture.layers:
        assert np.square(units[:, layer.span]).mean() == pytest.approx(1)
    assert layer_scales(0 * weights, TANH.architecture).tolist() == [1] * 5


@pytest.mark.parametrize("spoilt", [np.nan, np.inf])
def test_networks_that_cannot_be_aligned_are_refused_in_a_line(spoilt):
    weights = networks(3)
    weights[1, 7] = spoilt
    with pytest.raises(HyperpipeError, match="3 networks; one or more with finite weights"):
        align(weights, TANH)
    with pytest.raises(HyperpipeError, match="finite"):
        align(networks(3), TANH, weights[1])
    with pytest.raises(HyperpipeError, match="0 networks"):
        align(weights[:0], TANH)
    with pytest.raises(HyperpipeError, match="do not fit architecture 1-8-6-4-20-10"):
        align(networks(3, Architecture(**WIDE)), TANH)
