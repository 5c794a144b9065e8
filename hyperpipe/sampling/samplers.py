"""Every sampler by its name, registered here and nowhere else; and samplers of a user's own, by file and function.

A sampler is a function ``(anchors, count, bandwidth, generator) → latents``: from the embeddings of the anchors,
float32 [A, D] in (-1, 1), `count` new ones [count, D], drawn with nothing but `generator`, a numpy Generator.
`bandwidth` is what the configuration says, a number in latent units or ``scott`` or ``silverman``.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable, Sequence

import numpy as np

from hyperpipe.errors import HyperpipeError, brief
from hyperpipe.sampling.kde import independent, joint, released
from hyperpipe.sampling.settings import RECONSTRUCTION, Bandwidth, own_sampler, sampler_name

Sampler = Callable[[np.ndarray, int, Bandwidth, np.random.Generator], np.ndarray]

SAMPLERS: dict[str, Sampler] = {"independent": independent, "released": released, "joint": joint}
_KEY = "sampling.samplers"


def check_samplers(entries: Sequence[str]) -> None:
    """Raises ValueError where an entry is no sampler, or two would go by one name."""
    taken = {*SAMPLERS, RECONSTRUCTION}
    names = [sampler_name(entry) for entry in entries]
    for entry, name in zip(entries, names, strict=True):
        if entry not in SAMPLERS and own_sampler(entry) is None:
            raise ValueError(f"{_KEY}: there is no {entry!r}; use {', '.join(SAMPLERS)} or path/to/file.py:function")
        if names.count(name) > 1 or (entry != name and name in taken):
            raise ValueError(f"{_KEY}: two are called {name!r}; give each a name of its own")


def samplers(entries: Sequence[str]) -> dict[str, Sampler]:
    """By its name, each one of `SAMPLERS` or the function that ``path/to/file.py:function`` names.

    Raises HyperpipeError where there is none; so does a call where a user's own fails or returns something else.
    """
    try:
        check_samplers(entries)
    except ValueError as error:
        raise HyperpipeError(str(error)) from None
    return {sampler_name(entry): _sampler(entry) for entry in entries}


def _sampler(entry: str) -> Sampler:
    own = own_sampler(entry)
    if own is None:
        return SAMPLERS[entry]
    path, name = own
    try:
        function = runpy.run_path(path).get(name)
    except Exception as error:  # whatever a user's file raises
        raise _failed(f"{path} cannot be run", error) from error
    if not callable(function):
        raise HyperpipeError(f"{_KEY}: {path} has no function {name}")
    return _checked(function, entry)


def _checked(function: Sampler, entry: str) -> Sampler:
    def sample(anchors: np.ndarray, count: int, bandwidth: Bandwidth, generator: np.random.Generator) -> np.ndarray:
        try:
            latents = np.asarray(function(anchors.copy(), count, bandwidth, generator), np.float32)
        except Exception as error:  # whatever a user's function raises
            raise _failed(f"{entry} failed", error) from error
        needed = f"finite latents {[count, anchors.shape[1]]} are needed"
        if latents.shape != (count, anchors.shape[1]):
            raise HyperpipeError(f"{_KEY}: {entry} returned {list(latents.shape)}; {needed}")
        if not np.isfinite(latents).all():
            raise HyperpipeError(f"{_KEY}: {entry} returned NaN or infinity; {needed}")
        return latents

    return sample


def _failed(what: str, error: Exception) -> HyperpipeError:
    return HyperpipeError(f"{_KEY}: {what} ({type(error).__name__}: {brief(error)})")
