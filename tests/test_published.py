"""What the paper printed, and when a run may be held against it."""

from __future__ import annotations

import re
from collections import Counter

import pytest
import torch
import yaml

from hyperpipe.cnn import Architecture, to_module
from hyperpipe.config import Config, load_config, tables_slice
from hyperpipe.results.appendix import table3, table4
from hyperpipe.results.differences import differences
from hyperpipe.results.published import TABLE_1, TABLE_2, TABLE_4, TABLE_5, published
from runs import ROOT

PAPER = ROOT.parent / "shared" / "paper.txt"
DATA_SETS = ("mnist", "svhn", "cifar10", "stl10")


@pytest.fixture
def paper() -> str:
    if not PAPER.is_file():
        pytest.skip("the text of the paper is not here")
    return PAPER.read_text()


def as_the_paper(**parts: dict) -> Config:
    zoos = {name: {"preset": name, "images": name, "networks": 1000} for name in DATA_SETS}
    config = {"images": {name: {"source": name} for name in DATA_SETS}, "zoos": zoos}
    return load_config(config | {"sources": dict.fromkeys(DATA_SETS, "others"), **parts})


def test_table_1_has_the_numbers_that_the_papers_text_has(paper):
    text = paper.split("Method Ep. MNIST SVHN CIFAR-10 STL-10")[1].split("Table 1.")[0]
    printed = Counter(re.findall(r"(\d+\.\d) ?\((\d+\.\d)\)", text))
    ours = [pair for rows in TABLE_1.values() for pair in rows.values() if pair[1] is not None]
    assert Counter((f"{mean:.1f}", f"{std:.1f}") for mean, std in ours) == printed
    assert len(ours) == 4 * 12


@pytest.mark.parametrize(
    ("head", "columns"),
    [("SVHN to MNIST\tSTL-10 to CIFAR-10", TABLE_2), ("MNIST to SVHN\tCIFAR-10 to STL-10", TABLE_5)],
)
def test_tables_2_and_5_are_the_papers(paper, head, columns):
    lines = paper.split(head)[1].strip().splitlines()[:9]
    found = [re.sub(r"[$\\{}]|rm ?", "", line).split("\t") for line in lines]
    for place, rows in enumerate(columns.values()):
        assert [(population, int(epoch)) for population, epoch, *_ in found] == list(rows)
        said = [cells[2 + place] for cells in found[1:]]
        assert said == [f"{mean:.1f} ({std:.1f})" for mean, std in list(rows.values())[1:]]


def test_table_4_is_the_papers_and_what_the_presets_say(paper):
    lines = paper.split("Model Zoo\tHyperparameter\tValue")[1].split("Table 4.")[0].strip().splitlines()
    for line in lines:
        name, _, values = line.split("\t")
        channels, activation, decay, rate, init, optimiser, _ = re.sub(r"^\d+ input.*seed ", "", values).split()
        theirs = TABLE_4[name.lower().replace("-", "")]
        assert [float(theirs[key]) for key in ("Weight decay", "Learning rate")] == [float(decay), float(rate)]
        assert [theirs["Channels"], theirs["Activation"]] == [channels, activation]
        assert [theirs["Init"], theirs["Optimiser"].lower()] == [init.replace("-", "_"), optimiser.lower()]
    assert len(lines) == 5


def test_the_presets_are_table_4():
    table = table4(tables_slice(as_the_paper()))
    ours, theirs = (table.iloc[start::2].drop(columns=["Zoo", "Epochs", "Batch"]) for start in (0, 1))
    assert len(ours) == 4 and ours.to_numpy().tolist() == theirs.to_numpy().tolist()
    assert table.Zoo.tolist()[::2] == list(DATA_SETS) and set(table.Zoo[1::2]) == {"the paper's"}


@pytest.mark.parametrize("channels", [1, 3])
def test_table_3_is_the_network_that_is_trained(channels):
    architecture = Architecture(in_channels=channels)
    layers = iter(to_module(torch.zeros(architecture.size).numpy(), architecture, "tanh"))
    expected = []
    for layer in layers:
        if isinstance(layer, torch.nn.Conv2d):
            sizes = [layer.in_channels, layer.out_channels]
            expected += [*sizes, layer.kernel_size[0], layer.stride[0], layer.padding[0]]
        elif isinstance(layer, torch.nn.Linear):
            expected += [layer.in_features, layer.out_features]
        elif isinstance(layer, torch.nn.MaxPool2d):
            expected.append(layer.kernel_size)
        elif isinstance(layer, torch.nn.Tanh):
            expected.append("tanh")
    table = table3([channels], ["tanh"])
    assert table.Value.tolist() == [*map(str, expected), str(architecture.size)]


def test_a_run_of_both_has_both_in_table_3():
    table = table3([1, 3], ["tanh", "gelu"])
    assert table.Value.tolist()[0] == "1/3" and table.Value.tolist()[-1] == "2464/2864"
    assert set(table[table.Layer == "Activation"].Value) == {"tanh / gelu"}


def test_pairs_of_data_sets_are_in_the_papers_tables_or_in_none():
    assert published("mnist", "mnist") == ("1", TABLE_1["mnist"])
    assert published("svhn", "mnist")[0] == published("stl10", "cifar10")[0] == "2"
    assert published("mnist", "svhn") == ("5", TABLE_5["mnist", "svhn"])
    assert published("mnist", "usps") == ("transfer", {}) and published("digits", "digits") == ("1", {})


def test_the_papers_settings_differ_in_nothing_nor_do_the_released_ones():
    assert differences(as_the_paper()) == []
    assert differences(as_the_paper(hyperrep={"preset": "released"}, finetuning={"orders": "shared"})) == []
    assert differences(as_the_paper(sampling={"samplers": ["joint"]}, training={"backend": "reference"})) == []


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"split": {"train": 0.5}}, "`split`: train 0.5 instead of 0.7"),
        ({"hyperrep": {"latent": 64}}, "`hyperrep`: latent 64 instead of 700"),
        ({"hyperrep": {"preset": "released", "permute": False}}, "`hyperrep`: permute false instead of true"),
        ({"hyperrep": {"permutation_pool": 7}}, "`hyperrep`: permutation_pool 7 instead of none"),
        ({"sampling": {"selection": "last"}}, "`sampling`: selection last instead of best_validation"),
        ({"sampling": {"bandwidth": "scott"}}, "`sampling`: bandwidth scott instead of 0.002"),
        ({"finetuning": {"recipe": "source"}}, "`finetuning`: recipe source instead of target"),
    ],
)
def test_what_is_not_the_papers_is_named(part, said):
    assert differences(as_the_paper(**part)) == [said]


def test_zoos_and_images_that_are_not_the_papers_are_named():
    zoo = {"preset": "mnist", "images": "mnist", "networks": 64, "epochs": 30, "recipe": {"learning_rate": 1e-3}}
    images = {name: {"source": name} for name in DATA_SETS} | {"mnist": {"source": "mnist", "train": 100}}
    images["mine"] = {"source": "npz", "path": "a.npz", "train": 1, "validation": 1, "test": 1}
    zoos = {"mnist": zoo, "mine": zoo | {"images": "mine"}}
    batch = {"batch_size": 100}
    found = differences(load_config({"images": images, "zoos": zoos, "sources": {"mnist": []}, "hyperrep": batch}))
    assert found == [
        "`zoos.mnist`: train 100 instead of 50000, networks 64 instead of 1000, epochs 30 instead of 50,"
        " recipe.learning_rate 0.001 instead of 0.0003",
        "`zoos.mine`: on images that the paper has none of (npz)",
        "`hyperrep`: batch_size 100 instead of 500",
    ]


def test_the_default_run_says_that_it_is_not_comparable():
    config = load_config(yaml.safe_load((ROOT / "config.yaml").read_text()))
    found = differences(config)
    assert found[0] == "`zoos.digits`: on images that the paper has none of (digits)"
    assert any(line.startswith("`hyperrep`: width 208 instead of 1428") for line in found)


def test_either_reading_of_the_usps_zoo_is_the_papers():
    for preset in ("usps", "usps_script"):
        zoos = {"usps": {"preset": preset, "images": "usps", "networks": 1000}}
        config = load_config({"images": {"usps": {"source": "usps"}}, "zoos": zoos, "sources": {"usps": []}})
        assert differences(config) == []
