"""The tiny run from images to tables."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import yaml
from runs import ROOT, TINY, jobs, snakemake

from hyperpipe.hyperrep.hyperrep_store import read_embeddings, read_hyperrep
from hyperpipe.sampling.population_store import read_populations
from hyperpipe.zoo.zoo_store import read_zoo


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    directory = tmp_path_factory.mktemp("run")
    done = snakemake("results/tables.md", directory=directory)
    assert done.returncode == 0, done.stdout[-4000:]
    return directory


def test_the_default_target_is_planned(tmp_path):
    done = snakemake("-n", directory=tmp_path, config=ROOT / "config.yaml")
    assert done.returncode == 0, done.stdout
    counts = {"images": 2, "zoo_shard": 2, "zoo": 2, "hyperrep": 4, "population": 6}
    counts |= {"pretrained": 2, "scratch": 2, "finetune": 12, "tables": 1}
    assert Counter(jobs(done.stdout)) == counts


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
    embedded = read_embeddings(run / "results/hyperreps/digits/lwln/embeddings.h5", "train")
    populations = read_populations(run / "results/populations/digits/S_KDE.h5")
    assert populations.settings["selection"] == "last" and populations.settings["autoencoder_epoch"] == 3
    assert populations.settings["anchor_rows"] == len(embedded.latents) == 14
    decoded = hyperrep.decode(embedded.latents)
    for row in populations.weights["reconstruction"]:
        assert np.abs(decoded - row).max(axis=1).min() < 1e-5
    assert "The autoencoder's checkpoint is `last`" in (run / "results/tables.md").read_text()


def test_b_f_is_the_training_networks_at_the_autoencoders_last_epoch_as_they_are(run):
    zoo = read_zoo(run / "results/zoos/digits/zoo.h5")
    split = pd.read_parquet(run / "results/zoos/digits/split.parquet")
    b_f = read_populations(run / "results/populations/digits/B_F.h5")
    seeds = sorted(split[split.split == "train"].network)[:4]
    assert b_f.settings["seeds"] == seeds
    assert (b_f.weights["zoo"] == zoo.at(2)[np.isin(zoo.seeds, seeds)]).all()


def test_table_2_is_what_was_measured_on_the_target(run):
    tuned = pd.read_parquet(run / "results/evaluations/digits/B_F/printed.parquet")
    assert set(tuned.target) == {"printed"} and set(tuned.zoo) == {"digits"}
    found = tuned[(tuned.split == "test") & (tuned.epoch == 2)].accuracy
    table = (run / "results/tables.md").read_text().split("## Table 2")[1]
    line = re.search(r"\| 2 +\| B_F +\| zoo +\| 4 +\| (.*?) +\|", table)
    assert line and line[1] == f"{100 * found.mean():.1f} ({100 * found.std(ddof=0):.1f})"


def test_a_wrong_key_is_one_line_without_a_traceback(tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(yaml.safe_dump({**yaml.safe_load(TINY.read_text()), "zooos": 1}))
    done = snakemake("-n", directory=tmp_path, config=wrong)
    assert done.returncode != 0
    assert "hyperpipe: config.yaml: zooos: there is no such key" in done.stdout
    assert "Traceback" not in done.stdout
