"""Rearranged networks are other weights and the same function; nothing else is."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import architectures
from hyperpipe.alignment.symmetries import Moves, symmetries
from hyperpipe.alignment.units import Units, rearranged
from hyperpipe.cnn import Activation, Architecture, to_module
from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep.augment_reference import permute
from some_networks import WIDE, rearranged_at_random, with_biases

ACTIVATIONS = get_args(Activation)


def computed(weights: np.ndarray, architecture: Architecture, activation: Activation) -> np.ndarray:
    """Logits [M, B, K] for some random images, in double precision."""
    images = torch.randn(6, architecture.in_channels, 28, 28, generator=torch.Generator().manual_seed(0)).double()
    with torch.no_grad():
        return np.stack([to_module(one, architecture, activation).double()(images).numpy() for one in weights])


@given(architecture=architectures, seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_rearranged_network_computes_the_same(activation, architecture, seed):
    weights = with_biases(2, architecture)
    moved = rearranged_at_random(weights, symmetries(architecture, activation), seed)
    assert (np.sort(np.abs(moved), axis=1) == np.sort(np.abs(weights), axis=1)).all()
    ours, theirs = (computed(which, architecture, activation) for which in (moved, weights))
    assert np.abs(ours - theirs).max() < 1e-12


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_signs_change_where_they_change_nothing_and_nowhere_else(activation):
    architecture = Architecture(**WIDE)
    weights, known = with_biases(1, architecture), symmetries(architecture, activation)
    for place, flips in enumerate(known.flips):
        flipped = Units(weights, architecture)
        same = np.arange(known.units[place])[None]
        flipped.move(place, same, np.where(same == 1, -1, 1))
        difference = computed(flipped.flat(), architecture, activation) - computed(weights, architecture, activation)
        assert (np.abs(difference).max() < 1e-12) == flips
    assert known.flips == ((False, False, True, True) if activation == "tanh" else (False,) * 4)
    assert not any(symmetries(architecture, activation, signs=False).flips)


@given(architecture=architectures, seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_orders_mean_what_they_mean_for_the_views_of_the_autoencoder(architecture, seed):
    weights, known = with_biases(3, architecture), symmetries(architecture, "gelu")
    moves = known.drawn(3, np.random.default_rng(seed))
    expected = [permute(one, [order[row] for order in moves.orders], architecture) for row, one in enumerate(weights)]
    assert (rearranged(weights, moves, architecture) == np.stack(expected)).all()


def test_moves_add_up():
    known = symmetries(Architecture(), "tanh")
    weights, generator = with_biases(4), np.random.default_rng(0)
    first, second = known.drawn(4, generator), known.drawn(4, generator)
    both = Units(weights, known.architecture).moved(first).moved(second)
    assert (rearranged(weights, both.moves, known.architecture) == both.flat()).all()
    assert any((total != one).any() for total, one in zip(both.moves.signs, second.signs, strict=True))


def test_drawn_moves_are_all_equally_likely():
    known = symmetries(Architecture(channels=(2, 2, 2), hidden=3), "tanh")
    moves = known.drawn(6000, np.random.default_rng(0))
    (kinds, counts), signs = np.unique(moves.orders[3], axis=0, return_counts=True), np.concatenate(moves.signs[2:], 1)
    assert len(kinds) == 6 and np.abs(counts - 1000).max() < 4.5 * np.sqrt(1000)
    assert (np.concatenate(moves.signs[:2], 1) == 1).all()
    assert np.abs(signs.mean(axis=0)).max() < 4.5 / np.sqrt(6000)


def test_what_does_not_fit_is_refused_in_a_line():
    known = symmetries(Architecture(), "tanh")
    with pytest.raises(HyperpipeError, match=r"weights of shape \(3, 2463\) do not fit architecture 1-8-6-4-20-10"):
        Units(with_biases(3)[:, 1:], known.architecture)
    moves: Moves = known.drawn(2, np.random.default_rng(0))
    with pytest.raises(HyperpipeError, match="moves of 2 networks do not fit 3 networks"):
        rearranged(with_biases(3), moves, known.architecture)
