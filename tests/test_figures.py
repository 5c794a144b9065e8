"""The figures of a source zoo: what is in them is what was measured."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hyperpipe.cnn import Architecture
from hyperpipe.figures import curves, latents, novelty, weights
from hyperpipe.figures.looks import looks
from hyperpipe.figures.settings import FigureSlice
from hyperpipe.hyperrep.hyperrep_store import Embeddings
from hyperpipe.stages.figure_curves import figure_curves_stage
from hyperpipe.stages.figure_latents import figure_latents_stage
from hyperpipe.stages.figure_novelty import figure_novelty_stage
from hyperpipe.stages.figure_weights import figure_weights_stage
from hyperpipe.store import read_table

ALL = Architecture()
CONFIG = FigureSlice(zoo="digits", targets=["printed"], epoch=2, selection="last")


@pytest.fixture
def drawn(monkeypatch) -> Figure:
    """What a figure's module draws in, and does not write."""
    figure = Figure(layout="constrained")

    @contextmanager
    def unwritten(width, height, *paths):
        figure.set_size_inches(width, height)
        yield figure

    for module in (curves, latents, novelty, weights):
        monkeypatch.setattr(module, "figure", unwritten)
    return figure


@pytest.fixture
def accuracies(run) -> pd.DataFrame:
    return read_table(run / "results/accuracies.parquet").query("split == 'test'")


def test_the_figures_of_a_run_come_out_again_byte_for_byte(run, tmp_path):
    results = run / "results"
    both = [results / f"hyperreps/digits/{name}" for name in ("lwln", "plain")]
    tested = [folder / "reconstructions.parquet" for folder in both]
    hyperreps = [folder / "hyperrep.h5" for folder in both]
    zoo = results / "zoos/digits"
    made = [results / f"populations/digits/{name}.h5" for name in ("S_KDE30", "controls")]
    of = {
        name: (tmp_path / f"{name}.png", tmp_path / f"{name}.svg")
        for name in ("weights", "curves", "novelty", "latents")
    }
    accuracies = results / "accuracies.parquet"
    rows = results / "rows/digits.parquet"
    figure_weights_stage(CONFIG, zoo / "zoo.h5", rows, hyperreps, tested, *of["weights"], 1)
    figure_curves_stage(CONFIG, accuracies, *of["curves"])
    figure_novelty_stage(CONFIG, accuracies, results / "novelty/digits.parquet", *of["novelty"])
    inputs = hyperreps[0], both[0] / "embeddings.h5", zoo / "metrics.parquet", made
    figure_latents_stage(CONFIG, *inputs, *of["latents"], 1)
    for path in (path for pair in of.values() for path in pair):
        assert path.read_bytes() == (results / "figures/digits" / path.name).read_bytes()
        assert path.suffix == ".png" or ElementTree.parse(path).getroot().tag.endswith("svg")


def test_populations_are_told_apart_without_colours_and_look_the_same_in_every_figure():
    samplers = ["independent", "mine", "joint", "yours", "released", "reconstruction"]
    others = [("B_T", "zoo"), ("B_F", "zoo"), ("controls", "anchors"), ("controls", "anchors_shrunk")]
    others += [("scratch", "kaiming_uniform"), ("scratch", "pytorch_default")]
    found = looks([*others, *[("S_KDE30", sampler) for sampler in samplers]])
    assert len({(look.marker, look.fill) for look in found.values()}) == len(found) == 12
    first, second = (looks([(name, sampler) for sampler in samplers]) for name in ("S_KDE", "B_KDE30"))
    for one, other in zip(first.values(), second.values(), strict=True):
        assert (one.color, one.line, one.marker, one.fill) == (other.color, other.line, other.marker, other.fill)
    assert ("controls", "iid") not in looks([("controls", "iid")]), "it has a letter"


def test_the_curves_are_the_means_and_in_transfers_b_t_is_the_targets(accuracies, drawn):
    curves.draw_curves(accuracies, "digits", ["printed"], "")
    own, transferred = drawn.axes
    assert {line.get_label() for line in transferred.lines} - {line.get_label() for line in own.lines} == {
        "B_F: the source's networks"
    }
    assert len(own.lines) == 1 + 4 + 2 + 2 + 2
    tested = accuracies.set_index(["zoo", "target", "population", "sampler"]).sort_index()
    for axes, target in ((own, "digits"), (transferred, "printed")):
        lines = {line.get_label().split(":")[0]: line for line in axes.lines}
        expected = tested.loc[target, target, "B_T", "zoo"]
        assert lines["B_T"].get_xydata().tolist() == np.c_[expected.epoch, 100 * expected["mean"]].tolist()
        shown = {line.get_label(): line for line in axes.lines}
        for sampler in ("independent", "released", "joint", "reconstruction"):
            expected = tested.loc["digits", target, "S_KDE30", sampler]
            assert shown[f"S_KDE30: {sampler}"].get_ydata().tolist() == (100 * expected["mean"]).tolist()
        band = axes.collections[0].get_paths()[0].vertices
        first = tested.loc[target, target, "B_T", "zoo"]
        assert band[:, 1].min() == 100 * first.low.min() and band[:, 1].max() == 100 * first.high.max()


def points(axes) -> dict[tuple[float, float], object]:
    """The markers of a panel, its lines left out."""
    return {tuple(line.get_xydata()[0]): line for line in axes.lines if line.get_linestyle() == "None"}


def test_every_population_is_at_its_accuracy_and_its_novelty(run, accuracies, drawn):
    measured = read_table(run / "results/novelty/digits.parquet")
    own = accuracies.query("zoo == 'digits' and target == 'digits'")
    novelty.draw_novelty(own, measured, "")
    means = measured.pivot_table(index=["population", "sampler"], columns="measure", values="value")
    assert len(drawn.axes) == 6 and ("B_F", "zoo") in means.index, "which is not fine-tuned on its own images"
    for place, axes in enumerate(drawn.axes):
        epoch, row = place % 3, place // 3
        expected = own[own.epoch == epoch].set_index(["population", "sampler"])
        assert len(expected) == 1 + 5 * 4 + 6 + 8 + 2
        for pair, at in expected.iterrows():
            x = 100 * (1 - means.agreement[pair]) if row else means.cosine[pair]
            assert (x, 100 * at["mean"]) in points(axes), pair
    left, right = drawn.axes[0].get_xlim()
    assert left > 1 > 0 >= right, "copies are to the left"


def test_a_dial_is_a_line_through_its_numbers_and_unseen_networks_are_another(run, accuracies, drawn):
    measured = read_table(run / "results/novelty/digits.parquet")
    own = accuracies.query("zoo == 'digits' and target == 'digits'")
    novelty.draw_novelty(own, measured, "")
    cosines = measured[measured.measure == "cosine"].groupby(["population", "sampler"]).value.mean()
    after_one = own[own.epoch == 1].set_index(["population", "sampler"])["mean"]
    lines = [line.get_xydata().tolist() for line in drawn.axes[1].lines if line.get_linestyle() != "None"]
    shrunk = ["anchors_shrunk", "anchors_shrunk_noise 1", "anchors_shrunk_noise 3"]
    dials = [("S_weights", ["aligned 0", "aligned 0.5"]), ("S_weights", ["unaligned 0", "unaligned 0.5"])]
    dials += [
        ("S_weights", ["aligned 0", "mean_noise 1"]),
        ("controls", ["anchors", "anchors_noise 1", "anchors_noise 3"]),
    ]
    dials.append(("controls", shrunk))
    expected = [[[cosines[name, sampler], 100 * after_one[name, sampler]] for sampler in dial] for name, dial in dials]
    assert lines[1:] == expected and {x for x, _ in lines[0]} == {cosines["B_T", "zoo"]}
    numbers = [text.get_text() for text in drawn.axes[1].texts if text.get_text()[:1].isdigit()]
    assert sorted(numbers) == sorted(["0", "0.5"] * 2 + ["1"] + ["0", "1", "3"] * 2)


def test_where_fine_tuning_lasts_longer_than_the_zoos_training_b_t_is_not_in_the_last_panel(run, accuracies, drawn):
    own = accuracies.query("zoo == 'digits' and target == 'digits' and not (population == 'B_T' and epoch == 2)")
    novelty.draw_novelty(own, read_table(run / "results/novelty/digits.parquet"), "")
    stars = [sum(line.get_marker() == "*" for line in axes.lines) for axes in drawn.axes]
    assert stars == [1, 1, 0] * 2


def test_letters_in_the_figure_are_those_of_its_legend(run, accuracies, drawn):
    measured = read_table(run / "results/novelty/digits.parquet")
    own = accuracies.query("zoo == 'digits' and target == 'digits'")
    novelty.draw_novelty(own, measured, "")
    means = measured.pivot_table(index=["population", "sampler"], columns="measure", values="value").cosine
    words = [text.get_text() for text in drawn.legends[0].get_texts()]
    named = {word[0]: tuple(word[3:].split(": ")) for word in words if word[1:3] == "  "}
    assert list(named) == list("abcde")
    shown = {text.get_text(): text.get_position() for text in drawn.axes[0].texts if text.get_text().isalpha()}
    first = own[own.epoch == 0].set_index(["population", "sampler"])["mean"]
    assert shown == {letter: (means[pair], 100 * first[pair]) for letter, pair in named.items()}


def some_networks(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(1, 2, (count, ALL.size)).astype(np.float32)


def drawn_r2(drawn: Figure) -> list[list[float]]:
    """By panel, in both rows."""
    texts = [[text.get_text() for text in axes.texts] for axes in drawn.axes]
    return [[float(text.removeprefix("R² ").replace("−", "-")) for text in panel] for panel in texts]


def reconstruction_accuracies() -> pd.DataFrame:
    rows = [
        (name, split, version, accuracy)
        for name in ("lwln", "plain")
        for split, accuracy in (("train", 0.5), ("validation", 0.99), ("test", 0.9))
        for version in ("original", "last")
    ]
    return pd.DataFrame(rows, columns=["autoencoder", "split", "weights", "accuracy"])


def test_r2_of_a_layer_is_1_as_it_was_0_at_the_mean_and_each_layers_own(drawn):
    originals = {"train": some_networks(6, 0), "test": some_networks(4, 1)}
    mean = originals["train"].mean(0, dtype=float)
    collapsed = {split: np.tile(mean, (len(rows), 1)) for split, rows in originals.items()}
    some = {split: rows.copy() for split, rows in originals.items()}
    some["test"][:, ALL.layers[2].span] = mean[ALL.layers[2].span]
    weights.draw_weights(originals, {"plain": collapsed, "lwln": some}, mean, reconstruction_accuracies(), ALL, "")
    assert drawn_r2(drawn) == [[0, 0]] * 5 + [[]] + [[1, 1], [1, 1], [1, 0], [1, 1], [1, 1], []]


def test_a_histogram_is_a_density_of_all_weights_and_shares_of_all_networks(drawn):
    originals = {"train": some_networks(50, 0), "test": some_networks(20, 1)}
    doubled = {split: 2 * rows for split, rows in originals.items()}
    same = {"plain": originals, "lwln": doubled}
    weights.draw_weights(originals, same, originals["train"].mean(0), reconstruction_accuracies(), ALL, "")
    for axes, inside in ((drawn.axes[3], (1, 1, 1)), (drawn.axes[9], (1, None, None))):
        for patch, expected in zip(axes.patches, inside, strict=True):
            values, edges, _ = patch.get_data()
            area = (values * np.diff(edges)).sum()
            assert area == pytest.approx(1, abs=0.002) if expected else 0.6 < area < 0.95, "beyond the panel, not lost"
    for axes in (drawn.axes[5], drawn.axes[11]):
        shown = [dict(zip(patch.get_data().edges, patch.get_data().values, strict=False)) for patch in axes.patches]
        assert [{edge: share for edge, share in one.items() if share} for one in shown] == [
            {48: 50, 88: 50},
            {48: 100},
            {88: 100},
        ]


def test_shares_of_networks_have_room_in_both_rows(drawn):
    known = {"train": some_networks(4, 0), "test": some_networks(4, 1)}
    tested = reconstruction_accuracies()
    spread = [tested[tested.autoencoder == "plain"].assign(accuracy=share) for share in (0.1, 0.2, 0.3, 0.4)]
    tested = pd.concat([*spread, tested[tested.autoencoder == "lwln"]])
    weights.draw_weights(known, {"plain": known, "lwln": known}, known["train"].mean(0), tested, ALL, "")
    highest = [max(patch.get_data().values.max() for patch in drawn.axes[place].patches) for place in (5, 11)]
    assert highest == [25, 100]
    assert all(drawn.axes[place].get_ylim()[1] >= 100 for place in (5, 11))


def test_a_split_without_networks_is_left_out(drawn):
    originals = {"train": some_networks(6, 0), "test": some_networks(0, 1)}
    known = {name: {"train": originals["train"]} for name in ("plain", "lwln")}
    tested = reconstruction_accuracies().query("split == 'train'")
    weights.draw_weights(originals, known, originals["train"].mean(0), tested, ALL, "")
    assert drawn_r2(drawn) == [*[[1]] * 5, []] * 2


def test_a_map_of_two_dimensions_is_the_latents_turned_and_populations_lie_in_it(drawn):
    generator = np.random.default_rng(0)
    points = generator.normal(size=(12, 2)).astype(np.float32)
    training = Embeddings(points, np.repeat([3, 5, 8, 9], 3), np.tile([1, 2, 3], 4))
    others = {("S_KDE30", "independent"): points[[7, 2]], ("B_T", "zoo"): points[[4]]}
    latents.draw_latents(training, np.linspace(0, 1, 12), others, "")
    by_epoch, by_accuracy, sampled = (axes for axes in drawn.axes if axes.get_title())
    shown = by_epoch.collections[0].get_offsets()
    distances = [np.linalg.norm(a - b) for a, b in pairwise(points)]
    assert [np.linalg.norm(a - b) for a, b in pairwise(shown)] == pytest.approx(distances, rel=1e-5)
    assert by_epoch.collections[0].get_array().tolist() == training.epochs.tolist()
    assert by_accuracy.collections[0].get_array().tolist() == pytest.approx(np.linspace(0, 100, 12))
    assert sampled.collections[1].get_offsets().tolist() == pytest.approx(shown[[7, 2]])
    assert sampled.collections[2].get_offsets().tolist() == pytest.approx(shown[[4]])
    assert len(by_epoch.lines) == 4 and by_epoch.lines[1].get_xydata().tolist() == pytest.approx(shown[3:6])


@pytest.mark.parametrize("targets", [[], ["printed"]])
def test_a_title_lies_beside_its_legend(accuracies, drawn, targets):
    said = "Fine-tuning of populations made of the zoo digits (checkpoint last)"
    curves.draw_curves(accuracies, "digits", targets, said)
    FigureCanvasAgg(drawn).draw()
    (title,) = (text for text in drawn.texts if text.get_text() == said)
    (legend,) = drawn.legends
    assert not legend.get_window_extent().overlaps(title.get_window_extent())
