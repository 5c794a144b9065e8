"""A copy is at 1 whatever its length and arrangement, what was trained on its own is not: cosines with training
networks, and predictions beside theirs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hyperpipe.alignment.distances import matched_pairs
from hyperpipe.alignment.symmetries import symmetries
from hyperpipe.alignment.units import layer_scales, scaled
from hyperpipe.cnn import Architecture
from hyperpipe.evaluation.nearest import Known, latent_distances, nearest_matched, typical_distance, within
from hyperpipe.evaluation.novelty import Training, novelty, overlap
from hyperpipe.hyperrep.hyperrep_store import read_embeddings
from hyperpipe.hyperrep.rows import used_rows
from hyperpipe.results.novelty import COLUMNS, novelty_table
from hyperpipe.sampling.population_store import read_populations
from hyperpipe.zoo.settings import Recipe
from hyperpipe.zoo.trainer import accuracies_of, predictions_of
from hyperpipe.zoo.zoo_store import read_zoo
from some_networks import networks, rearranged_at_random

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
    latents = {"lwln": Known(encode(weights), numbers, epochs), "plain": Known(weights[:, :9], numbers, epochs)}
    scales = layer_scales(weights, Architecture())
    return Training(Known(weights, numbers, epochs), latents, scales, EPOCHS[1], SYMMETRIES)


def encode(weights: np.ndarray) -> np.ndarray:
    return weights @ np.random.default_rng(1).standard_normal((weights.shape[1], 30)).astype(np.float32)


def measured(weights: np.ndarray, training: Training, digits) -> pd.DataFrame:
    """A line a network, a column a measure."""
    found = novelty(weights, encode(weights), "lwln", training, digits, RECIPE, purpose="t")
    assert len(found) == len(COLUMNS) * len(weights) and set(found.measure) == set(COLUMNS)
    return found.pivot(index="network", columns="measure", values=["value", "nearest", "nearest_epoch"])


def test_a_copy_is_at_1_and_does_everything_alike(training, digits):
    copied = [3, 25, 39]  # at either epoch
    found = measured(training.weights.points[copied], training, digits)
    assert found.value.cosine.to_numpy() == pytest.approx(1, abs=1e-12)
    assert (found.value.distance == 0).all() and found.value.latent.max() < 1e-6
    assert (found.value[["agreement", "wrong_overlap"]] == 1).all(axis=None)
    for measure in COLUMNS:
        assert found.nearest[measure].tolist() == training.weights.networks[copied].tolist()
        assert found.nearest_epoch[measure].tolist() == training.weights.epochs[copied].tolist()


def test_neither_another_arrangement_nor_another_length_makes_a_copy_new(training, digits):
    """A shrunk one is at half the distance that nothing at all is at, and no less a copy."""
    copied = [3, 25, 39]
    copies = 0.5 * rearranged_at_random(training.weights.points[copied], SYMMETRIES)
    found = measured(copies, training, digits)
    assert found.value.cosine.to_numpy() == pytest.approx(1, abs=1e-12)
    assert found.nearest.cosine.tolist() == training.weights.networks[copied].tolist()
    assert found.nearest_epoch.cosine.tolist() == training.weights.epochs[copied].tolist()
    lengths = np.sqrt(np.square(training.scaled(training.weights.points[copied])).mean(axis=1))
    np.testing.assert_allclose(found.value.distance, lengths / 2, rtol=1e-6)
    assert (measured(2 * copies, training, digits).value.agreement == 1).all()


def test_noise_takes_a_copy_as_far_as_its_length_says(training, digits):
    """1 / √(1 + n²), where every layer has its own scale."""
    anchors, scales = training.weights.points[20:], training.scaled(np.ones((1, Architecture().size)))
    draws = np.random.default_rng(2).standard_normal(anchors.shape)
    for noise in (0.5, 1.0):
        found = measured((anchors + noise * draws / scales).astype(np.float32), training, digits).value
        assert found.cosine.mean() == pytest.approx(1 / np.sqrt(1 + noise**2), abs=0.01)
        assert found.distance.mean() == pytest.approx(noise, rel=0.02)


def test_networks_of_their_own_are_as_near_as_those_in_training_are_to_each_other(training, digits):
    found = measured(networks(TRAINED + 10)[TRAINED:], training, digits).value
    points, numbers = training.scaled(training.weights.points[TRAINED:]), np.arange(TRAINED)
    alone = [
        nearest_matched(
            points[[one]], Known(np.delete(points, one, 0), np.delete(numbers, one), np.full(19, 8)), SYMMETRIES
        )
        for one in numbers
    ]
    assert found.cosine.mean() == pytest.approx(np.mean([one.cosines for one in alone]), abs=0.01)
    assert found.within.mean() == pytest.approx(within(points, SYMMETRIES).mean(), abs=0.01)
    assert 0.1 < found.within.mean() < found.cosine.mean() < 0.3
    assert found.latent.mean() == pytest.approx(1, abs=0.05)


def test_the_nearest_row_is_the_one_that_a_search_through_all_finds(training):
    """Of a copy, of a network of its own, of one that is near to two of them, of one whose last row is not the last
    epoch's; but for what one epoch of a network is nearer than another, or its matching ends better."""
    points, numbers = training.scaled(training.weights.points), training.weights.networks
    known = Known(np.delete(points, 35, 0), np.delete(numbers, 35), np.delete(training.weights.epochs, 35))
    asked = np.stack([points[3], training.scaled(networks(25)[24:])[0], points[[5, 26]].mean(axis=0), 3 * points[15]])
    everything = [matched_pairs(point, known.points, SYMMETRIES) for point in asked]
    found = nearest_matched(asked, known, SYMMETRIES)
    assert known.networks[found.rows].tolist()[::3] == [3, 15]
    for place, every in enumerate(everything):
        assert found.cosines[place] <= every.cosines.max() and found.distances[place] >= every.distances.min()
        assert found.cosines[place] == pytest.approx(every.cosines.max(), rel=0.03)
        assert found.distances[place] == pytest.approx(every.distances.min(), rel=0.03)


def test_within_is_the_mean_cosine_with_all_others(training):
    points = training.scaled(training.weights.points[18:24])
    expected = [
        np.mean(matched_pairs(one, np.delete(points, k, 0), SYMMETRIES).cosines) for k, one in enumerate(points)
    ]
    np.testing.assert_allclose(within(points, SYMMETRIES), expected, rtol=0.02)  # either of two is moved to the other
    same = np.concatenate([points[:1], rearranged_at_random(np.tile(points[:1], (3, 1)), SYMMETRIES)])
    assert within(same, SYMMETRIES) == pytest.approx(1, abs=1e-12)
    assert np.isnan(within(points[:1], SYMMETRIES)).all()


def test_distances_count_each_layer_in_its_scale(training):
    """One scale more of every weight of a layer is one, whichever layer it is."""
    points = training.scaled(training.weights.points)
    for layer in Architecture().layers:
        moved = points[:1].copy()
        moved[:, layer.span] += 0.1
        found = matched_pairs(moved[0], points[:1], SYMMETRIES).distances[0]
        size = layer.span.stop - layer.span.start
        assert found == pytest.approx(0.1 * np.sqrt(size / Architecture().size), rel=1e-6)
    assert np.square(points[:, Architecture().layers[2].span]).mean() == pytest.approx(1)


def test_of_a_single_training_network_no_distance_of_latents_is_typical(training):
    alone = Known(training.weights.points[:1], np.array([0]), np.array([8]))
    assert np.isinf(latent_distances(alone.points, alone, alone.networks)[0]).all()
    assert np.isnan(typical_distance(alone, 8))
    plain = training.latents["plain"]
    here = plain.epochs == 8
    distances, rows = latent_distances(plain.points[here], plain, plain.networks[here])
    assert typical_distance(plain, 8) == pytest.approx(distances.mean())
    assert (plain.networks[rows] != plain.networks[here]).all(), "no network is held against itself"


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
    assert len(made) == 5 * 4 + 6 + 1 + 8 + 2 + 1
    assert set(zip(found.population, found.sampler, strict=True)) == made
    copies = found[(found.population == "B_F") | (found.sampler == "anchors")]
    assert (copies[copies.measure.isin(["distance", "latent"])].value < 1e-6).all()
    assert (copies[copies.measure.isin(["cosine", "agreement"])].value > 1 - 1e-9).all()
    shrunk = found[found.sampler == "anchors_shrunk"].pivot(index="network", columns="measure", values="value")
    assert (shrunk.cosine > 1 - 1e-6).all() and (shrunk.distance > 0.3).all(), "a copy all the same"
    for noise in (1, 3):
        of_noise = found[(found.sampler == f"anchors_noise {noise}") & (found.measure == "cosine")].value
        assert of_noise.mean() == pytest.approx(1 / np.sqrt(1 + noise**2), abs=0.05)


def test_the_run_matches_the_signs_of_units_too(run):
    """Without them copies of aligned networks would seem to be new."""
    zoo = read_zoo(run / "results/zoos/digits/zoo.h5")
    rows = used_rows(zoo, pd.read_parquet(run / "results/rows/digits.parquet"), {})["train"]
    scales = layer_scales(rows.weights, zoo.architecture)
    known = Known(scaled(rows.weights, zoo.architecture, scales), rows.networks, rows.epochs)
    mixes = read_populations(run / "results/populations/digits/S_weights.h5").weights["mix"]
    mixes = scaled(mixes, zoo.architecture, scales)
    found = pd.read_parquet(run / "results/novelty/digits.parquet")
    found = found[(found.sampler == "mix") & (found.measure == "cosine")].value
    np.testing.assert_allclose(found, nearest_matched(mixes, known, SYMMETRIES).cosines, rtol=1e-6)
    orders_alone = symmetries(zoo.architecture, RECIPE.activation, signs=False)
    assert (nearest_matched(mixes, known, orders_alone).cosines < found - 1e-3).any()


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
        typical = typical_distance(Known(known.latents, known.networks, known.epochs), 2)
        np.testing.assert_allclose(ours.value, expected / typical, rtol=1e-3)
    zoo = read_zoo(run / "results/zoos/digits/zoo.h5")
    assert set(found.nearest) <= set(zoo.seeds)


def test_the_table_of_novelty_has_means_over_networks_in_the_order_of_the_tables():
    rows = []
    for population, sampler, values in (("scratch", "x", [1, 2]), ("S_KDE", "joint", [0, 0.5]), ("B_T", "zoo", [1])):
        for network, value in enumerate(values):
            measures = dict.fromkeys(COLUMNS, value) | {"wrong_overlap": np.nan}
            names = {"population": population, "sampler": sampler, "network": network}
            rows += [names | {"measure": measure, "value": value} for measure, value in measures.items()]
    table = novelty_table(pd.DataFrame(rows))
    assert table.Population.tolist() == ["B_T", "S_KDE", "scratch"] and table.n.tolist() == ["1", "2", "2"]
    assert table.iloc[1].tolist() == ["S_KDE", "joint", "2", "0.25", "0.25", "25.0", "–", "0.25", "0.25"]
