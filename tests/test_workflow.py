"""The tiny run from images to tables."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from hyperpipe.hyperrep.hyperrep_store import read_embeddings, read_hyperrep
from hyperpipe.hyperrep.settings import REASONS
from hyperpipe.images.image_set import read_images
from hyperpipe.provenance.identity import code_modules
from hyperpipe.provenance.record import SUFFIX, Record, is_sealed, read_record, record_hash
from hyperpipe.results.tables import cell
from hyperpipe.sampling.population_store import read_populations
from hyperpipe.store import content_hash
from hyperpipe.zoo.settings import Recipe
from hyperpipe.zoo.trainer import accuracies_of
from hyperpipe.zoo.zoo_store import read_zoo
from runs import ROOT, jobs, snakemake

FORMATS = {"parquet": pd.read_parquet, "csv": lambda path: pd.read_csv(path, dtype={"table": str})}


def test_the_default_target_is_planned(tmp_path):
    done = snakemake("-n", directory=tmp_path, config=ROOT / "config.yaml")
    assert done.returncode == 0, done.stdout
    planned = jobs(done.stdout)
    counts = {"images": 2, "zoos": 8, "rows": 2, "hyperreps": 12, "populations": 16, "evaluations": 22}
    counts |= {"novelty": 2, "figures": 8, "accuracies.parquet": 1, "tables.md": 1}
    assert Counter(path.split("/")[0] for path in planned) == counts
    assert {"evaluations/digits/B_F/printed.parquet", "evaluations/printed/S_KDE30/digits.parquet"} < set(planned)
    assert "gpu=0" in done.stdout and "gpu=1" not in done.stdout


def test_every_job_can_be_submitted_to_slurm(tmp_path):
    done = snakemake("-n", "--workflow-profile", "slurm", directory=tmp_path, config=ROOT / "config.yaml")
    assert done.returncode == 0, done.stdout
    assert len(jobs(done.stdout)) == 74
    profiles = [yaml.safe_load((ROOT / f"profiles/{name}/profile.yaml").read_text()) for name in ("default", "slurm")]
    assert profiles[0].items() <= profiles[1].items(), "a named profile replaces the default one"
    assert profiles[1]["executor"] == "slurm"


def test_training_jobs_ask_for_a_gpu_where_training_needs_one(tmp_path):
    words = "--config", 'training={"device": "cuda"}'
    done = snakemake("-n", *words, directory=tmp_path, config=ROOT / "config.yaml")
    assert done.returncode == 0, done.stdout
    asking = re.findall(r"^rule (\w+):(?:\n    .*)*?\n    resources: .*gpu=1,", done.stdout, re.MULTILINE)
    assert Counter(asking) == {"zoo_shard": 4, "hyperrep": 4, "reconstructions": 4, "finetune": 22}


def test_the_graph_in_the_readme_is_the_workflows(tmp_path):
    graph = snakemake("--rulegraph", "mermaid-js", directory=tmp_path, config=ROOT / "config.yaml").stdout
    names = dict(re.findall(r"(id\d+)\[(\w+)\]", graph))
    edges = {(names[a], names[b]) for a, b in re.findall(r"(id\d+) --> (id\d+)", graph)}
    shown = (ROOT / "README.md").read_text().split("```mermaid")[1].split("```")[0]
    assert edges and set(re.findall(r"(\w+) --> (\w+)", shown)) == {edge for edge in edges if "all" not in edge}


def test_a_run_makes_the_tables_and_nothing_is_left_to_do(run):
    page = (run / "results" / "tables.md").read_text()
    assert re.search(r"\| 2 +\| S_KDE30 +\| released +\| 4 +\| \d+\.\d \(\d+\.\d\)", page)
    again = snakemake("-n", directory=run)
    assert "Nothing to be done" in again.stdout


def test_the_table_is_computed_from_the_metrics_of_the_test_split(run):
    metrics = pd.read_parquet(run / "results/zoos/digits/metrics.parquet")
    split = pd.read_parquet(run / "results/zoos/digits/split.parquet")
    assert split.split.value_counts().to_dict() == {"train": 7, "validation": 1, "test": 2}
    networks = split[split.split == "test"].network
    found = metrics[(metrics.split == "test") & (metrics.epoch == 2) & metrics.network.isin(networks)].accuracy
    page = (run / "results" / "tables.md").read_text()
    assert f"{100 * found.mean():.1f} ({100 * found.std(ddof=0):.1f})" in page


def test_the_zoo_keeps_what_was_asked_for(run):
    zoo = read_zoo(run / "results/zoos/digits/zoo.h5")
    assert zoo.seeds.tolist() == list(range(1, 11))
    assert zoo.trained.kept == (1, 2) and zoo.trained.weights.shape == (2, 10, 2464)


def test_populations_are_decoded_from_the_checkpoint_that_is_named(run):
    hyperrep = read_hyperrep(run / "results/hyperreps/digits/lwln/hyperrep.h5")
    embedded = read_embeddings(run / "results/hyperreps/digits/lwln/embeddings.h5", "last", "train")
    populations = read_populations(run / "results/populations/digits/S_KDE.h5")
    assert populations.settings["sampling"]["selection"] == "last" and populations.settings["autoencoder_epoch"] == 3
    assert populations.settings["anchor_rows"] == len(embedded.latents) == 14
    decoded = hyperrep.decode(embedded.latents, "last")
    for row in populations.weights["reconstruction"]:
        assert np.abs(decoded - row).max(axis=1).min() < 1e-5
    page = (run / "results/tables.md").read_text()
    for title in ("## Table 1: ", "## Transfers"):
        assert "of the autoencoders' checkpoint `last`." in re.sub(r"\s+", " ", page.split(title)[1].split("|")[0])


def test_networks_stand_beside_their_reconstructions_by_both_checkpoints(run):
    found = pd.read_parquet(run / "results/hyperreps/digits/lwln/reconstructions.parquet")
    metrics = pd.read_parquet(run / "results/zoos/digits/metrics.parquet").query("split == 'test' and epoch == 2")
    split = pd.read_parquet(run / "results/zoos/digits/split.parquet").set_index("network").split
    accuracies = found.pivot(index="network", columns="weights", values="accuracy")
    assert accuracies.index.tolist() == list(range(1, 11)) and len(found) == 30
    assert accuracies.original.tolist() == metrics.sort_values("network").accuracy.tolist()
    assert found.set_index("network").split.loc[split.index].equals(split.loc[found.network].sort_index())
    hyperrep, zoo = (
        read(run / f"results/{path}.h5")
        for read, path in ((read_hyperrep, "hyperreps/digits/lwln/hyperrep"), (read_zoo, "zoos/digits/zoo"))
    )
    images = read_images(run / "results/images/digits.h5")
    for selection in ("best_validation", "last"):
        decoded = hyperrep.decode(hyperrep.encode(zoo.at(2), selection), selection)
        expected = accuracies_of(decoded, images, Recipe(learning_rate=3e-3), "test", purpose="t")
        assert accuracies[selection].tolist() == expected.tolist()
    record = json.loads((run / "results/hyperreps/digits/lwln/reconstructions.parquet.prov.json").read_text())
    log = (run / "results/logs/reconstructions/digits/lwln.log").read_text()
    assert log == f"reconstructions/digits/lwln: back end {record['notes']['backend']}\n"


def test_b_f_is_the_training_networks_at_the_autoencoders_last_epoch_as_they_are(run):
    zoo = read_zoo(run / "results/zoos/digits/zoo.h5")
    split = pd.read_parquet(run / "results/zoos/digits/split.parquet")
    b_f = read_populations(run / "results/populations/digits/B_F.h5")
    seeds = sorted(split[split.split == "train"].network)[:4]
    assert b_f.settings["seeds"] == seeds
    assert (b_f.weights["zoo"] == zoo.at(2)[np.isin(zoo.seeds, seeds)]).all()


def test_a_transfer_is_what_was_measured_on_the_target(run):
    tuned = pd.read_parquet(run / "results/evaluations/digits/B_F/printed.parquet")
    assert set(tuned.target) == {"printed"} and set(tuned.zoo) == {"digits"}
    found = tuned[(tuned.split == "test") & (tuned.epoch == 2)].accuracy
    table = (run / "results/tables.md").read_text().split("## Transfers")[1]
    line = re.search(r"\| 2 +\| B_F +\| zoo +\| 4 +\| (.*?) +\|", table)
    assert line and line[1] == f"{100 * found.mean():.1f} ({100 * found.std(ddof=0):.1f})"


def test_the_tables_are_their_cells_in_every_format(run):
    page = (run / "results/tables.md").read_text()
    cells, text = (read(run / f"results/tables.{kind}") for kind, read in FORMATS.items())
    pd.testing.assert_frame_equal(cells, text.fillna({"selection": ""}))
    accuracies = pd.read_parquet(run / "results/accuracies.parquet").query("split == 'test'")
    assert len(cells) == len(accuracies), "each once, those of printed beside what is transferred to it"
    assert set(cells.table) == {"1", "transfer"} and not cells.comparable.any()
    html = (run / "results/tables.html").read_text()
    for at in cells[cells.epoch == 2].itertuples():
        line = rf"\| 2 +\| {at.population} +\| {at.sampler} +\| {at.networks} +\|.*{re.escape(cell(at.mean, at.std))}"
        assert re.search(line, page) and f">{cell(at.mean, at.std)}</td>" in html
    assert "not comparable with the paper's" in page.split("## Table 1")[0] and "Table 4" in page


def test_every_figure_is_on_the_page_where_it_belongs(run):
    page, html = ((run / f"results/tables.{kind}").read_text() for kind in ("md", "html"))
    figures = {str(path.relative_to(run / "results")) for path in (run / "results").rglob("*.png")}
    assert len(figures) == 7 and figures == set(re.findall(r"!\[.*?\]\((.*?)\)", page))
    assert figures == set(re.findall(r'<img src="(.*?)"', html))
    sections = {part.partition("\n")[0]: part for part in re.split(r"\n##+ ", page)}
    for title, name in (
        ("Learning curves", "curves"),
        ("Accuracy against novelty", "novelty"),
        ("Autoencoders", "learning"),
        ("Figure 2: weights and accuracies", "weights"),
        ("Latents", "latents"),
    ):
        assert f"/{name}.png)" in sections[title]


def test_the_accuracies_are_those_of_the_networks_of_every_population(run):
    found = pd.read_parquet(run / "results/accuracies.parquet").set_index(["zoo", "target", "population", "sampler"])
    evaluations = [pd.read_parquet(path) for path in sorted((run / "results/evaluations").rglob("*.parquet"))]
    measured = pd.concat(evaluations).groupby([*found.index.names, "split", "epoch"]).accuracy
    theirs = found[found.index.get_level_values("population") != "B_T"].set_index(["split", "epoch"], append=True)
    assert theirs["mean"].sort_index().tolist() == pytest.approx(measured.mean().sort_index().tolist())
    assert theirs["std"].sort_index().tolist() == pytest.approx(measured.std(ddof=0).sort_index().tolist())
    assert (theirs.networks == 4).all()
    assert (theirs.low <= theirs["mean"]).all() and (theirs["mean"] <= theirs.high).all()
    b_t = found.loc[("digits", "digits", "B_T", "zoo")]
    assert len(b_t) == 3 * 3 and (b_t.networks == 2).all(), "three epochs and splits of images, two networks"


def test_records_say_what_was_compiled_with_what_and_what_was_left_out(run):
    notes = read_record(run / "results/zoos/digits/shards/0001-0008.h5").notes
    assert notes["backend"].startswith("stacked") or "-O3" in notes["compiler"]
    rows = pd.read_parquet(run / "results/rows/digits.parquet")
    exclusions = read_record(run / "results/rows/digits.parquet").exclusions
    assert exclusions == {reason: (rows.left_out == reason).sum() for reason in REASONS}


NOT_RANDOM = {"novelty"}  # given the root of a stream that only training draws from


def test_beside_each_output_lies_the_record_of_how_it_was_made(run):
    records = sorted((run / "results").rglob("*" + SUFFIX))
    kinds = (".h5", ".parquet", ".md", ".html", ".csv", ".png", ".svg")
    files = {path for path in (run / "results").rglob("*.*") if path.suffix in kinds}
    assert {Path(str(path).removesuffix(SUFFIX)) for path in records} == files
    for path in records:
        record = Record.model_validate_json(path.read_text())
        assert path == run / (record.output.path + SUFFIX)
        assert record.code == code_modules("hyperpipe.stages." + record.stage.replace("-", "_"))
        for file in (*record.outputs, *record.inputs):
            assert file.content == content_hash(run / file.path), "an input that its record did not see"
        for file in record.inputs:
            assert file.record == record_hash(run / file.path) is not None, "the chain ends before the images"
        assert is_sealed(record) and record.output in record.outputs
        assert bool(record.inputs) != bool(record.raw), "what reads no output reads files from outside, all others none"
        assert "seed" not in record.config or record.streams or record.stage in NOT_RANDOM
        assert record.repository["commit"] and record.hardware["cpu"] and record.versions["torch"]
        assert record.peak_megabytes > 10 and record.seconds >= 0 and record.recording_seconds > 0
