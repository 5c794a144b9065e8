"""The arrangement of a network's hidden units that is nearest to another network.

Which orders and signs of one layer's units have the largest inner product with the other network, all other layers as
they are, is an assignment problem; it is solved for one layer after the other until none changes (coordinate descent,
Ainsworth et al. 2023). The product never falls. Where it ends depends on the start, so there are several, and the best
end counts: the best that was found, which need not be the best that there is.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.optimize import linear_sum_assignment

from hyperpipe.alignment.symmetries import Moves, Symmetries
from hyperpipe.alignment.units import Units

_SWEEPS = 100  # at the most; a handful do
_ROUNDING = 1e-9  # of the sum of magnitudes: what is no gain


def matched(fixed: Units, others: Units, symmetries: Symmetries, starts: Iterable[Moves] = ()) -> Units:
    """Others [K] after those moves that give them the largest inner product with `fixed`, one network or K of them.

    Two starts are always tried: the others as they are, so that no product is less than it was; and the arrangement
    found from the first layer to the last by what leads into each unit, which is exact where an other network is a
    rearranged copy. `starts` are more of them, each the moves of one network, made by all K.
    """
    best = _settled(fixed, others, symmetries)
    products = best.products(fixed)
    for start in (_by_inputs(fixed, others, symmetries), *(others.moved(moves) for moves in starts)):
        found = _settled(fixed, start, symmetries)
        better = (reached := found.products(fixed)) > products
        best.put(better, found.some(better))
        products = np.maximum(products, reached)
    return best


def _by_inputs(fixed: Units, others: Units, symmetries: Symmetries) -> Units:
    made = others.some(slice(None))
    for place, flips in enumerate(symmetries.flips):
        orders, signs, _ = _assigned(fixed.leading_in(place), made.leading_in(place), flips)
        made.move(place, orders, signs)
    return made


def _settled(fixed: Units, others: Units, symmetries: Symmetries) -> Units:
    """Others after moves, layer by layer, until no layer's own move gains anything."""
    everyone = moving = np.arange(len(others))
    settled, moved = others.some(everyone), others.some(everyone)
    around = [fixed.around(place) for place in range(len(symmetries.flips))]
    for _ in range(_SWEEPS):
        changed = np.zeros(len(moving), bool)
        for place, (of_fixed, flips) in enumerate(zip(around, symmetries.flips, strict=True)):
            orders, signs, gains = _assigned(of_fixed, moved.around(place), flips)
            if gains.any():
                moved.move(place, orders, signs)
            changed |= gains
        settled.put(moving, moved)
        moving, moved = moving[changed], moved.some(changed)
        around = [part[changed] if len(fixed) > 1 else part for part in around]
        if not len(moving):
            break
    return settled


def _assigned(fixed: np.ndarray, moved: np.ndarray, flips: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Orders and signs [K, units] that give the units of `moved` [K, units, n] the largest inner product with those of
    `fixed` [K or 1, units, n], and who gains by them [K]; all others stay as they are."""
    products = fixed @ moved.swapaxes(1, 2)
    worth = np.abs(products) if flips else products
    orders = np.array([linear_sum_assignment(one, maximize=True)[1] for one in worth], int).reshape(moved.shape[:2])
    at = orders[:, :, None]
    signs = np.where(flips & (np.take_along_axis(products, at, axis=2) < 0), -1, 1)[:, :, 0]
    reached = np.take_along_axis(worth, at, axis=2)[:, :, 0].sum(axis=1)
    now = np.trace(products, axis1=1, axis2=2)
    gains = reached > now + _ROUNDING * np.abs(products).sum(axis=(1, 2))
    stay = ~gains[:, None]
    return np.where(stay, np.arange(orders.shape[1]), orders), np.where(stay, 1, signs), gains
