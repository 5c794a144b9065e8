"""What a run takes is known before it is started, and the presets can be planned."""

from __future__ import annotations

import re
from collections import Counter

import pandas as pd
import pytest
from typer.testing import CliRunner

from hyperpipe.cli import app
from hyperpipe.cnn import Architecture
from hyperpipe.config import finetunings, shards
from hyperpipe.config_file import read_config
from hyperpipe.cost.jobs import finetune_job, hyperrep_job, jobs, minutes, novelty_job, shard_job, weights_job
from hyperpipe.cost.memory import ROWS_AT_ONCE, parameters, reading_megabytes, training_megabytes
from hyperpipe.cost.table import cost_table
from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep import autoencoder
from hyperpipe.hyperrep.settings import HyperRep
from hyperpipe.results.differences import differences
from runs import ROOT, TINY, snakemake

PRESETS = {name: ROOT / "workflow/presets" / f"{name}.yaml" for name in ("paper", "laptop")}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_planned_in_a_directory_of_its_own_with_the_jobs_that_were_counted(name, tmp_path):
    done = snakemake("-n", "--", "results/tables.md", directory=tmp_path / name, config=PRESETS[name])
    assert done.returncode == 0, done.stdout
    stages = done.stdout.split("Job stats:")[1].split("total")[0]
    planned = {stage: int(count) for stage, count in re.findall(r"^(\w+) +(\d+)$", stages, re.MULTILINE)}
    counted = Counter(job.stage for job in jobs(read_config([PRESETS[name]])))
    assert counted == {stage: planned[stage] for stage in counted}
    settings, asked = read_config([PRESETS[name]]).hyperrep, {}
    for rule, inputs, megabytes in re.findall(
        r"^rule (\w+):\n    input: (.*)(?:\n    .*)*?mem_mb=(\d+)", done.stdout, re.M
    ):
        asked.setdefault("training" if rule == "hyperrep" else "hyperrep.h5" in inputs, set()).add(int(megabytes))
    assert asked["training"] == {training_megabytes(settings)} and asked[True] == {reading_megabytes(settings)}
    assert max(asked[False]) == 4000


def test_the_papers_preset_differs_from_the_paper_in_nothing_and_the_laptops_says_where():
    assert differences(read_config([PRESETS["paper"]])) == []
    named = [line.split("`")[1] for line in differences(read_config([PRESETS["laptop"]]))]
    assert named == [*(f"zoos.{zoo}" for zoo in ("mnist", "usps", "cifar10", "stl10")), "hyperrep", "sampling",
                     "finetuning"]  # fmt: skip


def test_the_laptops_preset_is_about_an_hour_on_eight_cores():
    found = jobs(read_config([PRESETS["laptop"]]))
    longest = {stage: max(job.seconds for job in found if job.stage == stage) for stage in ("zoo_shard", "hyperrep")}
    assert sum(job.seconds for job in found) / 8 < 3600
    assert sum(longest.values()) + max(job.seconds for job in found) < 3600, "a chain of jobs takes longer"


@pytest.mark.parametrize("name", PRESETS)
def test_the_costs_in_the_docs_are_the_presets(name):
    done = CliRunner().invoke(app, ["cost", str(PRESETS[name])])
    assert done.exit_code == 0 and done.stdout.strip() in (ROOT / "docs/presets.md").read_text()


def test_the_work_that_is_counted_is_the_work_that_is_done(run):
    config = read_config([TINY])
    for name, zoo in config.zoos.items():
        metrics = pd.read_parquet(run / f"results/zoos/{name}/metrics.parquet")
        trained = (metrics.query("split == 'train'").epoch > 0).sum() * config.images[zoo.images].train
        assert sum(shard_job(config, name, shard).count for shard in shards(zoo)) == trained
    for zoo, population, target in finetunings(config):
        table = pd.read_parquet(run / f"results/evaluations/{zoo}/{population}/{target}.parquet")
        epochs = (table.query("split == 'train'").epoch > 0).sum()
        images = config.images[config.zoos[target].images].train
        assert finetune_job(config, zoo, population, target).count == epochs * images, (zoo, population, target)
    for zoo in config.sources:
        rows = pd.read_parquet(run / f"results/rows/{zoo}.parquet").query("split == 'train'")
        history = pd.read_parquet(run / f"results/hyperreps/{zoo}/lwln/history.parquet")
        updates = len(rows) // config.hyperrep.batch_size * history.epoch.max()
        assert hyperrep_job(config, zoo).count == updates
        measured = pd.read_parquet(run / f"results/novelty/{zoo}.parquet").query("measure == 'cosine'")
        sizes = measured.groupby(["population", "sampler"]).size()
        pairs = (sizes * rows.network.nunique() + sizes * (sizes - 1) // 2).sum()
        assert novelty_job(config, zoo).count == pairs


def test_flows_are_counted_where_they_are_asked_for(tmp_path):
    """At the rate that was measured, 280 updates a second."""
    asked = tmp_path / "flows.yaml"
    asked.write_text("alignment: {flows: [1000, 30000]}")
    with_flows, without = read_config([TINY, asked]), read_config([TINY])
    (job,) = (job for job in jobs(with_flows) if job.stage == "weights")
    assert job == weights_job(with_flows) and job.count == 31_000 and 110 < job.seconds < 115
    assert all(job.stage != "weights" for job in jobs(without)) and weights_job(without).count == 0
    assert "| weights" in cost_table(with_flows) and "| weights" not in cost_table(without)


def test_more_work_takes_longer_and_more_time_is_asked_for_than_it_takes():
    small, large = (jobs(read_config([PRESETS[name]])) for name in ("laptop", "paper"))
    assert all(60 * minutes(job) > 4 * job.seconds for job in small + large)
    assert sum(job.seconds for job in large) > 100 * sum(job.seconds for job in small)


def test_more_memory_is_asked_for_than_was_measured_and_it_grows_with_the_autoencoder():
    for batch, measured in {50: 4423, 200: 9534, 350: 17721}.items():
        assert measured < training_megabytes(HyperRep(preset="released", batch_size=batch)) < 2.1 * measured
    assert 3005 < reading_megabytes(HyperRep(preset="released")) < 2.2 * 3005
    assert reading_megabytes(HyperRep(preset="small")) < 4000 and ROWS_AT_ONCE == autoencoder.ROWS_AT_ONCE
    for preset in ("small", "wsl21"):
        made = autoencoder.Autoencoder(Architecture(), HyperRep(preset=preset))
        assert parameters(HyperRep(preset=preset)) == sum(part.numel() for part in made.parameters())


def test_times_are_said_as_a_person_would(tmp_path):
    table = cost_table(read_config([PRESETS["paper"]]))
    assert re.search(r"\| all +\| +217 \| +\| +1,5\d\d \| +2,8\d\d h \| +33\d h \|", table)
    assert re.search(r"\| novelty .* pairs \| +\| +\d\.\d h \|", table), "operations of no training are not counted"


def test_a_second_file_changes_what_it_names_and_a_mistake_is_one_line(tmp_path):
    (tmp_path / "more.yaml").write_text("sampling: {networks: 80}")
    both = read_config([PRESETS["laptop"], tmp_path / "more.yaml"])
    assert (both.sampling.networks, both.sampling.selection) == (80, "last")
    (tmp_path / "wrong.yaml").write_text("sampling: {networks: [")
    (tmp_path / "key.yaml").write_text("sampling: {network: 3}")
    for name, said in {"none": "cannot be read as a config", "wrong": "cannot be read", "key": "did you mean"}.items():
        with pytest.raises(HyperpipeError, match=said) as error:
            read_config([PRESETS["laptop"], tmp_path / f"{name}.yaml"])
        assert "\n" not in str(error.value)
