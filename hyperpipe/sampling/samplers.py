"""Every sampler by its name; one of a user's own by its file and function.

A sampler is a function ``(anchors, count, bandwidth, generator) → latents``: from the embeddings of the anchors,
float32 [A, D] in (-1, 1), `count` new ones [count, D], drawn with nothing but `generator`, a numpy Generator of its own.
`bandwidth` is what the configuration says, a number in latent units or ``scott`` or ``silverman``.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable

import numpy as np

from hyperpipe.errors import HyperpipeError, brief
from hyperpipe.sampling.kde import independent, joint, released
from hyperpipe.sampling.settings import OWN, Bandwidth, sampler_name

Sampler = Callable[[np.ndarray, int, Bandwidth, np.random.Generator], np.ndarray]

SAMPLERS: dict[str, Sampler] = {"independent": independent, "released": released, "joint": joint}


def sampler(entry: str) -> Sampler:
    """One of `SAMPLERS`, or the function that ``path/to/file.py:function`` names.

    Raises HyperpipeError where there is none; so does a call where a user's own fails or returns something else.
    """
    if not OWN.fullmatch(entry):
        return SAMPLERS[entry]
    path, _, name = entry.rpartition(":")
    try:
        function = runpy.run_path(path)[name]
    except KeyError:
        raise HyperpipeError(f"sampling.samplers: {path} has no function {name}") from None
    except Exception as error:  # whatever a user's file raises
        said = f"{type(error).__name__}: {brief(error)}"
        raise HyperpipeError(f"sampling.samplers: {path} cannot be run ({said})") from None
    return _checked(function, entry)


def _checked(function: Sampler, entry: str) -> Sampler:
    def sample(anchors: np.ndarray, count: int, bandwidth: Bandwidth, generator: np.random.Generator) -> np.ndarray:
        try:
            latents = np.asarray(function(anchors, count, bandwidth, generator), np.float32)
        except Exception as error:
            said = f"{type(error).__name__}: {brief(error)}"
            raise HyperpipeError(f"sampling.samplers: {sampler_name(entry)} of {entry} failed ({said})") from None
        expected = (count, anchors.shape[1])
        if latents.shape != expected or not np.isfinite(latents).all():
            said = f"returned {list(latents.shape)}" if latents.shape != expected else "returned values not finite"
            raise HyperpipeError(f"sampling.samplers: {entry} {said}; finite latents {list(expected)} are needed")
        return latents

    return sample
