"""Populations sampled among the weights of training networks, with no autoencoder between.

A mean of networks, and what lies around it, is worth something only where their hidden units mean the same. All are of
networks in one frame but `unaligned`, the null model of `aligned`: the same of the same networks as they are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hyperpipe.alignment.settings import Samples
from hyperpipe.alignment.units import layer_scales, scaled
from hyperpipe.cnn import Architecture


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


def mean_noise(networks: np.ndarray, noise: float, draws: np.ndarray, architecture: Architecture) -> np.ndarray:
    """Networks [count, P]: the mean of networks [M, P] with noise on every weight, `noise` times the root mean square
    of the mean's weights and biases in its layer, divided by √(1 + noise²), so that they are about as long as the mean.

    draws: standard normal numbers [count, P].
    """
    mean = networks.mean(axis=0, keepdims=True, dtype=float)
    scales = layer_scales(mean, architecture)
    in_scale = scaled(mean, architecture, scales) + noise * draws
    return scaled(in_scale / np.sqrt(1 + noise**2), architecture, 1 / scales).astype(np.float32)


def sampler_names(settings: Samples) -> list[str]:
    """Of all populations of `weight_samples`, in their order."""
    dials = {"aligned": settings.alphas, "unaligned": settings.alphas, "mean_noise": settings.noise}
    names = [f"{name} {setting:.12g}" for name, dial in dials.items() for setting in dial]
    return [*names, "mix", *(f"flow {updates}" for updates in settings.flows)]


def weight_samples(
    aligned: np.ndarray,
    unaligned: np.ndarray,
    architecture: Architecture,
    settings: Samples,
    count: int,
    generator: Callable[[str], np.random.Generator],
) -> dict[str, np.ndarray]:
    """All populations [count, P] by the name of their sampler: ``aligned <alpha>``, ``unaligned <alpha>``,
    ``mean_noise <noise>``, ``mix``, ``flow <updates>``.

    aligned, unaligned: the same networks [M, P], in one frame and as they are; all but `unaligned` are of the former.
    generator: for the draws that are named, a stream of its own. The k-th samples of all Gaussians have the same draws,
    so that populations differ by nothing but alpha and the frame; so have all noises, and all flows, whose trainings
    begin alike.

    Raises HyperpipeError where a flow is wanted of networks that do not differ.
    """
    draws = generator("gaussian").standard_normal((count, len(aligned)))
    made = [gaussian(of, alpha, draws) for of in (aligned, unaligned) for alpha in settings.alphas]
    if settings.noise:
        draws = generator("noise").standard_normal((count, architecture.size))
        made += [mean_noise(aligned, noise, draws, architecture) for noise in settings.noise]
    made.append(mix(aligned, settings.mixed, count, generator("mix")))
    made += _flows(aligned, settings, count, generator)
    return dict(zip(sampler_names(settings), made, strict=True))


def _flows(
    aligned: np.ndarray, settings: Samples, count: int, generator: Callable[[str], np.random.Generator]
) -> list[np.ndarray]:
    if not settings.flows:
        return []
    from hyperpipe.sampling.flow import flow  # torch, which nothing else here needs

    draws = generator("flow").standard_normal((count, len(aligned) - 1))
    seed = int(generator("flow/training").integers(2**63))
    width = settings.flow_width
    return [flow(aligned, updates, width, draws, seed=seed, title=f"flow {updates}") for updates in settings.flows]
