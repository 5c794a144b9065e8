"""`hyperpipe explain`: from a cell or a file down to the images."""

from __future__ import annotations

import json
import subprocess
import sys

import pandas as pd
import pytest

from hyperpipe.cli import main
from hyperpipe.provenance.descriptions import description
from hyperpipe.provenance.explain import lineage
from hyperpipe.provenance.record import read_record

CELL = ("results/tables.md", "--table", "1", "--row", "S_KDE30", "--column", "digits", "--epoch", "0")


@pytest.fixture
def explain(run, monkeypatch, capsys):
    """What the verb prints, in the tiny run's directory; an error's line where it fails."""

    def called(*words: str) -> str:
        monkeypatch.chdir(run)
        monkeypatch.setattr(sys, "argv", ["hyperpipe", "explain", *words])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        if left.value.code:
            assert not said.out and said.err.startswith("hyperpipe: ") and said.err.count("\n") == 1
        return said.err.strip() if left.value.code else said.out

    return called


def test_a_cell_is_the_mean_of_networks_that_come_from_images(explain, run):
    page = explain(*CELL)
    lines = page.splitlines()
    cells = pd.read_parquet(run / "results/tables.parquet").set_index(["column", "population", "epoch", "sampler"])
    cells = cells.sort_index()
    asked = cells.loc["digits", "S_KDE30", 0]
    samplers = ["independent", "released", "joint", "reconstruction"]
    assert len(asked) == 4 and [line.split(",")[0].split()[-1] for line in lines[:4]] == samplers
    for line, sampler in zip(lines, samplers, strict=False):
        assert f": {100 * asked.loc[sampler, 'mean']:.1f} (" in line and "4 networks" in line
    places = [
        "evaluations/digits/S_KDE30/digits.parquet",
        "populations/digits/S_KDE30.h5",
        "hyperreps/digits/lwln/hyperrep.h5, embeddings.h5",
        "zoos/digits/zoo.h5",
        "zoos/digits/shards/0001-0008.h5, and 1 more",
        "images/digits.h5",
    ]
    found = [next(i for i, line in enumerate(lines) if place in line) for place in places]
    assert found == sorted(found), "each under what was made of it"
    assert "printed" not in page.split("Made again")[0], "nothing of the other zoo"
    assert page.count("images: digits (digits), 120 train") == 1, "what is there already is not told again"


def test_one_sampler_of_it(explain):
    page = explain(*CELL, "--sampler", "released")
    assert page.startswith("Table 1: S_KDE30 released, digits, epoch 0: ") and "independent, digits" not in page


def test_b_t_comes_from_the_zoos_metrics_in_transfers_from_the_targets(explain):
    own = explain("results/tables.md", "--row", "B_T", "--column", "digits", "--epoch", "1")
    there = explain("results/tables.md", "--row", "B_T", "--column", "digits -> printed", "--epoch", "1")
    assert "results/zoos/digits/metrics.parquet" in own and "printed" not in own
    assert "results/zoos/printed/metrics.parquet" in there and "images/digits" not in there


def test_every_row_of_the_evaluations_has_the_id_of_its_record(run):
    for path in [*run.glob("results/evaluations/*/*/*.parquet"), *run.glob("results/zoos/*/metrics.parquet")]:
        assert set(pd.read_parquet(path).record) == {read_record(path).id}
    cells = pd.read_parquet(run / "results/tables.parquet")
    ids = {read_record(path).id for path in run.glob("results/evaluations/*/*/*.parquet")}
    assert set(cells[cells.population != "B_T"].record) == ids


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("results/tables.md", "--row", "S_KDE30"), "a cell is named by --row, --column and --epoch"),
        ((*CELL[:-1], "7"), "no cell with --epoch 7; take one of 0, 1, 2"),
        ((*CELL[:4], "nothing", *CELL[5:]), "no cell with --row nothing; take one of B_T, B_KDE30"),
        ((*CELL[:2], "2", *CELL[3:]), "no cell with --table 2; take one of"),
        ((*CELL, "--sampler", "other"), "no cell with --sampler other; take one of independent, released, joint"),
        (
            ("results/accuracies.parquet", *CELL[1:]),
            "no tables, made by accuracies; ask for",
        ),
        (("results/zoos",), "results/zoos: a folder; name a file of results in it"),
        (("results/nothing.md",), "results/nothing.md: no results are there"),
    ],
)
def test_what_cannot_be_explained_is_one_line(explain, words, said):
    assert said in explain(*words)


def test_for_programs_every_record_and_what_makes_it_again(explain, run):
    found = json.loads(explain(*CELL, "--json"))
    assert found["path"] == "results/evaluations/digits/S_KDE30/digits.parquet"
    assert [cell["sampler"] for cell in found["cells"]] == ["independent", "released", "joint", "reconstruction"]
    assert set(found["files"]) == set(lineage(found["path"]))
    for path, file in found["files"].items():
        record = read_record(path)
        assert (file["id"], file["config"], file["streams"]) == (record.id, record.config, record.streams)
        assert file["description"] == description(record) != ""
        assert file["remade_by"][0].endswith(f" -- {path}")


SAID_BY_THE_NAME = {"tables", "figure-curves", "figure-latents", "figure-novelty", "figure-weights"}


def test_each_stage_that_measures_or_makes_is_described(run):
    for path in run.glob("results/**/*.prov.json"):
        record = read_record(str(path).removesuffix(".prov.json"))
        assert description(record) or record.stage in SAID_BY_THE_NAME
        if description(record):
            older = record.model_copy(update={"config": {}})
            assert description(older) == "made by another version, with other settings than this one has"


def test_the_command_that_is_named_makes_the_same_file(explain, run, tmp_path):
    path = "results/populations/digits/S_KDE30.h5"
    command = explain(path).strip().splitlines()[-1].strip()
    assert command.startswith("hyperpipe population ")
    again = command.replace(f"--store-output {path}", f"--store-output {tmp_path / 'again.h5'}")
    again = again.replace("hyperpipe", f"{sys.executable} -m hyperpipe", 1)
    done = subprocess.run(again, shell=True, cwd=run, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert read_record(tmp_path / "again.h5").output.content == read_record(run / path).output.content
