"""Controls: what each one's weights are distributed like."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from hyperpipe.cnn import BIAS, Architecture
from hyperpipe.hyperrep.hyperrep_store import read_hyperrep
from hyperpipe.hyperrep.losses import layer_sigma
from hyperpipe.randomness import stream
from hyperpipe.sampling.anchors import choose_anchors
from hyperpipe.sampling.controls import control_names, controls
from hyperpipe.sampling.population_store import read_populations
from hyperpipe.sampling.settings import Controls
from hyperpipe.zoo.zoo_store import read_zoo
from some_networks import networks

LAYERS = Architecture().layers


def made(settings: Controls, seed: int = 0, count: int = 30) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Of 30 networks whose layers differ in their spread, the first 12 of them anchors."""
    rows = networks(30) + 0.01 * np.random.default_rng(0).standard_normal((30, Architecture().size)).astype(np.float32)
    sigma = layer_sigma(torch.from_numpy(rows), Architecture()).numpy()

    def generator(name: str) -> np.random.Generator:
        return stream(seed, "t", name)

    return controls(rows[:12], rows, sigma, Architecture(), settings, count, generator), rows


def test_there_is_one_of_each_as_the_list_says():
    settings = Controls(noise=[0.5, 2], shrink=0.5)
    found, rows = made(settings)
    names = ["anchors", "anchors_noise 0.5", "anchors_noise 2"]
    names += ["anchors_shrunk", "anchors_shrunk_noise 0.5", "anchors_shrunk_noise 2"]
    assert control_names(settings) == [*names, "iid", "random_latents"] == [*found, "random_latents"]
    assert {name: len(weights) for name, weights in found.items()} == dict.fromkeys(names, 12) | {"iid": 30}
    assert all(weights.dtype == np.float32 for weights in found.values())
    assert (found["anchors"] == rows[:12]).all() and (found["anchors_shrunk"] == rows[:12] / 2).all()


def test_noise_is_normal_in_deviations_of_the_layer():
    settings = Controls(noise=[0.4, 3])
    found, rows = made(settings)
    noise = found["anchors_noise 0.4"] - rows[:12]
    for layer in LAYERS:
        sigma = rows[:, layer.span].std(ddof=1)
        assert stats.kstest(noise[:, layer.span].ravel(), stats.norm(0, 0.4 * sigma).cdf).pvalue > 1e-3
    np.testing.assert_allclose(found["anchors_noise 3"] - rows[:12], 7.5 * noise, atol=1e-5)  # the same, more of it
    other, again = made(settings, seed=1)[0], made(settings)[0]
    assert (other["anchors_noise 3"] != found["anchors_noise 3"]).any()
    assert (again["anchors_noise 3"] == found["anchors_noise 3"]).all()


def test_shrunk_anchors_have_the_noise_too_and_are_as_long_without_it():
    """To a few percent: the deviation of a layer is not quite its root mean square."""
    found, rows = made(Controls(noise=[0.4, 3], shrink=0.3))
    for noise in ("0.4", "3"):
        factor = 0.3 / np.sqrt(1 + float(noise) ** 2)
        expected = factor * found[f"anchors_noise {noise}"]
        np.testing.assert_allclose(found[f"anchors_shrunk_noise {noise}"], expected, rtol=1e-5, atol=1e-8)
        for layer in LAYERS:
            lengths = [np.linalg.norm(found[f"anchors_shrunk_noise {noise}"][:, layer.weight])]
            lengths.append(0.3 * np.linalg.norm(rows[:12, layer.weight]))
            assert lengths[0] == pytest.approx(lengths[1], rel=0.1)


def test_without_shrinking_all_are_as_they_were():
    found, _ = made(Controls(noise=[], shrink=1))
    assert list(found) == ["anchors", "anchors_shrunk", "iid"]
    assert (found["anchors_shrunk"] == found["anchors"]).all()


def test_iid_weights_have_the_distribution_of_their_layer_and_no_more():
    """Weights of weights, biases of biases; places that are alike in all networks are alike no longer."""
    found, rows = made(Controls(), count=200)
    for layer in LAYERS:
        for part in (layer.weight, layer.bias):
            drawn, known = found["iid"][:, part], rows[:, part]
            assert set(drawn.ravel().tolist()) <= set(known.ravel().tolist())
            assert stats.ks_2samp(drawn.ravel(), known.ravel()).pvalue > 1e-3
    assert abs(found["iid"][:, LAYERS[0].bias].mean() - BIAS) < 0.005
    constant = np.tile(np.linspace(-1, 1, Architecture().size, dtype=np.float32), (30, 1))
    drawn = controls(
        constant, constant, np.ones(Architecture().size), Architecture(), Controls(), 2000, lambda name: stream(0, name)
    )["iid"][:, LAYERS[-1].weight]
    assert np.abs(drawn.mean(axis=0) - constant[0, LAYERS[-1].weight].mean()).max() < 0.01


def test_those_of_the_run_are_made_of_the_anchors_that_are_decoded_beside_them(run):
    zoo = read_zoo(run / "results/zoos/digits/zoo.h5")
    split = pd.read_parquet(run / "results/zoos/digits/split.parquet").set_index("network").split
    metrics = pd.read_parquet(run / "results/zoos/digits/metrics.parquet")
    found = read_populations(run / "results/populations/digits/controls.h5")
    hyperrep = read_hyperrep(run / "results/hyperreps/digits/lwln/hyperrep.h5")
    assert list(found.weights) == control_names(Controls(noise=[1, 3]))
    seeds, epochs = found.settings["seeds"], found.settings["epochs"]
    assert all(split[seed] == "train" for seed in seeds) and len(set(zip(seeds, epochs, strict=True))) == 4
    expected = np.stack([zoo.at(epoch)[zoo.seeds == seed][0] for seed, epoch in zip(seeds, epochs, strict=True)])
    assert (found.weights["anchors"] == expected).all()
    decoded = hyperrep.decode(hyperrep.encode(expected, "last"), "last")
    beside = read_populations(run / "results/populations/digits/S_KDE30.h5").weights["reconstruction"]
    np.testing.assert_allclose(decoded, beside, atol=1e-5)

    training = np.array([seed for seed in zoo.seeds if split[seed] == "train"])
    best = choose_anchors(np.tile(training, 2), np.repeat([1, 2], len(training)), metrics, "best by test", 0.3)
    assert found.settings["anchor_rows"] == len(best)
    latents = hyperrep.encode(found.weights["random_latents"], "last")
    assert found.weights["random_latents"].std(axis=0).max() > 0 and latents.shape == (4, 8)


def test_from_scratch_there_are_the_standard_inits(run):
    found = read_populations(run / "results/populations/digits/scratch.h5").weights
    assert list(found) == ["kaiming_uniform", "pytorch_default"]
    for layer in LAYERS:
        for init, gain in (("kaiming_uniform", 6), ("pytorch_default", 1)):
            weights, bound = found[init][:, layer.weight], np.sqrt(gain / layer.fan_in)
            assert 0.9 * bound < np.abs(weights).max() <= bound
    assert len({*found["kaiming_uniform"][:, 0].tolist(), *found["pytorch_default"][:, 0].tolist()}) == 8
