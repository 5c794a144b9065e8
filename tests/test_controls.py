"""Controls: what each one's weights are distributed like."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats
from some_networks import networks

from hyperpipe.cnn import BIAS, Architecture
from hyperpipe.hyperrep.hyperrep_store import read_hyperrep
from hyperpipe.hyperrep.losses import layer_sigma
from hyperpipe.randomness import stream
from hyperpipe.sampling.anchors import choose_anchors
from hyperpipe.sampling.controls import CONTROLS, controls
from hyperpipe.sampling.population_store import read_populations
from hyperpipe.sampling.settings import Controls
from hyperpipe.zoo.zoo_store import read_zoo

LAYERS = Architecture().layers


def made(settings: Controls, seed: int = 0, count: int = 30) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Of 30 networks whose layers differ in their spread, the first 12 of them anchors."""
    rows = networks(30) + 0.01 * np.random.default_rng(0).standard_normal((30, Architecture().size)).astype(np.float32)
    sigma = layer_sigma(torch.from_numpy(rows), Architecture()).numpy()

    def generator(name: str) -> np.random.Generator:
        return stream(seed, "t", name)

    return controls(rows[:12], rows, sigma, Architecture(), settings, count, generator), rows


def test_there_is_one_of_each_as_the_list_says():
    found, rows = made(Controls())
    assert tuple(found) == CONTROLS[:-1] and CONTROLS[-1] == "random_latents"
    sizes = {name: len(weights) for name, weights in found.items()}
    assert sizes == {"anchors": 12, "anchors_noise": 12, "anchors_shrunk": 12, "anchors_shrunk_noise": 12, "iid": 30}
    assert all(weights.dtype == np.float32 for weights in found.values())
    assert (found["anchors"] == rows[:12]).all() and (found["anchors_shrunk"] == rows[:12] / 2).all()


@pytest.mark.parametrize(("name", "shrink"), [("anchors_noise", 1.0), ("anchors_shrunk_noise", 0.3)])
def test_noise_is_normal_in_deviations_of_the_layer(name, shrink):
    found, rows = made(Controls(noise=0.4, shrink=0.3))
    noise = found[name] - np.float32(shrink) * rows[:12]
    for layer in LAYERS:
        sigma = rows[:, layer.span].std(ddof=1)
        assert stats.kstest(noise[:, layer.span].ravel(), stats.norm(0, 0.4 * sigma).cdf).pvalue > 1e-3
    other, _ = made(Controls(noise=0.4, shrink=0.3), seed=1)
    assert (other[name] != found[name]).any() and (made(Controls(noise=0.4, shrink=0.3))[0][name] == found[name]).all()
    assert not np.allclose(found["anchors_noise"] - rows[:12], found["anchors_shrunk_noise"] - 0.3 * rows[:12])


def test_without_noise_and_shrinking_all_are_the_anchors():
    found, rows = made(Controls(noise=0, shrink=1))
    for name in ("anchors_noise", "anchors_shrunk", "anchors_shrunk_noise"):
        assert (found[name] == rows[:12]).all()


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
    assert tuple(found.weights) == CONTROLS
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
