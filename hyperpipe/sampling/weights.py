"""Populations sampled among the weights of training networks, with no autoencoder between.

A mean of networks, and what lies around it, is worth something only where their hidden units mean the same. `aligned`
and `mix` are of networks in one frame; `unaligned` is their null model, the same of the same networks as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def gaussian(networks: np.ndarray, alpha: float, draws: np.ndarray) -> np.ndarray:
    """Networks [count, P] from a Gaussian with the mean of networks [M, P] and alpha² times their covariance.

    draws: standard normal numbers [count, M], the weights with which a sample combines the networks' deviations from
    their mean. With alpha 0 all are the mean.
    """
    mean = networks.mean(axis=0, dtype=float)
    deviations = (networks - mean) / np.sqrt(max(len(networks) - 1, 1))
    return (mean + alpha * draws @ deviations).astype(np.float32)


def mix(networks: np.ndarray, mixed: int, count: int, generator: np.random.Generator) -> np.ndarray:
    """Networks [count, P], each a convex combination of `mixed` of the networks [M, P], which are drawn without
    replacement; its shares are uniform on the simplex."""
    shares = np.zeros((count, len(networks)))
    for of_sample in shares:
        of_sample[generator.permutation(len(networks))[:mixed]] = generator.dirichlet(np.ones(mixed))
    return (shares @ networks.astype(float)).astype(np.float32)


def weight_samples(
    aligned: np.ndarray,
    unaligned: np.ndarray,
    alphas: Sequence[float],
    mixed: int,
    count: int,
    generator: Callable[[str], np.random.Generator],
    flows: Sequence[int] = (),
    width: float = 1.0,
) -> dict[str, np.ndarray]:
    """All populations [count, P] by the name of their sampler: ``aligned <alpha>``, ``unaligned <alpha>``, ``mix``,
    ``flow <updates>``.

    aligned, unaligned: the same networks [M, P], in one frame and as they are. generator: for the draws that are named,
    a stream of its own. The k-th samples of all Gaussians have the same draws, so that populations differ by nothing
    but alpha and the frame; so have all flows (of aligned networks, see `flow`), and their trainings begin alike.

    Raises HyperpipeError where a flow is wanted of networks that do not differ.
    """
    draws = generator("gaussian").standard_normal((count, len(aligned)))
    sources = {"aligned": aligned, "unaligned": unaligned}
    made = {f"{name} {alpha:.12g}": gaussian(of, alpha, draws) for name, of in sources.items() for alpha in alphas}
    made["mix"] = mix(aligned, mixed, count, generator("mix"))
    return made | _flows(aligned, flows, width, count, generator)


def _flows(
    aligned: np.ndarray,
    flows: Sequence[int],
    width: float,
    count: int,
    generator: Callable[[str], np.random.Generator],
) -> dict[str, np.ndarray]:
    if not flows:
        return {}
    from hyperpipe.sampling.flow import flow  # torch, which nothing else here needs

    draws = generator("flow").standard_normal((count, len(aligned) - 1))
    seed = int(generator("flow/training").integers(2**63))
    return {
        (name := f"flow {updates}"): flow(aligned, updates, width, draws, seed=seed, title=name) for updates in flows
    }
