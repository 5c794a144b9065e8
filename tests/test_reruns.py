"""What runs again after a change: what `hyperpipe why` says of the finished tiny run, and what Snakemake plans."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from hyperpipe.cli import main
from hyperpipe.provenance import surroundings
from hyperpipe.provenance.plan import jobs_for
from hyperpipe.provenance.record import SUFFIX, read_record
from hyperpipe.provenance.why import Difference, why
from hyperpipe.provenance.why_page import why_page
from hyperpipe.store import read_table, write_table
from runs import ROOT, TINY, snakemake
from runs import jobs as jobs_in

TABLES = "results/tables.md"
OF_ACCURACIES = [f"figures/digits/{name}.png" for name in ("curves", "novelty")]


@pytest.fixture
def checkout(tmp_path):
    """A copy of what the workflow consists of, to be changed."""
    for name in ("hyperpipe", "workflow", "profiles", "envs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Snakefile", "config.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


@pytest.fixture
def copy(run, tmp_path) -> Path:
    """The tiny run again, with what Snakemake knows of it."""
    return Path(shutil.copytree(run, tmp_path / "copy"))


@pytest.fixture
def changed(tmp_path) -> Callable[[Callable[[Any], Any]], Path]:
    """Writes the tiny run's configuration with a change in it."""

    def write(change: Callable[[Any], Any]) -> Path:
        config = yaml.safe_load(TINY.read_text())
        change(config)
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
        return tmp_path / "config.yaml"

    return write


def asked(directory: Path, config: Path = TINY, checkout: Path = ROOT, path: str = TABLES) -> dict[str, Any]:
    """What `hyperpipe why --json` says."""
    command = [sys.executable, "-m", "hyperpipe", "why", path, "--json", "--configfile", str(config)]
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def reruns(facts: dict[str, Any]) -> list[str]:
    """The first outputs of the jobs that run, which are those that Snakemake plans."""
    found = [job for job in facts["jobs"] if job["runs"]]
    assert found == [job for job in facts["jobs"] if job["planned"]]
    assert facts["runs"] == bool(found)
    return sorted(job["outputs"][0].removeprefix("results/") for job in found)


def differing(facts: dict[str, Any], kind: str) -> dict[tuple[str, str, str], list[str]]:
    """The differences of a kind that make something run, each with the first outputs that it concerns."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for job in facts["jobs"]:
        for one in job["differences"]:
            if one["kind"] == kind and one["runs"]:
                key = one["what"], one["then"], one["now"]
                found.setdefault(key, []).append(job["outputs"][0].removeprefix("results/"))
    return {key: sorted(paths) for key, paths in found.items()}


def test_a_key_of_one_zoo_reruns_that_zoo_and_what_hangs_on_it(run, changed):
    facts = asked(run, changed(lambda config: config["zoos"]["printed"]["recipe"].update(learning_rate=2e-3)))
    names = ("B_F", "S_KDE30", "S_KDE30_aligned", "S_weights", "controls")
    evaluations = [f"evaluations/digits/{name}/printed.parquet" for name in names]
    evaluations.append("evaluations/printed/scratch/printed.parquet")
    shard = "zoos/printed/shards/0001-0007.h5"
    expected = ["accuracies.parquet", *evaluations, *OF_ACCURACIES, "tables.md", shard, "zoos/printed/zoo.h5"]
    assert reruns(facts) == expected
    assert differing(facts, "config") == {
        ("recipe.learning_rate", "0.001", "0.002"): [*evaluations, shard],
        ("zoos.printed.recipe.learning_rate", "0.001", "0.002"): ["tables.md"],
    }
    assert not any(differing(facts, kind) for kind in ("code", "input", "file", "record"))


def test_the_other_checkpoint_samples_anew_and_trains_no_autoencoder(run, changed):
    facts = asked(run, changed(lambda config: config["sampling"].update(selection="best_validation")))
    names = ("B_KDE30", "S_KDE", "S_KDE30", "S_KDE30_aligned", "S_KDE30_validation", "controls")
    evaluated = [
        *(f"{name}/digits" for name in names),
        "S_KDE30/printed",
        "S_KDE30_aligned/printed",
        "controls/printed",
    ]
    assert reruns(facts) == [
        "accuracies.parquet",
        *sorted(f"evaluations/digits/{name}.parquet" for name in evaluated),
        *(f"figures/digits/{name}.png" for name in ("curves", "latents", "novelty", "weights")),
        "novelty/digits.parquet",
        *(f"populations/digits/{name}.h5" for name in names),
        "tables.md",
    ]


def test_more_seeds_train_only_the_new_shards(run, changed):
    facts = asked(run, changed(lambda config: config["zoos"]["printed"].update(networks=14)))
    new = "zoos/printed/shards/0008-0014.h5"
    assert reruns(facts) == ["accuracies.parquet", *OF_ACCURACIES, "tables.md", new, "zoos/printed/zoo.h5"]
    assert differing(facts, "file") == {(f"results/{new}", "", "missing"): [new]}
    assert differing(facts, "input") == {(f"results/{new}", "", "new"): ["zoos/printed/zoo.h5"]}


def test_fewer_seeds_train_nothing(run, changed):
    facts = asked(run, changed(lambda config: config["zoos"]["digits"].update(networks=8)))
    gone = "results/zoos/digits/shards/0009-0010.h5"
    assert differing(facts, "input") == {
        (gone, read_record(run / gone).output.content, ""): ["zoos/digits/zoo.h5"],
    }
    assert not [path for path in reruns(facts) if "shards" in path]


def test_comments_and_docstrings_rerun_nothing(run, checkout):
    for path in (checkout / "hyperpipe").rglob("*.py"):
        text = path.read_text()
        if text.startswith('"""'):
            text = '"""Another docstring."""\n' + text.split('"""', 2)[2]
        path.write_text(text + "\n# a comment\n")
    assert reruns(asked(run, checkout=checkout)) == []


def test_a_change_of_code_reruns_the_stages_that_import_it(run, checkout):
    concerned = {
        "results.published": ["tables.md"],
        "figures.learning": [f"hyperreps/digits/{name}/learning.png" for name in ("aligned", "lwln", "plain")],
        "figures.latents": ["figures/digits/latents.png"],
        "evaluation.novelty": ["novelty/digits.parquet"],
        "evaluation.accuracies": ["accuracies.parquet"],
    }
    for module in concerned:
        with (checkout / "hyperpipe" / f"{module.replace('.', '/')}.py").open("a") as file:
            file.write("\n\nCHANGED = True\n")
    facts = asked(run, checkout=checkout)
    assert {what: paths for (what, _, _), paths in differing(facts, "code").items()} == {
        f"hyperpipe.{module}": paths for module, paths in concerned.items()
    }
    by_themselves = [path for paths in concerned.values() for path in paths]
    assert reruns(facts) == sorted([*by_themselves, *OF_ACCURACIES])


def test_a_change_of_code_in_the_middle_reruns_nothing_before_it(run, checkout):
    with (checkout / "hyperpipe/sampling/kde.py").open("a") as file:
        file.write("\n\nCHANGED = True\n")
    found = reruns(asked(run, checkout=checkout))
    hanging = {
        "populations/digits/S_KDE.h5",
        "evaluations/digits/S_KDE/digits.parquet",
        "novelty/digits.parquet",
        "accuracies.parquet",
        "tables.md",
    }
    assert hanging < set(found)
    assert not [path for path in found if path.startswith(("images", "zoos", "hyperreps"))]
    assert "populations/digits/B_F.h5" not in found and "evaluations/digits/scratch/digits.parquet" not in found


def test_files_that_are_only_newer_rerun_nothing(copy, checkout):
    """All inputs in any order, and a checkout that was made just now."""
    files = sorted((copy / "results").rglob("*.*"))
    random.Random(0).shuffle(files)
    for path in files:
        path.touch()
    assert reruns(asked(copy, checkout=checkout)) == []


@pytest.mark.long
def test_results_that_are_carried_over_without_what_snakemake_knows_are_compared_with_their_records(
    run, tmp_path, changed, monkeypatch, capsys
):
    """And Snakemake, which cannot tell, is told that they are right."""
    shutil.copytree(run / "results", tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    other = changed(lambda config: config["zoos"]["printed"]["recipe"].update(learning_rate=2e-3))

    def page(config: Path) -> str:
        monkeypatch.setattr(sys, "argv", ["hyperpipe", "why", TABLES, "--configfile", str(config)])
        with pytest.raises(SystemExit) as stopped:
            main()
        assert stopped.value.code == 0
        return capsys.readouterr().out

    assert page(TINY) == f"{TABLES} is what this code and these settings make. Snakemake plans nothing to run.\n"
    said = page(other)
    assert f"{TABLES} would run again: of 49 jobs, 8 differ, 4 rest on these. Snakemake plans 0." in said
    done = snakemake("--touch", "--forceall", TABLES, directory=tmp_path)
    assert done.returncode == 0, done.stdout
    assert page(other) == said.rpartition(" Snakemake plans")[0] + " Snakemake plans the same.\n"


def test_an_input_that_was_changed_by_hand_reruns_what_reads_it(copy):
    path = copy / "results/rows/digits.parquet"
    then = read_record(path).output.content
    write_table(path, read_table(path).iloc[1:])
    facts = asked(copy)
    ((what, before, now), concerned), *others = differing(facts, "input").items()
    assert what == "results/rows/digits.parquet" and before == then != now and not others
    assert "hyperreps/digits/lwln/hyperrep.h5" in concerned and "tables.md" in concerned
    assert reruns(facts) and "rows/digits.parquet" not in reruns(facts)
    store = "results/zoos/digits/zoo.h5"
    (copy / store).write_bytes((copy / store).read_bytes()[:1000])
    assert (store, read_record(copy / store).output.content, "unreadable") in differing(asked(copy), "input")


def test_what_is_missing_runs_where_it_is_needed(copy):
    (copy / "results/zoos/digits/zoo.h5").unlink()
    assert reruns(asked(copy)) == [], "nobody reads it"
    (copy / "results/rows/digits.parquet").unlink()
    facts = asked(copy, path="results/rows/digits.parquet")
    assert reruns(facts) == ["rows/digits.parquet", "zoos/digits/zoo.h5"]
    missing = {(f"results/{path}", "", "missing"): [path] for path in reruns(facts)}
    assert differing(facts, "file") == missing


def test_another_version_and_another_image_file_are_told_and_rerun_nothing(run, monkeypatch):
    monkeypatch.chdir(run)
    path = "results/images/printed.h5"
    jobs = jobs_for(path, ["--configfile", str(TINY)])
    (nothing,) = why(path, jobs)
    assert nothing.differences == () and not nothing.runs
    record = read_record(path)
    font = record.raw[0]
    now = surroundings.versions() | {"torch": "9.9"}
    monkeypatch.setattr(surroundings, "versions", lambda: now)
    monkeypatch.setattr("hyperpipe.provenance.audit.bytes_hash", lambda place: "0" * 64)
    (told,) = why(path, jobs)
    assert not told.runs
    assert told.differences[0] == Difference("version", "torch", record.versions["torch"], "9.9", runs=False)
    assert Difference("raw", font.path, font.content, "0" * 64, runs=False) in told.differences
    page = why_page(path, [told])
    assert "Differs, and makes nothing run" in page and "| 9.9 " in page and "Runs again" not in page


def test_a_record_that_cannot_be_read_is_told_and_reruns_nothing(copy, monkeypatch):
    monkeypatch.chdir(copy)
    jobs = jobs_for(TABLES, ["--configfile", str(TINY)])
    Path(TABLES + SUFFIX).write_text("{}")
    Path("results/tables.csv" + SUFFIX).unlink()
    Path("results/rows/digits.parquet" + SUFFIX).unlink()
    reasons = why(TABLES, jobs)
    assert reasons[0].differences == (
        Difference("record", TABLES + SUFFIX, "", "unreadable", runs=False),
        Difference("record", "results/tables.csv" + SUFFIX, "", "missing", runs=False),
    )
    assert not any(reason.runs for reason in reasons)
    planned = snakemake("-n", "results/tables.csv" + SUFFIX, directory=copy).stdout
    assert jobs_in(planned) == ["tables.md"], "what the error about a missing record asks for"


def test_mistakes_are_one_line(run, monkeypatch, capsys):
    monkeypatch.chdir(run)

    def said(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["hyperpipe", "why", *words])
        with pytest.raises(SystemExit) as stopped:
            main()
        assert stopped.value.code == 1
        (line,) = capsys.readouterr().err.splitlines()
        return line

    assert "No rule to produce results/nothing.md" in said("results/nothing.md")
    assert "No such file or directory: 'nothing.yaml'" in said(TABLES, "--configfile", "nothing.yaml")
    assert "images: is missing" in said(TABLES, "--config", "zoos=3")
    assert "is made by no stage" in said("results/logs/tables.log")
    assert f"lies outside of {run}" in said("/tables.md")
