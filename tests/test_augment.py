"""Views of networks: permuted, erased, each row by its own draw, and the same as one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from hyperpipe.cnn import Architecture, to_module
from hyperpipe.hyperrep.augment import Views, draw_blocks, draw_permutations, draw_pool, permuted_places
from hyperpipe.hyperrep.augment_reference import reference_view
from hyperpipe.hyperrep.settings import HyperRep
from some_networks import WIDE, generator, networks


@pytest.mark.parametrize("shape", [{}, {"in_channels": 3}, WIDE])
@pytest.mark.parametrize("activation", ["tanh", "gelu"])
def test_a_permuted_network_computes_the_same_function_and_each_row_has_its_own_permutation(shape, activation):
    architecture = Architecture(**shape)
    flat = torch.from_numpy(np.repeat(networks(1, architecture), 3, axis=0))
    places = permuted_places(draw_permutations(3, architecture, generator()), architecture)
    permuted = flat.gather(1, places)
    assert all(row.sort().values.equal(torch.arange(architecture.size)) for row in places)
    assert not permuted[0].equal(permuted[1]) and not permuted[0].equal(flat[0])
    images = torch.randn(16, architecture.in_channels, 28, 28, generator=generator())
    with torch.no_grad():
        right = to_module(flat[0].numpy(), architecture, activation)(images)
        for row in permuted:
            found = to_module(row.numpy(), architecture, activation)(images)
            torch.testing.assert_close(found, right, rtol=1e-4, atol=1e-5)


def test_erased_blocks_are_as_often_and_as_long_as_stated():
    first, end = draw_blocks(4000, 2464, HyperRep(), generator()).T
    erased, shares = end > first, (end - first)[end > first] / 2464
    assert (first >= 0).all() and (first <= end).all() and (end <= 2464).all()
    assert erased.float().mean().item() == pytest.approx(0.5, abs=0.03)
    assert shares.min() > 0.019 and shares.max() < 0.331
    assert shares.mean().item() == pytest.approx(0.165, abs=0.005)  # protocol §2, simulated from the released code
    never = HyperRep(erase_probability=0.0)
    assert not draw_blocks(100, 2464, never, generator()).diff(dim=1).any()


@pytest.mark.parametrize("shape", [{}, {"in_channels": 3}, WIDE])
@pytest.mark.parametrize("changes", [{}, {"permutation_pool": 40}, {"permute": False}, {"erase_probability": 0.0}])
@pytest.mark.parametrize("target", ["view", "clean"])
def test_views_are_bit_for_bit_those_made_one_by_one_from_the_same_draws(shape, changes, target):
    architecture, settings = Architecture(**shape), HyperRep(**changes, target=target)
    flat, made_of = networks(20, architecture), Views(architecture, settings, generator(1))
    draws = made_of.draw(20, generator())
    seen, right = made_of.make(torch.from_numpy(flat), draws)
    for row in range(20):
        one = reference_view(flat[row], draws, row, architecture, settings)
        assert seen[row].numpy().tobytes() == one[0].tobytes()
        assert right[row].numpy().tobytes() == one[1].tobytes()
    assert (seen.numpy() != flat).any(axis=1).mean() > 0.3, "some are views at all"


def test_without_augmentation_a_view_is_the_network():
    flat = torch.from_numpy(networks(3))
    seen, target = view(flat, permute=False, erase_probability=0.0)
    assert seen.equal(flat) and target.equal(flat)
    assert not view(flat)[0].equal(flat)


def views(**changes) -> Views:
    return Views(Architecture(), HyperRep(**changes), generator(1))


def view(flat: torch.Tensor, **changes) -> tuple[torch.Tensor, torch.Tensor]:
    drawn_by = views(**changes)
    return drawn_by.make(flat, drawn_by.draw(len(flat), generator()))


@pytest.mark.parametrize("target", ["view", "clean"])
def test_the_target_is_the_erased_view_as_released_or_the_one_before_the_erasing(target):
    flat = torch.from_numpy(networks(3)) + 2  # no weight is zero
    seen, right = view(flat, erase_probability=1.0, target=target)
    erased = seen == 0
    assert erased.any(1).all() and not erased.all(1).any()
    assert right.equal(seen) == (target == "view")
    assert right[~erased].equal(seen[~erased])
    if target == "clean":
        assert right.sort().values.equal(flat.sort().values), "permuted, nothing erased"


def test_a_pool_of_permutations_has_as_many_orders_of_each_layer_as_released():
    pool = draw_pool(25_000, Architecture(), generator())
    assert [tuple(orders.shape) for orders in pool] == [(25_000, 8), (25_000, 6), (25_000, 4), (25_000, 20)]
    for orders, width, drawn in zip(pool, (8, 6, 4, 20), (6250, 180, 6, 6250), strict=True):
        assert orders.sort().values.equal(torch.arange(width).expand(25_000, -1))
        expected = different(different(math.factorial(width), drawn), 25_000)
        assert len(orders.unique(dim=0)) == pytest.approx(expected, rel=0.05, abs=2)


def different(there_are: float, drawn: float) -> float:
    """How many different ones are expected among so many drawn, with repetition, of those that there are."""
    return -there_are * math.expm1(drawn * math.log1p(-1 / there_are))


def test_views_take_their_permutations_from_the_pool():
    few = views(permutation_pool=40, erase_probability=0.0)
    flat = torch.from_numpy(np.repeat(networks(1), 200, axis=0))
    seen = few.make(flat, few.draw(200, generator()))[0].unique(dim=0)
    right = flat[:40].gather(1, permuted_places(few.pool, Architecture())).unique(dim=0)
    assert seen.equal(right) and len(seen) > 1
    assert len(view(flat, erase_probability=0.0)[0].unique(dim=0)) == 200


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_on_a_gpu_the_same_draws_make_the_same_views():
    made_of, flat = Views(Architecture(), HyperRep(), generator(1)), torch.from_numpy(networks(20))
    draws = made_of.draw(20, generator())
    there = made_of.make(flat.cuda(), draws)
    for on_gpu, here in zip(there, made_of.make(flat, draws), strict=True):
        assert on_gpu.is_cuda and on_gpu.cpu().equal(here)
