"""Distances of networks whose hidden units may stand in another order."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from conftest import architectures
from hypothesis import given, settings
from hypothesis import strategies as st
from some_networks import networks

from hyperpipe.alignment import matched_distances
from hyperpipe.cnn import Architecture
from hyperpipe.hyperrep.augment_reference import permute


def reordered(flat: np.ndarray, architecture: Architecture, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    orders = [generator.permutation(layer.outputs) for layer in architecture.layers[:-1]]
    return permute(flat, orders, architecture)


@given(architecture=architectures, seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_a_reordered_copy_is_at_no_distance(architecture, seed):
    one, other = networks(2, architecture)
    copies = np.stack([one, reordered(one, architecture, seed), reordered(other, architecture, seed)])
    found = matched_distances(one, copies, architecture)
    assert found[:2].tolist() == [0, 0] and found[2] > 0.1 * np.abs(one).mean()


def test_no_distance_is_less_than_the_least_of_all_orders_and_few_are_more():
    """Against all 2·2·3·2·… orders of a small network."""
    architecture = Architecture(channels=(2, 2, 3), hidden=3)
    everyone = networks(12, architecture)
    counts = [layer.outputs for layer in architecture.layers[:-1]]
    orders = list(itertools.product(*(map(np.array, itertools.permutations(range(n))) for n in counts)))
    assert len(orders) == 2 * 2 * 6 * 6
    for one in everyone[:4]:
        least = [
            min(
                np.sqrt(np.square(one - permute(other, list(order), architecture)).mean(dtype=float))
                for order in orders
            )
            for other in everyone[4:]
        ]
        found = matched_distances(one, everyone[4:], architecture)
        assert (found >= np.array(least) - 1e-6).all()
        assert (found < np.array(least) * 1.001).mean() >= 0.75 and (found < np.array(least) * 1.02).all()


@pytest.mark.parametrize("count", [0, 1, 600])
def test_a_distance_is_never_larger_than_without_reordering_and_does_not_depend_on_who_is_beside(count):
    one, others = networks(1)[0], networks(601)[1 : count + 1]
    found = matched_distances(one, others, Architecture())
    plain = np.sqrt(np.square(one - others).mean(axis=1, dtype=float))
    assert found.shape == (count,) and (found <= plain + 1e-6).all()
    if count:
        assert found[-1] == matched_distances(one, others[-1:], Architecture())[0]
        assert found.mean() < 0.95 * plain.mean()
