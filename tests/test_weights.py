"""What is sampled among the weights of networks, and the frame that it is sampled in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hyperpipe.alignment.frame import in_one_frame
from hyperpipe.alignment.procrustes import align
from hyperpipe.alignment.settings import Samples, WeightsSlice
from hyperpipe.alignment.symmetries import symmetries
from hyperpipe.cnn import Architecture
from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep.hyperrep_store import read_hyperrep
from hyperpipe.randomness import stream
from hyperpipe.sampling.population_store import read_populations
from hyperpipe.sampling.weights import gaussian, mean_noise, mix, weight_samples
from hyperpipe.stages.weights import weights_stage
from hyperpipe.zoo.trainer import Trained
from hyperpipe.zoo.zoo_store import Zoo, read_zoo
from some_networks import rearranged_at_random, with_biases
from test_symmetries import computed

TANH = symmetries(Architecture(), "tanh")


def named(name: str) -> np.random.Generator:
    return stream(0, "t", name)


def test_the_dial_is_at_0_the_mean_and_scales_what_lies_around_it():
    networks, draws = with_biases(5), np.random.default_rng(0).standard_normal((7, 5))
    mean = networks.mean(axis=0, dtype=float)
    assert (gaussian(networks, 0.0, draws) == mean.astype(np.float32)).all()
    around = gaussian(networks, 1.0, draws) - mean
    np.testing.assert_allclose(gaussian(networks, 0.3, draws) - mean, 0.3 * around, atol=1e-6)
    one_by_one = np.sqrt(4) * np.eye(5)  # each draw picks one network's deviation, as often as it counts
    np.testing.assert_allclose(gaussian(networks, 1.0, one_by_one), networks, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.5, 1.0])
def test_samples_are_normal_with_the_mean_and_the_covariance_of_the_networks(alpha):
    generator = np.random.default_rng(1)
    networks = with_biases(6)
    samples = gaussian(networks, alpha, generator.standard_normal((2000, 6)))
    for direction in (generator.standard_normal(networks.shape[1]), np.eye(networks.shape[1])[0]):
        onto = networks @ direction
        expected = stats.norm(onto.mean(), alpha * onto.std(ddof=1))
        assert stats.kstest(samples @ direction, expected.cdf).pvalue > 1e-3


def test_mixes_are_convex_combinations_of_so_many_networks_uniform_in_their_shares():
    shares = mix(np.eye(9, dtype=np.float32), 4, 3000, np.random.default_rng(2))
    assert (shares >= 0).all() and ((shares > 0).sum(axis=1) == 4).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    assert stats.chisquare((shares > 0).sum(axis=0)).pvalue > 1e-3, "each network is taken as often"
    for network in shares.T:
        assert stats.kstest(network[network > 0], stats.beta(1, 3).cdf).pvalue > 1e-4
    networks = with_biases(9)
    copies = mix(networks, 1, 5, np.random.default_rng(2))
    assert all((copy == networks).all(axis=1).any() for copy in copies)


@pytest.mark.parametrize("noise", [0.5, 2.0])
def test_noise_is_normal_around_the_mean_in_the_scale_of_each_layer_and_the_length_is_kept(noise):
    generator = np.random.default_rng(1)
    networks = with_biases(6) + generator.standard_normal((1, Architecture().size))
    samples = mean_noise(networks, noise, generator.standard_normal((400, networks.shape[1])), Architecture())
    mean = networks.mean(axis=0)
    for layer in Architecture().layers:
        scale = np.sqrt(np.square(mean[layer.span]).mean())
        own = samples[:, layer.span] * np.sqrt(1 + noise**2) - mean[layer.span]
        assert stats.kstest(own[:, 0] / (noise * scale), "norm").pvalue > 1e-3
        assert np.sqrt(np.square(samples[:, layer.span]).mean()) == pytest.approx(scale, rel=0.05)


def test_without_noise_it_would_be_the_mean_and_all_noises_are_one_draw():
    networks, draws = with_biases(6), np.random.default_rng(2).standard_normal((3, Architecture().size))
    mean = networks.mean(axis=0)
    np.testing.assert_allclose(mean_noise(networks, 0.0, draws, Architecture()), np.tile(mean, (3, 1)), atol=1e-7)
    first, second = (
        np.sqrt(1 + noise**2) * mean_noise(networks, noise, draws, Architecture()) - mean for noise in (1.0, 2.0)
    )
    np.testing.assert_allclose(2 * first, second, atol=1e-5)


def test_populations_differ_by_alpha_and_the_frame_alone():
    networks, settings = with_biases(8), Samples(alphas=[0.0, 0.5], noise=[1.0, 2.0], mixed=3)
    made = weight_samples(networks, networks, Architecture(), settings, 6, named)
    assert list(made) == [
        "aligned 0",
        "aligned 0.5",
        "unaligned 0",
        "unaligned 0.5",
        "mean_noise 1",
        "mean_noise 2",
        "mix",
    ]
    assert all(weights.shape == (6, networks.shape[1]) and weights.dtype == np.float32 for weights in made.values())
    for alpha in ("0", "0.5"):
        assert (made[f"aligned {alpha}"] == made[f"unaligned {alpha}"]).all()
    close = Samples(alphas=[0.1, 0.1000001], noise=[0.1, 0.1000001], mixed=3)
    near = weight_samples(networks, networks, Architecture(), close, 6, named)
    assert len(near) == 7, "none has another's name"
    moved = weight_samples(networks, rearranged_at_random(networks, TANH), Architecture(), settings, 6, named)
    changed = {name for name, weights in moved.items() if (weights != made[name]).any()}
    assert changed == {"unaligned 0", "unaligned 0.5"}, "all others are of the networks in one frame"
    without = weight_samples(networks, networks, Architecture(), settings.model_copy(update={"noise": []}), 6, named)
    assert all((without[name] == made[name]).all() for name in without) and len(without) == 5


def some_zoo(weights: np.ndarray, kept: tuple[int, ...]) -> Zoo:
    """weights: [epochs, M, P]."""
    measured = {split: np.zeros((max(kept) + 1, weights.shape[1])) for split in ("train", "validation", "test")}
    seeds = np.arange(weights.shape[1]) * 2 + 1
    return Zoo("z", seeds, Architecture(), Trained(kept, weights, measured, measured, "t"), {})


def listed(zoo: Zoo, epochs: tuple[int, ...]) -> pd.DataFrame:
    """Five networks to train, two unseen, none left out."""
    splits = np.where(np.arange(len(zoo.seeds)) < 5, "train", "test")
    columns = {"network": np.repeat(zoo.seeds, len(epochs)), "epoch": np.tile(epochs, len(zoo.seeds))}
    return pd.DataFrame(columns | {"split": np.repeat(splits, len(epochs)), "left_out": ""})


@pytest.fixture
def zoo() -> Zoo:
    """At each epoch rearranged copies of one network, each with a little noise."""
    generator = np.random.default_rng(3)
    one = np.repeat(with_biases(1), 7, axis=0)
    at = [rearranged_at_random(one, TANH, seed=5) for _ in range(3)]
    return some_zoo(np.stack([w + 1e-3 * generator.standard_normal(w.shape).astype(np.float32) for w in at]), (1, 2, 3))


def in_frame(zoo: Zoo, rows: pd.DataFrame) -> Zoo:
    return in_one_frame(zoo, rows, TANH, epoch=3, seed=0, restarts=1)[0]


def test_a_zoo_in_one_frame_computes_what_it_did_at_the_epochs_of_its_rows(zoo):
    aligned = in_frame(zoo, listed(zoo, (2, 3)))
    assert aligned.trained.kept == (2, 3) and (aligned.seeds == zoo.seeds).all()
    for epoch in (2, 3):
        ours, theirs = (computed(of.at(epoch), Architecture(), "tanh") for of in (aligned, zoo))
        assert np.abs(ours - theirs).max() < 1e-12
        spread = aligned.at(epoch).std(axis=0).max()
        assert spread < 0.01 < zoo.at(epoch).std(axis=0).max(), "unseen networks are in the frame too"


def test_a_network_moves_as_it_does_at_the_last_epoch_and_the_unseen_move_no_other(zoo):
    rows = listed(zoo, (1, 2, 3))
    training = rows.split == "train"
    aligned = in_frame(zoo, rows)
    found = align(zoo.at(3)[:5], TANH, restarts=1)
    assert (aligned.at(3)[:5] == found.weights).all() and (aligned.at(1) != zoo.at(1)).any()
    assert (in_frame(zoo, rows[training]).at(2)[:5] == aligned.at(2)[:5]).all()
    alone = rows[training | (rows.network == zoo.seeds[6])]
    assert (in_frame(zoo, alone).at(3)[6] == aligned.at(3)[6]).all()


def test_rows_that_are_left_out_find_no_frame_and_what_is_left_of_a_network_is_matched(zoo):
    rows = listed(zoo, (2, 3))
    weights = zoo.trained.weights.copy()
    weights[2, 0] = np.nan  # the first network at epoch 3; the second at both
    weights[1:, 1] = np.inf
    broken = replace(zoo, trained=replace(zoo.trained, weights=weights))
    bad = ((rows.network == zoo.seeds[0]) & (rows.epoch == 3)) | (rows.network == zoo.seeds[1])
    rows.loc[bad, "left_out"] = "not finite"
    aligned = in_frame(broken, rows)
    assert np.abs(aligned.at(2)[0] - aligned.at(2)[4]).max() < 0.01
    np.testing.assert_array_equal(aligned.at(2)[1], broken.at(2)[1])
    rows.loc[rows.epoch == 3, "left_out"] = "too large"
    with pytest.raises(HyperpipeError, match="zoo z: no training network can be used at epoch 3"):
        in_frame(broken, rows)


def test_the_run_samples_around_the_mean_of_its_training_networks_in_one_frame(run):
    zoos = {name: read_zoo(run / f"results/zoos/digits/{name}.h5") for name in ("zoo", "aligned")}
    split = pd.read_parquet(run / "results/zoos/digits/split.parquet")
    training = np.isin(zoos["zoo"].seeds, split.network[split.split == "train"])
    weights = {name: of.at(2)[training] for name, of in zoos.items()}
    before, *_, after = zoos["aligned"].settings["alignment"]["agreement"]
    assert -1 < before < after < 1
    found = read_populations(run / "results/populations/digits/S_weights.h5")
    assert found.settings["seeds"] == zoos["zoo"].seeds[training].tolist()
    for sampler, of in (("aligned 0", "aligned"), ("unaligned 0", "zoo")):
        np.testing.assert_allclose(found.weights[sampler], np.tile(weights[of].mean(axis=0), (4, 1)), atol=1e-6)
    np.testing.assert_allclose(
        computed(weights["aligned"], Architecture(), "tanh"), computed(weights["zoo"], Architecture(), "tanh")
    )


def test_the_autoencoder_of_aligned_networks_learns_of_them_and_permutes_no_views(run):
    from hyperpipe.hyperrep.hyperrep_store import read_embeddings

    aligned = read_zoo(run / "results/zoos/digits/aligned.h5")
    hyperrep = read_hyperrep(run / "results/hyperreps/digits/aligned/hyperrep.h5")
    known = read_embeddings(run / "results/hyperreps/digits/aligned/embeddings.h5", "last", "train")
    place = np.flatnonzero(aligned.seeds == known.networks[0])
    expected = hyperrep.encode(aligned.at(int(known.epochs[0]))[place], "last")
    np.testing.assert_allclose(known.latents[:1], expected, atol=1e-5)
    permuted = {
        name: read_hyperrep(run / f"results/hyperreps/digits/{name}/hyperrep.h5").settings.permute
        for name in ("lwln", "plain", "aligned")
    }
    assert permuted == {"lwln": True, "plain": True, "aligned": False} and hyperrep.name == "aligned"
    sampled = read_populations(run / "results/populations/digits/S_KDE30_aligned.h5")
    assert sampled.settings["autoencoder"] == "aligned"
    assert list(sampled.weights) == ["independent", "released", "joint", "reconstruction"]


def test_more_networks_to_mix_than_can_be_used_are_one_line(run, tmp_path):
    config = WeightsSlice(seed=0, zoo="digits", epoch=2, networks=2, alphas=[0.0], mixed=8)
    paths = (
        run / f"results/{path}" for path in ("zoos/digits/aligned.h5", "zoos/digits/zoo.h5", "rows/digits.parquet")
    )
    with pytest.raises(HyperpipeError, match=r"alignment\.mixed: 8 networks .* 7 training networks .*; lower it"):
        weights_stage(config, *paths, tmp_path / "x.h5")
    assert not (tmp_path / "x.h5").exists()
