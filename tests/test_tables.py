"""The tables say what the long-form measurements say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

from hyperpipe.config import load_config, tables_slice
from hyperpipe.evaluation.settings import Finetuning
from hyperpipe.results.cells import cells
from hyperpipe.results.html import as_html
from hyperpipe.results.novelty import COLUMNS
from hyperpipe.results.page import CONTROLS, _networks, recipe_in_words
from hyperpipe.results.settings import DataSet, TablesSlice
from hyperpipe.results.tables import cell, new, table
from hyperpipe.sampling.controls import control_names
from hyperpipe.sampling.settings import Controls
from runs import TINY


def tiny(sources: dict[str, str] | None = None) -> TablesSlice:
    """The tiny run's; sources: what its zoos' images are said to be."""
    config = tables_slice(load_config(yaml.safe_load(TINY.read_text())))
    named = {zoo: DataSet(source=source, channels=1, own=False) for zoo, source in (sources or {}).items()}
    return config.model_copy(update={"data_sets": config.data_sets | named})


def row(population: str, sampler: str, mean: float, **names: str | int) -> dict:
    """Of accuracies; what is not named is of digits, tested, of two networks after two epochs."""
    columns = {"zoo": "digits", "target": "digits", "population": population, "sampler": sampler, "split": "test"}
    numbers = {"epoch": 2, "networks": 2, "mean": mean, "std": 0.05, "low": mean - 0.01, "high": mean + 0.01}
    return columns | numbers | names


def novelty(*populations: tuple[str, str, float], zoo: str = "digits") -> pd.DataFrame:
    names = ["zoo", "population", "sampler", "network", "measure", "value"]
    rows = [(zoo, *names, network, m, value) for *names, value in populations for network in (0, 1) for m in COLUMNS]
    return pd.DataFrame(rows, columns=names)


NONE = novelty(("S_KDE", "joint", 0.5))


def test_a_cell_is_mean_and_deviation_in_percent():
    assert cell(0.2, 0.1) == "20.0 (10.0)" and cell(0.1, np.nan) == "≈ 10" and cell(np.nan, np.nan) == "–"


def test_novelty_is_a_cosine_and_agreement():
    assert new(0.966, 0.139) == "0.97, 14 %" and new(1, np.nan) == "1.00, –" and new(np.nan, 0.5) == "–"


def test_table_1_has_the_papers_rows_in_its_order_and_then_the_controls():
    rows = [row("scratch", "pytorch_default", 0.5), row("B_T", "zoo", 0.3, epoch=1, networks=7)]
    for number, name in enumerate(("S_KDE30", "S_KDE", "B_KDE30")):  # not in the paper's order
        rows += [
            row(name, "independent", 0.1),
            row(name, "released", 0.6 - number / 20),
            row(name, "reconstruction", 0.8),
        ]
    rows.append(row("S_KDE", "independent", 0.9, split="train"))
    found = cells(tiny(), pd.DataFrame(rows), NONE)
    assert set(found.table) == {"1"} and len(found) == len(rows) - 1, "the training images are in no table"

    names = ("B_KDE30", "S_KDE", "S_KDE30")
    sampled = [f"{name} {sampler}" for name in names for sampler in ("independent", "released")]
    shown = table(found, last=2, control=False)
    assert shown.Epoch.tolist() == ["0"] * 7 + ["1"] * 7 + ["2"] * 7
    for epoch in "012":
        of_epoch = shown[shown.Epoch == epoch]
        assert (of_epoch.Population + " " + of_epoch.Sampler).tolist() == ["B_T zoo", *sampled]
    line = shown.set_index(["Population", "Sampler", "Epoch"])[["n", "digits"]]
    assert line.loc[("B_T", "zoo", "1")].tolist() == ["7", "30.0 (5.0)"]
    assert line.loc[("S_KDE30", "released", "2")].tolist() == ["2", "60.0 (5.0)"]
    assert line.loc[("S_KDE", "released", "2")].tolist() == ["2", "55.0 (5.0)"]
    assert line.loc[("S_KDE", "independent", "2")].tolist() == ["2", "10.0 (5.0)"]
    assert line.loc[("S_KDE", "independent", "1")].tolist() == ["0", "–"]

    shown = table(found, last=2, control=True)
    reconstructed = [f"{name} reconstruction" for name in names]
    beside = (shown.Population + " " + shown.Sampler)[shown.Epoch == "2"].tolist()
    assert beside == [*reconstructed, "scratch pytorch_default"]


def test_a_transfer_stands_beside_what_the_target_does_without_a_source():
    accuracies = [
        row("S_KDE30", "released", 0.4, target="printed"),
        row("B_F", "zoo", 0.3, target="printed"),
        row("B_T", "zoo", 0.1, zoo="printed", target="printed"),
        row("scratch", "pytorch_default", 0.2, zoo="printed", target="printed"),
        row("B_T", "zoo", 0.8),
        row("S_KDE30", "released", 0.9),
    ]
    new = novelty(("B_F", "zoo", 0.0), ("S_KDE30", "released", 0.25), ("B_T", "zoo", 1.0), ("scratch", "x", 1.0))
    found = cells(tiny(), pd.DataFrame(accuracies), new)
    assert sorted(found.table) == ["1"] * 2 + ["transfer"] * 4
    found = found[found.table == "transfer"]
    shown = table(found, last=2, control=False).set_index("Epoch").loc["2"]
    assert list(shown.columns) == ["Population", "Sampler", "n", "digits → printed", "digits → printed, novelty"]
    assert shown.Population.tolist() == ["B_T", "B_F", "S_KDE30"]
    assert shown["digits → printed"].tolist() == [f"{mean}.0 (5.0)" for mean in (10, 30, 40)]
    assert shown["digits → printed, novelty"].tolist() == ["–", "0.00, 0 %", "0.25, 25 %"]
    assert table(found, last=2, control=True)["digits → printed"].tolist() == ["–", "–", "20.0 (5.0)"]


def test_the_papers_numbers_stand_beside_its_populations_whatever_their_sampler():
    samplers = ("independent", "released", "joint", "reconstruction", "nearby")
    rows = [row("S_KDE30", sampler, 0.5, epoch=1) for sampler in samplers]
    rows += [row("S_KDE30_validation", "joint", 0.5, epoch=1), row("B_T", "zoo", 0.1, epoch=0)]
    found = cells(tiny({"digits": "mnist"}), pd.DataFrame(rows), NONE).set_index(["population", "sampler"])
    for sampler in samplers[:3]:
        assert found.loc[("S_KDE30", sampler), ["published", "published_std"]].tolist() == [0.837, 0.013]
    none = [("S_KDE30", "reconstruction"), ("S_KDE30", "nearby"), ("S_KDE30_validation", "joint")]
    assert found.loc[none].published.isna().all()
    assert found.published["B_T", "zoo"] == 0.1 and np.isnan(found.published_std["B_T", "zoo"])
    shown = table(found.reset_index(), last=2, control=False).set_index(["Epoch", "Population", "Sampler"])
    assert shown["digits, paper"]["1", "S_KDE30", "joint"] == "83.7 (1.3)"
    assert shown["digits, paper"]["0", "B_T", "zoo"] == "≈ 10"
    assert shown["digits, paper"]["1", "S_KDE30_validation", "joint"] == "–"
    assert "digits, paper" not in table(found.reset_index(), last=2, control=True)


@pytest.mark.parametrize(
    ("sources", "name", "papers"), [(("svhn", "mnist"), "2", [0.334, 0.954]), (("mnist", "svhn"), "5", [0.149, 0.761])]
)
def test_a_transfer_of_the_papers_is_in_its_table(sources, name, papers):
    rows = [row("B_F", "zoo", 0.3, target="printed", epoch=epoch) for epoch in (0, 50)]
    found = cells(tiny(dict(zip(("digits", "printed"), sources, strict=True))), pd.DataFrame(rows), NONE)
    assert set(found.table) == {name}
    assert found.published.tolist()[0] == papers[0] and set(found.column) == {"digits → printed"}


def test_the_long_form_names_the_checkpoint_of_what_an_autoencoder_decoded():
    decoded = [("S_KDE", "joint"), ("B_KDE30", "reconstruction"), ("controls", "random_latents")]
    others = [("B_T", "zoo"), ("scratch", "pytorch_default"), ("controls", "anchors")]
    found = cells(tiny(), pd.DataFrame([row(*names, 0.5) for names in decoded + others]), NONE)
    assert found.selection.tolist() == ["last"] * 3 + [""] * 3
    assert found.control.tolist() == [False, True, True, False, True, True]
    assert not found.comparable.any() and (found.low < found["mean"]).all() and (found["mean"] < found.high).all()
    same = tiny().model_copy(update={"differences": []})
    assert cells(same, pd.DataFrame([row("S_KDE", "joint", 0.5)]), NONE).comparable.all()


@pytest.mark.parametrize(("last", "epochs"), [(1, "0 1"), (2, "0 1 2"), (25, "0 1 25"), (50, "0 1 25 50")])
def test_the_epochs_shown_are_those_before_and_after_one_25_and_all(last, epochs):
    found = cells(tiny(), pd.DataFrame([row("S_KDE", "joint", 0.5, epoch=0)]), NONE)
    assert table(found, last=last, control=False).Epoch.tolist() == epochs.split()


def test_b_t_is_shown_at_its_own_last_epoch_too():
    rows = [row("B_T", "zoo", 0.5, epoch=50), row("S_KDE", "joint", 0.5, epoch=2)]
    shown = table(cells(tiny(), pd.DataFrame(rows), NONE), last=2, control=False)
    assert shown.iloc[-1].tolist()[:5] == ["50", "B_T", "zoo", "2", "50.0 (5.0)"] and len(shown) == 7


def test_the_networks_on_images_of_ones_own_are_not_said_to_have_ten_outputs():
    config = tiny()
    assert _networks(config)[0].startswith("| Layer")
    own = config.data_sets | {"printed": DataSet(source="npz", channels=None, own=True)}
    said, shown = _networks(config.model_copy(update={"data_sets": own}))
    assert "as many outputs\nas classes" in said and "| Conv 1      | input channels     | 1 " in shown


def test_every_control_is_explained():
    assert list(CONTROLS) == [name.replace(" 7", " n") for name in control_names(Controls(noise=[7]))]


def test_the_recipe_of_a_transfer_is_named():
    said = {("target", "recipe"): "the target's recipe", ("source", "source"): "the source's recipe"}
    said |= {("target", "source"): "the target's recipe but the source's activation"}
    for (recipe, activation), words in said.items():
        assert recipe_in_words(Finetuning(recipe=recipe, activation=activation)) == words


def test_a_page_becomes_html_with_its_tables_and_nothing_in_it_is_markup():
    page = as_html("# A & B\n\n| a | b |\n|:--|:--|\n| 1 (2) | <b>x</b> |\n\n![p.png](p.png)\n")
    assert "<title>A &amp; B</title>" in page and "<td>1 (2)</td>" in page.replace(' style="text-align:left"', "")
    assert "<b>" not in page and '<img src="p.png" alt="p.png"' in page
