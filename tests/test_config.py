from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml

from hyperpipe import config as hp
from hyperpipe.config_reference import config_reference
from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep.presets import PRESETS as HYPERREPS
from hyperpipe.validation import parse_slice
from hyperpipe.zoo.presets import PRESETS
from hyperpipe.zoo.settings import Recipe, ShardSlice, Zoo

ROOT = Path(__file__).resolve().parent.parent


FILES = sorted((ROOT / "workflow" / "presets").glob("*.yaml"))


def load(path: Path) -> dict:
    return yaml.safe_load(path.read_text())


@pytest.mark.parametrize("path", [ROOT / "config.yaml", ROOT / "tests" / "config.yaml", *FILES], ids=str)
def test_the_files_that_come_along_are_valid(path):
    assert hp.load_config(load(path)).zoos


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("seeed", 1, "config.yaml: seeed: there is no such key"),
        ("images.digits.trian", 1, "config.yaml: images.digits.trian: there is no such key"),
        ("images.digits.source", "dogs", "images.digits.source: there is no 'dogs'; use one of 'digits'"),
        ("images.digits", {"train": 1}, "config.yaml: images.digits.source: is missing"),
        ("images.digits", {"source": "digits"}, "config.yaml: images.digits.train: is missing"),
        ("zoos.two-words", {}, "config.yaml: zoos.two-words: 'two-words' is refused, string should match"),
        ("images.digits.train", 0, "images.digits.train: 0 is refused, input should be greater than or equal to 1"),
        ("zoos.digits.networks", "8", "zoos.digits.networks: '8' is refused, input should be a valid integer"),
        ("zoos.digits.recipe.learning_rate", "1e-3", "YAML reads 1e-3 as text: write 1.0e-3"),
        ("zoos.digits.recipe.learning_rate", -1.0, "greater than 0"),
        ("zoos.digits.recipe.batch_size", 0, "greater than or equal to 1"),
        ("zoos.digits.recipe.momentum", 0.9, "config.yaml: zoos.digits.recipe.momentum: there is no such key"),
        (
            "zoos.digits.preset",
            "imagenet",
            "zoos.digits.preset: 'imagenet' is refused, input should be 'mnist', 'svhn'",
        ),
        ("zoos.digits.recipe", 3, "zoos.digits.recipe: 3 is refused"),
        ("images.digits", {"source": "npz", "train": 1}, "config.yaml: images.digits.path: is missing"),
        ("zoos.digits.init", "xavier", "zoos.digits.init: 'xavier' is refused"),
        ("zoos.digits.keep_epochs", [3], "epoch 3 is not among the 2 trained ones"),
        ("zoos.digits.keep_epochs", [2, 1], "must ascend"),
        ("zoos.digits.images", "dogs", "there is no data set 'dogs'"),
        ("zoos.digits.networks", 3, "too few to split"),
        ("hyperrep.zoo_epochs", [2, 3], "hyperrep.zoo_epochs: epoch 3 is not among zoos.digits.keep_epochs"),
        ("hyperrep.zoo_epochs", [2, 1], "zoo_epochs: must ascend"),
        ("hyperrep.heads", 3, "hyperrep: width: 16 is not a multiple of 3 heads"),
        ("hyperrep.erase_shares", [0.4, 0.3], "must be two shares, ascending"),
        (
            "hyperrep.batch_size",
            15,
            "sources.digits: 7 networks to train at 2 epochs are too few for a batch of 15; lower",
        ),
        ("hyperrep.preset", "huge", "hyperrep.preset: 'huge' is refused, input should be 'released', 'wsl21'"),
        ("sampling.selection", "first", "sampling.selection: 'first' is refused"),
        ("sampling.best", 1.0, "less than 1"),
        ("alignment.alphas", [0.5, 0.0], "alignment.alphas: must ascend"),
        ("alignment.alphas", [-0.5], "greater than or equal to 0"),
        ("alignment.mixed", 8, "alignment.mixed: 8 networks cannot be mixed of the 7 of digits to train; lower it"),
        (
            "sampling.bandwidth",
            0.0,
            "sampling.bandwidth: 0.0 is refused, input should be greater than 0 or 'scott' or 'silverman'",
        ),
        ("sampling.bandwidth", "sheather", "sampling.bandwidth: 'sheather' is refused"),
        ("sampling.samplers", [], "sampling.samplers: [] is refused"),
        ("sampling.samplers", ["kde"], "sampling.samplers: there is no 'kde'; use independent, released, joint or"),
        ("sources.mnist", [], "sources.mnist: there is no zoo 'mnist' under zoos"),
        ("sources.digits", ["mnist"], "sources.digits: there is no zoo 'mnist' under zoos"),
        ("sources.digits", ["digits"], "sources.digits: each zoo that it is transferred to is another one"),
        ("sources.digits", "other", "sources.digits: 'other' is refused, input should be a valid list or 'others'"),
        ("sources.digits", [3], "config.yaml: sources.digits.0: 3 is refused, input should be a valid string"),
        ("finetuning.recipe", "mine", "finetuning.recipe: 'mine' is refused, input should be 'target' or 'source'"),
        ("bootstrap.confidence", 1.0, "bootstrap.confidence: 1.0 is refused, input should be less than 1"),
        ("split.train", 0.9, "must leave a test split"),
    ],
)
def test_what_is_wrong_is_refused_in_one_line_that_names_it(place, value, said):
    data = copy.deepcopy(load(ROOT / "tests" / "config.yaml"))
    *groups, key = place.split(".")
    target = data
    for group in groups:
        target = target.setdefault(group, {})
    target[key] = value
    with pytest.raises(HyperpipeError) as refused:
        hp.load_config(data)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


TABLE_4 = {  # init, activation, learning rate, weight decay
    "mnist": ("uniform", "tanh", 3e-4, 0),
    "svhn": ("uniform", "tanh", 3e-3, 0),
    "usps": ("kaiming_uniform", "tanh", 1e-4, 1e-3),
    "usps_script": ("uniform", "tanh", 3e-4, 1e-3),
    "cifar10": ("kaiming_uniform", "gelu", 1e-4, 1e-2),
    "stl10": ("kaiming_uniform", "tanh", 1e-4, 1e-3),
    "fashion_mnist": ("uniform", "tanh", 3e-4, 0),
}


def with_zoo(**zoo) -> hp.Config:
    images = {"m": {"source": "mnist"}}
    return hp.load_config(
        {"images": images, "zoos": {"z": {"images": "m", "networks": 200, **zoo}}, "sources": {"z": []}}
    )


def test_presets_are_the_papers_zoos():
    assert set(TABLE_4) == set(PRESETS)
    for preset, expected in TABLE_4.items():
        zoo = with_zoo(preset=preset).zoos["z"]
        recipe = zoo.recipe
        assert (zoo.init, recipe.activation, recipe.learning_rate, recipe.weight_decay) == expected
        assert (zoo.epochs, recipe.batch_size, recipe.beta1, recipe.beta2, recipe.epsilon) == (50, 10, 0.9, 0.999, 1e-8)


def test_what_a_zoo_says_itself_stands_before_its_preset_and_training_sees_the_outcome_alone():
    preset = with_zoo(preset="cifar10", init="pytorch_default", recipe={"learning_rate": 0.1})
    recipe = {"activation": "gelu", "learning_rate": 0.1, "weight_decay": 1e-2}
    spelled_out = with_zoo(init="pytorch_default", recipe=recipe)
    assert hp.shard_slice(preset, "z") == hp.shard_slice(spelled_out, "z")


def test_an_autoencoder_by_name_is_its_values_and_what_is_set_stands_before_them():
    small, other = (hp.HyperRep(preset="small", **changes) for changes in ({}, {"latent": 5}))
    assert (small.width, small.latent, small.beta) == (208, 128, 1.0) and other.latent == 5
    assert small.model_dump() == hp.HyperRep(**HYPERREPS["small"]).model_dump(), "no name in what a stage sees"
    for preset in HYPERREPS:
        assert hp.HyperRep(preset=preset).heads


def test_the_papers_sizes_stand_where_none_are_set():
    images = {"a": {"source": "usps"}, "b": {"source": "svhn", "validation": 5}}
    found = hp.load_config(
        load(ROOT / "config.yaml") | {"images": images | load(ROOT / "config.yaml")["images"]}
    ).images
    assert (found["a"].train, found["a"].validation, found["a"].test) == (6_000, 1_291, 2_007)
    assert (found["b"].train, found["b"].validation, found["b"].test) == (60_000, 5, 26_032)


FIVE = {  # zoos: their images
    "mnist": {"source": "mnist"},
    "svhn": {"source": "svhn"},
    "cifar10": {"source": "cifar10"},
    "stl10": {"source": "stl10"},
    "mine": {"source": "folder", "path": "x", "colour": "rgb", "train": 5, "validation": 5, "test": 5},
}


def on_five(sources: dict, mine: str = "rgb", **parts) -> hp.Config:
    images = FIVE | {"mine": FIVE["mine"] | {"colour": mine}}
    zoos = {name: {"preset": "stl10" if name == "mine" else name, "images": name, "networks": 200} for name in FIVE}
    return hp.load_config({"images": images, "zoos": zoos, "sources": sources, **parts})


def test_others_are_all_ordered_pairs_of_equal_channels():
    config = on_five(dict.fromkeys(FIVE, "others"))
    grey, colour = {"mnist", "svhn"}, {"cifar10", "stl10", "mine"}
    pairs = {(source, target) for source, targets in config.transfers().items() for target in targets}
    assert pairs == {(a, b) for kind in (grey, colour) for a in kind for b in kind if a != b}
    assert hp.tables_slice(config).sources == config.transfers()
    assert on_five({"stl10": ["cifar10"]}, mine="auto").transfers() == {"stl10": ["cifar10"]}


@pytest.mark.parametrize(
    ("sources", "colour", "said"),
    [
        (
            {"mnist": ["cifar10"]},
            "rgb",
            "sources.mnist: its images and those of cifar10 have 1 and 3 channels; take cifar10",
        ),
        ({"svhn": ["mine"]}, "rgb", "sources.svhn: its images and those of mine have 1 and 3 channels; take mine out"),
        (
            {"mnist": "others"},
            "auto",
            "sources.mnist: others: images.mine.colour leaves open whether",
        ),
    ],
)
def test_transfers_need_images_of_as_many_channels(sources, colour, said):
    with pytest.raises(HyperpipeError, match=said):
        on_five(sources, mine=colour)


def test_transfer_takes_the_recipe_and_the_activation_that_are_named():
    def recipe(source: str, target: str, **finetuning) -> tuple[str, float, float]:
        config = on_five({source: [target]}, finetuning=finetuning)
        found = hp.finetune_slice(config, source, "S_KDE30", target).recipe
        return found.activation, found.learning_rate, found.weight_decay

    assert recipe("cifar10", "stl10") == ("tanh", 1e-4, 1e-3)
    assert recipe("cifar10", "stl10", recipe="source") == ("gelu", 1e-4, 1e-2)
    assert recipe("cifar10", "stl10", activation="source") == ("gelu", 1e-4, 1e-3)
    assert recipe("cifar10", "stl10", recipe="source", activation="target") == ("tanh", 1e-4, 1e-2)
    assert recipe("svhn", "mnist") == ("tanh", 3e-4, 0) and recipe("mnist", "svhn") == ("tanh", 3e-3, 0)
    in_dataset = hp.finetune_slice(on_five({"mnist": []}), "mnist", "scratch", "mnist")
    assert in_dataset.recipe.learning_rate == 3e-4 and in_dataset.epochs == 50


def test_the_list_of_keys_is_what_the_models_say():
    assert (ROOT / "docs/config.md").read_text() == config_reference(), "hyperpipe settings > docs/config.md"


def test_a_slice_survives_the_command_line_and_has_nothing_that_is_not_its_own():
    config = hp.load_config(load(ROOT / "config.yaml"))
    part = hp.shard_slice(config, "digits")
    assert parse_slice(ShardSlice, part.model_dump_json()) == part
    assert "networks" not in part.model_dump(), "more networks must not retrain the first shards"
    with pytest.raises(HyperpipeError, match="not JSON"):
        parse_slice(ShardSlice, "{")


def test_shards_cover_the_seeds_and_stay_when_the_zoo_grows_by_whole_ones():
    zoo = Zoo(images="d", networks=64, shard=32, epochs=25, recipe=Recipe(learning_rate=0.1))
    assert hp.shards(zoo) == ["0001-0032", "0033-0064"]
    more = zoo.model_copy(update={"networks": 70})
    assert hp.shards(more) == ["0001-0032", "0033-0064", "0065-0070"]
