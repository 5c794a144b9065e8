"""Back ends and trainer: parity, independence, bad input; the zoo and its split."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import pytest
import torch

from hyperpipe.bench.vmap import VmapBackend
from hyperpipe.cnn import Architecture, initialise
from hyperpipe.errors import HyperpipeError
from hyperpipe.images.image_set import SPLITS
from hyperpipe.randomness import stream
from hyperpipe.split import split_networks
from hyperpipe.zoo.choice import Choice
from hyperpipe.zoo.native.cpu.backend import NativeCpu
from hyperpipe.zoo.native.cuda.backend import NativeCuda
from hyperpipe.zoo.reference import ReferenceBackend
from hyperpipe.zoo.settings import Recipe, Split
from hyperpipe.zoo.stacked import StackedBackend
from hyperpipe.zoo.trainer import train_population
from hyperpipe.zoo.zoo_store import Zoo, join_zoos, read_zoo, write_zoo

BACKENDS = {
    "native": NativeCpu,
    "stacked": StackedBackend,
    "native on cuda": NativeCuda,
    "stacked on cuda": partial(StackedBackend, device="cuda"),
    "native on cuda's stand-in": partial(NativeCuda, device="cpu"),
    "reference": ReferenceBackend,
}
on_a_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
FAST = [
    "native",
    "stacked",
    pytest.param("native on cuda", marks=on_a_gpu),
    pytest.param("stacked on cuda", marks=on_a_gpu),
    pytest.param("native on cuda's stand-in", marks=pytest.mark.long),
]
RECIPES = {
    "tanh": Recipe(learning_rate=3e-3),
    "gelu": Recipe(learning_rate=1e-3, activation="gelu", weight_decay=1e-2, batch_size=7),
    "relu": Recipe(learning_rate=1e-3, activation="relu"),
}


def starts(count: int, init: str = "kaiming_uniform", **shape) -> np.ndarray:
    return np.stack([initialise(Architecture(**shape), init, stream(0, "t", m)) for m in range(count)])


def in_training(weights, images, recipe, *names) -> tuple:
    return tuple(BACKENDS[name](weights, Architecture(), recipe, images, 1) for name in names)


def train(weights, images, seeds=None, backend="stacked", recipe="tanh", epochs=2, threads=1):
    return train_population(
        weights,
        images,
        RECIPES[recipe],
        root_seed=0,
        purpose="t",
        seeds=range(len(weights)) if seeds is None else seeds,
        epochs=epochs,
        keep_epochs=[0, epochs],
        choice=Choice(backend, BACKENDS[backend], "a test's"),
        threads=threads,
    )


@pytest.mark.parametrize("backend", FAST)
@pytest.mark.parametrize("init", ["uniform", "kaiming_uniform"])
def test_gradients_are_the_references(digits, init, backend):
    weights, indices = starts(9, init), np.stack([np.arange(10) + m for m in range(9)])
    made = in_training(weights, digits, RECIPES["tanh"], backend, "reference")
    ours, right = (population.gradients(indices) for population in made)
    assert np.abs(ours - right).max() <= 1e-5 * np.abs(right).max()


@pytest.fixture(scope="module", params=["uniform", "kaiming_uniform"])
def steps(request, digits):
    """Weights, orders of 1, 9 and 90 further batches; the reference's gradients, and its weights after each of them."""
    weights, generator = starts(9, request.param), np.random.default_rng(0)
    orders = [generator.integers(0, 47, (9, 10 * more)) for more in (1, 9, 90)]
    (right,) = in_training(weights, digits, RECIPES["tanh"], "reference")
    gradients, after = right.gradients(orders[0]), []
    for order in orders:
        right.train_epoch(order)
        after.append(right.weights().copy())
    return weights, orders, gradients, after


@pytest.mark.parametrize("backend", FAST)
def test_weights_after_1_10_and_100_steps_are_the_references(digits, steps, backend):
    """Relative to the distance that the networks moved, Adam's steps make more and more of what rounding leaves.

    Its first step is the gradient's sign, which rounding decides where the gradient is next to 0: these few are not
    compared after one step, but after more.
    """
    weights, orders, gradients, after = steps
    (ours,) = in_training(weights, digits, RECIPES["tanh"], backend)
    decided = np.abs(ours.gradients(orders[0]) - gradients) <= 1e-4 * np.abs(gradients)
    assert decided.mean() > 0.98
    for order, right, compared, tolerance in zip(orders, after, (decided, True, True), (1e-5, 2e-3, 3e-2), strict=True):
        ours.train_epoch(order)
        moved = np.linalg.norm(right - weights)
        assert np.linalg.norm((ours.weights() - right) * compared) <= tolerance * moved


@pytest.fixture(scope="module", params=product(["digits", "colour"], RECIPES), ids="-".join)
def whole(request):
    """Images, weights, a recipe and what the reference makes of them in two epochs.

    47 or 33 images, batches of 10 or 7: the last batch is a partial one. 9 networks: the last group is not full.
    """
    data, recipe = request.param
    images = request.getfixturevalue(data)
    weights = starts(9, in_channels=images.channels, classes=len(images.classes))
    return images, weights, recipe, train(weights, images, backend="reference", recipe=recipe)


@pytest.mark.parametrize("backend", FAST)
def test_whole_epochs_are_the_references(whole, backend):
    images, weights, recipe, right = whole
    ours = train(weights, images, backend=backend, recipe=recipe)
    assert (ours.weights[0] == weights).all()
    moved = np.linalg.norm(right.weights[1] - weights)
    assert np.linalg.norm(ours.weights[1] - right.weights[1]) <= 1e-3 * moved
    for split in SPLITS:
        np.testing.assert_allclose(ours.loss[split], right.loss[split], rtol=1e-4)
        assert np.abs(ours.accuracy[split] - right.accuracy[split]).max() <= 1.01 / len(images.splits["test"])


@pytest.mark.parametrize("backend", FAST)
def test_adam_with_weight_decay_is_torchs(digits, backend):
    weights, recipe = starts(1), Recipe(learning_rate=1e-2, weight_decay=0.1, beta1=0.8, beta2=0.99, epsilon=1e-4)
    ours, right = in_training(weights, digits, recipe, backend, "reference")
    for made in (ours, right):
        made.train_epoch(np.arange(30)[None])
    moved = np.linalg.norm(right.weights() - weights)
    assert np.linalg.norm(ours.weights() - right.weights()) <= 1e-4 * moved


@pytest.mark.parametrize("backend", [*FAST, "reference"])
@pytest.mark.parametrize("init", ["uniform", "kaiming_uniform"])
def test_a_network_does_not_depend_on_who_trains_beside_it(digits, backend, init):
    weights = starts(19, init)
    together = train(weights, digits, backend=backend)
    threaded = train(weights, digits, backend=backend, threads=2)
    assert (together.weights == threaded.weights).all()
    assert all((together.loss[split] == threaded.loss[split]).all() for split in SPLITS)
    for places in ([7], [9, 2], [10, 9, 8, 7, 6, 5, 4, 3, 2]):
        apart = train(weights[places], digits, seeds=places, backend=backend)
        assert (apart.weights == together.weights[:, places]).all()
        for split in SPLITS:
            assert (apart.loss[split] == together.loss[split][:, places]).all()


@pytest.mark.parametrize("backend", FAST)
@pytest.mark.parametrize(
    ("value", "recipe"), [(3e38, "tanh"), (-3e38, "tanh"), (1e20, "tanh"), (3e38, "gelu"), (3e38, "relu")]
)
def test_a_network_that_diverges_is_recorded_and_does_not_touch_its_neighbours(digits, backend, value, recipe):
    weights = starts(8)
    calm = train(weights, digits, backend=backend, recipe=recipe)
    wild = weights.copy()
    wild[3] = value * weights[3] if value == 1e20 else value  # equal ones: logits equal but for rounding
    mixed = train(wild, digits, backend=backend, recipe=recipe)
    others = [m for m in range(8) if m != 3]
    assert (mixed.weights[:, others] == calm.weights[:, others]).all()
    right = train(wild[[3]], digits, seeds=[3], backend="reference", recipe=recipe)
    for split in SPLITS:
        np.testing.assert_allclose(mixed.loss[split][:, 3], right.loss[split][:, 0], rtol=1e-4)
        # Where sums overflow, the order of their terms decides for which images a logit is NaN; one step later all are.
        finite = np.isfinite(right.loss[split][:, 0])
        assert (mixed.accuracy[split][finite, 3] == right.accuracy[split][finite, 0]).all()
        assert (mixed.accuracy[split][1:, 3] == 0).all() or split == "train" or finite.all()
    assert np.isfinite(mixed.loss["test"][-1, 3]) == (value == 1e20)


def test_networks_learn_and_the_seed_decides_the_order(digits):
    weights = np.repeat(starts(1), 2, axis=0)
    trained = train(weights, digits, epochs=15)
    assert trained.loss["train"][-1].max() < 0.7 * trained.loss["train"][0].min()
    assert (trained.weights[1, 0] != trained.weights[1, 1]).any(), "another seed, another order"
    assert (trained.loss["test"][0, 0] == trained.loss["test"][0, 1]).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w: (w[:, :-1], [0, 1]), r"\(2, 2463\).*needs \(2, 2464\)"),
        (lambda w: (w, [0, 1, 2]), "3 seeds"),
        (lambda w: (np.where(np.arange(2464) == 5, np.nan, w), [0, 1]), r"networks \[0, 1\] are not finite"),
    ],
)
def test_weights_that_do_not_fit_are_refused(digits, change, said):
    weights, seeds = change(starts(2))
    with pytest.raises(HyperpipeError, match=said):
        train(weights, digits, seeds=seeds)


@pytest.mark.parametrize("label", [-1, 10])
def test_labels_out_of_range_are_refused(digits, label):
    split = digits.splits["test"]
    changed = {**digits.splits, "test": replace(split, labels=np.where(np.arange(len(split)) == 3, label, 0))}
    with pytest.raises(HyperpipeError, match="test labels must be 0 … 9"):
        train(starts(1), replace(digits, splits=changed))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x: x[..., :27], r"validation images are uint8 \(1, 28, 27\), uint8 \(1, 28, 28\) needed"),
        (lambda x: x / np.float32(255), r"validation images are float32 \(1, 28, 28\), uint8"),
        (lambda x: x.repeat(3, axis=1), r"validation images are uint8 \(3, 28, 28\), uint8 \(1, 28, 28\) needed"),
    ],
)
def test_images_of_another_size_or_type_are_refused(digits, change, said):
    split = digits.splits["validation"]
    changed = {**digits.splits, "validation": replace(split, images=change(split.images))}
    with pytest.raises(HyperpipeError, match=said):
        train(starts(1), replace(digits, splits=changed))


def zoo(digits, seeds) -> Zoo:
    trained = train(starts(12)[[s - 1 for s in seeds]], digits, seeds=seeds)
    return Zoo("z", np.array(seeds), Architecture(), trained, {"rate": 0.1})


def test_a_zoo_comes_back_and_shards_join_to_what_one_job_makes(digits, tmp_path):
    whole = zoo(digits, range(1, 13))
    for name, seeds in (("b", range(9, 13)), ("a", range(1, 9))):
        write_zoo(tmp_path / name, zoo(digits, seeds))
    joined = join_zoos([read_zoo(tmp_path / name) for name in "ba"])
    assert (joined.seeds == whole.seeds).all() and joined.architecture == whole.architecture
    assert (joined.trained.weights == whole.trained.weights).all()
    assert joined.metrics().equals(whole.metrics())
    row = joined.metrics().query("network == 4 and epoch == 2 and split == 'test'")
    assert row.accuracy.item() == whole.trained.accuracy["test"][2, 3]
    assert (joined.at(2) == whole.trained.weights[1]).all()
    with pytest.raises(HyperpipeError, match="epoch 1 was not kept"):
        joined.at(1)


def test_shards_that_do_not_belong_together_are_refused(digits):
    with pytest.raises(HyperpipeError, match="a seed is in two shards"):
        join_zoos([zoo(digits, [1, 2]), zoo(digits, [2, 3])])
    other = zoo(digits, [3])
    other.settings["rate"] = 0.2
    with pytest.raises(HyperpipeError, match="shard 3-3 was trained with other settings"):
        join_zoos([zoo(digits, [1, 2]), other])


def test_the_split_is_by_network_whole_and_does_not_depend_on_the_order():
    seeds = np.arange(1, 41)
    names = split_networks(seeds, Split(), "z", 0)
    assert [int((names == name).sum()) for name in ("train", "validation", "test")] == [28, 6, 6]
    assert np.flatnonzero(names != "train").tolist() == [1, 4, 8, 9, 10, 18, 24, 26, 27, 30, 31, 36], (
        "the same on every machine"
    )
    assert (split_networks(seeds[::-1], Split(), "z", 0) == names[::-1]).all()
    assert (split_networks(seeds, Split(), "z", 1) != names).any()
    with pytest.raises(HyperpipeError, match="zoo z: 3 networks are too few to split: 2 to train, 0 to validate, 1 to"):
        split_networks(seeds[:3], Split(), "z", 0)


def test_the_benchmarks_vmap_trains_as_the_reference_does(digits):
    weights, orders = starts(3), np.stack([np.random.default_rng(m).permutation(47) for m in range(3)])
    made = [b(weights, Architecture(), RECIPES["tanh"], digits, 1) for b in (VmapBackend, ReferenceBackend)]
    for _ in range(2):
        ours, right = (backend.train_epoch(orders)[0] for backend in made)
        np.testing.assert_allclose(ours, right, rtol=1e-4)
