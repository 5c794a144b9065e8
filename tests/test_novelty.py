"""A copy is at 0, what was trained on its own at 1: distances to training networks, and predictions beside theirs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from some_networks import networks, rearranged_at_random

from hyperpipe.alignment.distances import matched_distances
from hyperpipe.alignment.symmetries import symmetries
from hyperpipe.cnn import Architecture
from hyperpipe.evaluation.nearest import Known, nearest, nearest_matched, typical_distance
from hyperpipe.evaluation.novelty import Training, novelty, overlap, typical_distances
from hyperpipe.hyperrep.hyperrep_store import read_embeddings
from hyperpipe.hyperrep.losses import layer_sigma
from hyperpipe.hyperrep.rows import used_rows
from hyperpipe.results.novelty import novelty_table
from hyperpipe.sampling.population_store import read_populations
from hyperpipe.zoo.settings import Recipe
from hyperpipe.zoo.trainer import accuracies_of, predictions_of
from hyperpipe.zoo.zoo_store import read_zoo

RECIPE = Recipe(learning_rate=1e-3)
SYMMETRIES = symmetries(Architecture(), RECIPE.activation)
TRAINED, EPOCHS = 20, (7, 8)  # networks in training, each at two epochs


@pytest.fixture(scope="module")
def training() -> Training:
    """Twenty networks that differ little from one epoch to the next, and linear latents of them."""
    last = networks(TRAINED)
    before = last + 0.01 * np.random.default_rng(0).standard_normal(last.shape).astype(np.float32)
    weights = np.concatenate([before, last])
    numbers, epochs = np.tile(np.arange(TRAINED), 2), np.repeat(EPOCHS, TRAINED)
    sigma = layer_sigma(torch.from_numpy(weights), Architecture()).numpy()
    latents = {"lwln": Known(encode(weights), numbers, epochs), "plain": Known(weights[:, :9], numbers, epochs)}
    return Training(Known(weights, numbers, epochs), latents, sigma, EPOCHS[1], SYMMETRIES)


def encode(weights: np.ndarray) -> np.ndarray:
    return weights @ np.random.default_rng(1).standard_normal((weights.shape[1], 30)).astype(np.float32)


def measured(weights: np.ndarray, training: Training, digits) -> pd.DataFrame:
    """A line a network, a column a measure."""
    typical = typical_distances(training)
    found = novelty(weights, encode(weights), "lwln", training, typical, digits, RECIPE, purpose="t")
    assert len(found) == 5 * len(weights)
    return found.pivot(index="network", columns="measure", values=["value", "nearest", "nearest_epoch", "distance"])


def test_a_copy_is_at_0_and_does_everything_alike(training, digits):
    copied = [3, 25, 39]  # at either epoch
    found = measured(training.weights.points[copied], training, digits)
    assert (found.value[["weights", "matched"]] == 0).all(axis=None) and found.value.latent.max() < 1e-6
    assert (found.value[["agreement", "wrong_overlap"]] == 1).all(axis=None)
    for measure in ("weights", "matched", "latent", "agreement"):
        assert found.nearest[measure].tolist() == training.weights.networks[copied].tolist()
        assert found.nearest_epoch[measure].tolist() == training.weights.epochs[copied].tolist()


def test_a_rearranged_copy_is_at_0_when_matched(training, digits):
    copied = [3, 25, 39]
    copies = rearranged_at_random(training.weights.points[copied], SYMMETRIES)
    found = measured(copies, training, digits)
    assert found.value.matched.max() < 1e-6 and found.value.weights.min() > 0.9
    assert found.nearest.matched.tolist() == training.weights.networks[copied].tolist()
    assert found.nearest_epoch.matched.tolist() == training.weights.epochs[copied].tolist()
    assert (found.value.agreement == 1).all()


def test_networks_of_their_own_are_at_1(training, digits):
    """Those in training by definition, each held against the others; those beside them to a few percent."""
    found = measured(networks(TRAINED + 10)[TRAINED:], training, digits).value
    for measure in ("weights", "matched", "latent"):
        assert found[measure].mean() == pytest.approx(1, abs=0.05)
    typical, here = typical_distances(training), training.weights.epochs == training.epoch
    for known, scale in ((training.normalised, "weights"), (training.latents["plain"], "plain")):
        alone = nearest(known.points[here], known, known.networks[here])
        assert alone.distances.mean() / typical[scale] == pytest.approx(1)
        assert (known.networks[alone.rows] != known.networks[here]).all(), "no network is held against itself"


def test_the_nearest_matched_row_is_as_near_as_the_one_that_a_search_through_all_finds(training):
    """Of a copy, of a network of its own, of one that is near to two of them, of one whose own rows do not count; but
    for what one epoch of a network is nearer than another."""
    known = training.normalised
    points = np.stack([known.points[3], networks(25)[24] / training.sigma, known.points[[5, 26]].mean(axis=0)])
    for own in (None, np.array([3, 99, 5])):
        others = np.ones((3, len(known.points)), bool) if own is None else own[:, None] != known.networks
        everything = np.stack([matched_distances(point, known.points, SYMMETRIES) for point in points])
        found = nearest_matched(points, known, SYMMETRIES, own)
        least = np.where(others, everything, np.inf).min(axis=1)
        assert (found.distances >= least).all() and found.distances == pytest.approx(least, rel=1e-3)


def test_a_shrunk_copy_is_as_far_as_it_was_shrunk(training, digits):
    found = measured(0.5 * training.weights.points[20:], training, digits)
    norms = np.sqrt(np.square(training.normalised.points[20:]).mean(axis=1, dtype=float))
    np.testing.assert_allclose(found.distance.weights, 0.5 * norms, rtol=1e-5)
    assert (found.value.weights < 1).all()


def test_distances_count_each_layer_in_its_deviation(training):
    """One deviation of every weight of a layer is one deviation, whichever layer it is."""
    for layer in Architecture().layers:
        moved = training.weights.points[:1].copy()
        moved[:, layer.span] += training.sigma[layer.span]
        found = nearest(moved / training.sigma, training.normalised).distances[0]
        size = layer.span.stop - layer.span.start
        assert found == pytest.approx(np.sqrt(size / Architecture().size), rel=1e-4)


def test_of_a_single_training_network_no_distance_is_typical(training):
    alone = Known(training.weights.points[:1], np.array([0]), np.array([8]))
    for found in (
        nearest(alone.points, alone, alone.networks),
        nearest_matched(alone.points, alone, SYMMETRIES, alone.networks),
    ):
        assert np.isinf(found.distances).all() and np.isnan(typical_distance(found))


def test_the_overlap_of_wrong_predictions_is_intersection_over_union():
    first = np.array([[True, True, False, False], [False] * 4, [True] * 4])
    second = np.array([[True, False, True, False], [False] * 4, [False] * 4])
    np.testing.assert_array_equal(overlap(first, second), [1 / 3, np.nan, 0])


@pytest.mark.parametrize("activation", ["tanh", "gelu"])
def test_predictions_are_those_that_accuracies_count(digits, activation):
    weights, recipe = networks(11), Recipe(learning_rate=1e-3, activation=activation)
    found = predictions_of(weights, digits, recipe, "test", purpose="t")
    expected = accuracies_of(weights, digits, recipe, "test", purpose="t")
    assert found.shape == (11, len(digits.splits["test"]))
    assert (found == digits.splits["test"].labels).mean(axis=1).tolist() == pytest.approx(expected.tolist())


def test_where_a_logit_is_no_number_nothing_is_predicted(digits):
    weights, recipe = networks(9), Recipe(learning_rate=1e-3, activation="gelu")
    found = predictions_of(weights, digits, recipe, "test", purpose="t")
    first = weights[0, Architecture().layers[0].weight]
    first[:] = np.where(np.arange(first.size) % 2, 3e38, -3e38)  # infinities of both signs are summed
    broken = predictions_of(weights, digits, recipe, "test", purpose="t")
    assert (broken[1:] == found[1:]).all() and (broken[0] == -1).any()


def test_the_run_measures_every_population_of_a_source(run):
    found = pd.read_parquet(run / "results/novelty/digits.parquet")
    made = {("B_T", "zoo")}
    for path in (run / "results/populations/digits").glob("*.h5"):
        made |= {(path.stem, sampler) for sampler in read_populations(path).weights}
    assert len(made) == 5 * 4 + 5 + 1 + 6 + 2 + 1
    assert set(zip(found.population, found.sampler, strict=True)) == made
    copies = found[(found.population == "B_F") | (found.sampler == "anchors")]
    assert (copies[~copies.measure.isin(["agreement", "wrong_overlap"])].value < 1e-6).all()
    assert (copies[copies.measure == "agreement"].value == 1).all()


def test_the_run_matches_the_signs_of_units_too(run):
    """Without them copies of aligned networks would seem to be new."""
    zoo = read_zoo(run / "results/zoos/digits/zoo.h5")
    rows = used_rows(zoo, pd.read_parquet(run / "results/rows/digits.parquet"), {})["train"]
    sigma = layer_sigma(torch.from_numpy(rows.weights), zoo.architecture).numpy()
    known = Known(rows.weights / sigma, rows.networks, rows.epochs)
    mixes = read_populations(run / "results/populations/digits/S_weights.h5").weights["mix"] / sigma
    found = pd.read_parquet(run / "results/novelty/digits.parquet")
    found = found[(found.sampler == "mix") & (found.measure == "matched")].distance
    np.testing.assert_allclose(found, nearest_matched(mixes, known, SYMMETRIES).distances, rtol=1e-6)
    orders_alone = symmetries(zoo.architecture, RECIPE.activation, signs=False)
    assert (nearest_matched(mixes, known, orders_alone).distances > found + 1e-3).any()


def test_latents_in_the_run_are_of_the_autoencoder_that_made_a_population(run):
    from hyperpipe.hyperrep.hyperrep_store import read_hyperrep

    found = pd.read_parquet(run / "results/novelty/digits.parquet")
    made = {"B_KDE30": "plain", "S_KDE": "lwln", "S_KDE30_aligned": "aligned", "S_weights": "lwln", "scratch": "lwln"}
    for population, autoencoder in made.items():
        store = read_populations(run / f"results/populations/digits/{population}.h5")
        sampler = next(iter(store.weights))
        hyperrep = read_hyperrep(run / f"results/hyperreps/digits/{autoencoder}/hyperrep.h5")
        known = read_embeddings(run / f"results/hyperreps/digits/{autoencoder}/embeddings.h5", "last", "train")
        latents = hyperrep.encode(store.weights[sampler], "last")
        expected = np.sqrt(np.square(latents[:, None] - known.latents).mean(axis=2)).min(axis=1)
        ours = found[(found.population == population) & (found.sampler == sampler) & (found.measure == "latent")]
        np.testing.assert_allclose(ours.distance, expected, rtol=1e-3)
    zoo = read_zoo(run / "results/zoos/digits/zoo.h5")
    assert set(found.nearest) <= set(zoo.seeds)


def test_the_table_of_novelty_has_means_over_networks_in_the_order_of_the_tables():
    rows = []
    for population, sampler, values in (("scratch", "x", [1, 2]), ("S_KDE", "joint", [0, 0.5]), ("B_T", "zoo", [1])):
        for network, value in enumerate(values):
            measures = dict.fromkeys(("weights", "matched", "latent", "agreement"), value) | {"wrong_overlap": np.nan}
            names = {"population": population, "sampler": sampler, "network": network}
            rows += [names | {"measure": measure, "value": value} for measure, value in measures.items()]
    table = novelty_table(pd.DataFrame(rows))
    assert table.Population.tolist() == ["B_T", "S_KDE", "scratch"] and table.n.tolist() == ["1", "2", "2"]
    assert table.iloc[1].tolist() == ["S_KDE", "joint", "2", "0.25", "0.25", "0.25", "25.0", "–"]
