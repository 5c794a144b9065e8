"""Distances of networks whose hidden units may stand in another arrangement."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import architectures
from hyperpipe.alignment.distances import matched_pairs
from hyperpipe.alignment.matching import matched
from hyperpipe.alignment.symmetries import Moves, symmetries
from hyperpipe.alignment.units import Units, rearranged
from hyperpipe.cnn import Architecture
from some_networks import networks, rearranged_at_random, with_biases

TANH = symmetries(Architecture(), "tanh")


@given(architecture=architectures, seed=st.integers(0, 2**32 - 1), activation=st.sampled_from(["tanh", "gelu"]))
@settings(max_examples=25, deadline=None)
def test_a_rearranged_copy_is_at_no_distance(architecture, seed, activation):
    known, two = symmetries(architecture, activation), networks(2, architecture)
    copies = np.concatenate([two[:1], rearranged_at_random(two, known, seed)])
    found = matched_pairs(two[0], copies, known)
    assert found.distances[:2].tolist() == [0, 0] and found.distances[2] > 0.1 * np.abs(two[0]).mean()
    cosines = matched_pairs(two[0], 3 * copies, known).cosines
    assert cosines[:2] == pytest.approx([1, 1], abs=1e-12) and cosines[2] < 0.999


def every_move(units: tuple[int, ...], flips: tuple[bool, ...]) -> Moves:
    choices = [itertools.permutations(range(count)) for count in units]
    choices += [
        itertools.product([-1, 1] if may else [1], repeat=count) for count, may in zip(units, flips, strict=True)
    ]
    tables = [np.array(table) for table in zip(*itertools.product(*choices), strict=True)]
    return Moves(tuple(tables[: len(units)]), tuple(tables[len(units) :]))


@pytest.mark.parametrize("activation", ["tanh", "gelu"])
def test_no_distance_is_less_than_the_least_of_all_arrangements_and_few_are_more(activation):
    """Against all 2·2·2·3! orders of a small network's units, times 2⁵ with signs."""
    architecture = Architecture(channels=(2, 2, 2), hidden=3)
    known, everyone = symmetries(architecture, activation), networks(12, architecture)
    moves = every_move(known.units, known.flips)
    assert len(moves) == 2 * 2 * 2 * 6 * (2**5 if activation == "tanh" else 1)
    ratios = []
    for one in everyone[:4]:
        for other, found in zip(everyone[4:], matched_pairs(one, everyone[4:], known).distances, strict=True):
            arranged = rearranged(np.tile(other, (len(moves), 1)), moves, architecture)
            ratios.append(found / np.sqrt(np.square(one.astype(float) - arranged).mean(axis=1)).min())
    assert min(ratios) > 1 - 1e-9 and np.mean(np.array(ratios) < 1.001) >= 0.75 and max(ratios) < 1.03


@pytest.mark.parametrize("count", [0, 1, 600])
def test_a_distance_is_never_larger_than_as_it_is_and_does_not_depend_on_who_is_beside(count):
    one, others = networks(1)[0], networks(601)[1 : count + 1]
    both = matched_pairs(one, others, TANH)
    found, cosines = both.distances, both.cosines
    plain = np.sqrt(np.square(one - others).mean(axis=1, dtype=float))
    assert found.shape == cosines.shape == (count,) and (found <= plain + 1e-6).all()
    if count:
        alone = matched_pairs(one, others[-1:], TANH)
        assert (found[-1], cosines[-1]) == (alone.distances[0], alone.cosines[0])
        assert found.mean() < 0.95 * plain.mean() and cosines.mean() > 0.1


def test_a_cosine_is_that_of_the_arrangement_that_was_found():
    weights = with_biases(6)
    fixed, others = (Units(part.astype(float), TANH.architecture) for part in (weights[:1], weights))
    arranged = rearranged(weights, matched(fixed, others, TANH).moves, TANH.architecture).astype(float)
    lengths = np.linalg.norm(arranged, axis=1)
    expected = arranged @ arranged[0] / lengths / lengths[0]
    assert matched_pairs(weights[0], weights, TANH).cosines == pytest.approx(expected, rel=1e-12)
    assert matched_pairs(weights[0], np.zeros_like(weights[:1]), TANH).cosines.tolist() == [0]


def test_more_starts_find_no_less():
    weights = networks(40)
    fixed, others = Units(weights[:1].astype(float), TANH.architecture), Units(weights.astype(float), TANH.architecture)
    generator = np.random.default_rng(0)
    few = matched(fixed, others, TANH).products(fixed)
    many = matched(fixed, others, TANH, [TANH.drawn(1, generator) for _ in range(4)]).products(fixed)
    assert (many >= few).all() and (many > few).mean() > 0.2
    assert few[0] == many[0] == pytest.approx(fixed.products(fixed)[0], rel=1e-12)
