"""A population of networks, brought to one frame: generalised Procrustes analysis over their symmetries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed

from hyperpipe.alignment.matching import matched
from hyperpipe.alignment.symmetries import Moves, Symmetries
from hyperpipe.alignment.units import Units, layer_scales, rearranged, scaled
from hyperpipe.errors import HyperpipeError
from hyperpipe.progress import Progress
from hyperpipe.randomness import stream

_ROUNDS = 100  # at the most; ten to forty do
_LEAST_GAIN = 1e-4  # of the agreement in a round, as a share of it
_BLOCKS = 10
_ROUNDING = 1e-9  # of the agreement: what is no gain
_AT_ONCE = 128


@dataclass(frozen=True)
class Alignment:
    """M networks in one frame.

    weights: [M, P], the networks as they came but for the places and signs of their units. moves: what brought them
    there. agreement: mean inner product of two different networks over mean squared length (of the network and the
    reference, where one was given), weights divided by their layer's scale; before, and after each round.
    """

    weights: np.ndarray
    moves: Moves
    agreement: tuple[float, ...]


def align(
    weights: np.ndarray,
    symmetries: Symmetries,
    reference: np.ndarray | None = None,
    *,
    seed: int = 0,
    restarts: int = 2,
    processes: int = 1,
    title: str = "align",
) -> Alignment:
    """Networks [M, P] in the frame of a reference [P], or without one in a frame of their own.

    What is maximised is the inner product of weights divided by their layer's scale (`layer_scales`).

    With a reference each network is matched to it (`matched`). Without one they are matched to each other: first all to
    one of them; then, in rounds, each to the mean of all *others* as they stand by then, until a round gains next to
    nothing. (The mean of all would hold a network where it is: of ten, it is itself a tenth of it.) In a round networks
    are taken in ten blocks, in random order. Those of a block are matched side by side; where that gains
    nothing, one after the other.

    restarts: with a reference, random arrangements to start from besides those that are always tried; without one, how
    many more networks are tried as the first reference; the end with the largest agreement counts. seed: of the streams
    of all that is random. Networks are taken in the order of their bytes, so that the one in which they are given does
    not matter. processes: starts, or with a reference networks, are shared out among them, to the same result. title:
    of the progress on standard error.

    Raises HyperpipeError where there are no networks, or where weights are not finite or not the architecture's.
    Source: Gower 1975 (generalised Procrustes analysis); Ainsworth et al. 2023 (matching).
    """
    architecture = symmetries.architecture
    for given in (weights,) if reference is None else (weights, reference[None]):
        Units(given, architecture)  # or an error that says what does not fit
        if not len(given) or not np.isfinite(given).all():
            raise HyperpipeError(f"{title}: {len(given)} networks; one or more with finite weights can be aligned")
    scales = layer_scales(weights, architecture)
    by_bytes = np.array(sorted(range(len(weights)), key=lambda row: weights[row].tobytes()))
    units = Units(scaled(weights[by_bytes], architecture, scales), architecture)
    if reference is None:
        moved, agreement = _to_each_other(units, symmetries, seed, 1 + restarts, processes, title)
    else:
        fixed = Units(scaled(reference[None], architecture, scales), architecture)
        generator = stream(seed, "alignment/restarts")
        starts = [symmetries.drawn(1, generator) for _ in range(restarts)]
        moved = _to_reference(fixed, units, symmetries, starts, processes, title)
        agreement = [_with_reference(fixed, units), _with_reference(fixed, moved)]
    moves = moved.some(np.argsort(by_bytes)).moves
    return Alignment(rearranged(weights, moves, architecture), moves, tuple(agreement))


def _to_reference(
    fixed: Units, units: Units, symmetries: Symmetries, starts: list[Moves], processes: int, title: str
) -> Units:
    pieces = np.array_split(np.arange(len(units)), -(-len(units) // _AT_ONCE))
    moved = units.some(np.arange(len(units)))
    calls = (delayed(matched)(fixed, units.some(piece), symmetries, starts) for piece in pieces)
    with Progress(title, len(units), "networks") as progress:
        for piece, part in zip(pieces, Parallel(processes, return_as="generator")(calls), strict=True):
            moved.put(piece, part)
            progress.advance(len(piece))
    return moved


def _to_each_other(
    units: Units, symmetries: Symmetries, seed: int, starts: int, processes: int, title: str
) -> tuple[Units, list[float]]:
    """The networks after the best of some starts, and their agreement before and after each of its rounds."""
    if len(units) == 1:
        return units, [1.0]
    firsts = stream(seed, "alignment/first").permutation(len(units))[:starts]
    calls = (
        delayed(_from_one)(units, int(first), symmetries, stream(seed, "alignment/order", place))
        for place, first in enumerate(firsts)
    )
    ends = []
    with Progress(f"{title}, {len(units)} networks", len(firsts), "starts") as progress:
        for end in Parallel(processes, return_as="generator")(calls):
            ends.append(end)
            progress.advance(1, f"agreement {end[1][-1]:.4f} after {len(end[1]) - 1} rounds")
    return max(ends, key=lambda end: end[1][-1])


def _from_one(
    units: Units, first: int, symmetries: Symmetries, generator: np.random.Generator
) -> tuple[Units, list[float]]:
    """The same of one start: `first` is the network that all are matched to first."""
    moved = matched(units.some(np.array([first])), units, symmetries)
    agreement = [_among(units), _among(moved)]
    for _ in range(_ROUNDS - 1):
        blocks = np.array_split(generator.permutation(len(units)), min(len(units), _BLOCKS))
        _to_the_others(moved, blocks, symmetries)
        agreement.append(_among(moved))
        if agreement[-1] - agreement[-2] <= _LEAST_GAIN * abs(agreement[-1]):
            break
    return moved, agreement


def _to_the_others(units: Units, blocks: list[np.ndarray], symmetries: Symmetries) -> None:
    """Each network matched to the sum of all others, block by block; the agreement never falls.

    Two that are matched side by side may each go where the other was: then nothing is gained, or even lost.
    """
    total = units.sum()
    for block in blocks:
        together, sum_after = _matched_to_the_rest(units, block, total, symmetries)
        gain = sum_after.products(sum_after) - total.products(total)
        if gain > _ROUNDING * total.products(total):
            units.put(block, together)
            total = sum_after
        elif len(block) > 1 and together.moves != units.some(block).moves:
            for one in block[:, None]:
                alone, total = _matched_to_the_rest(units, one, total, symmetries)
                units.put(one, alone)


def _matched_to_the_rest(units: Units, block: np.ndarray, total: Units, symmetries: Symmetries) -> tuple[Units, Units]:
    """The networks of a block, and the sum of all when they have moved."""
    own = units.some(block)
    moved = matched(total.minus(own), own, symmetries)
    return moved, total.minus(own.sum()).plus(moved.sum())


def _among(units: Units) -> float:
    """Mean inner product of two different networks over mean squared length."""
    total, squares = units.sum(), units.products(units).sum()
    if not squares:
        return 1.0
    return float((total.products(total)[0] - squares) / (squares * (len(units) - 1)))


def _with_reference(fixed: Units, units: Units) -> float:
    """Mean inner product with the reference, over its length and the networks' root mean square one."""
    lengths = np.sqrt(fixed.products(fixed)[0] * units.products(units).mean())
    return float(units.products(fixed).mean() / lengths) if lengths else 1.0
