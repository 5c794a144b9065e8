"""What a user can get wrong: one clear line, exit status not 0, nothing half-written."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from hyperpipe.cli import main
from hyperpipe.cnn import Architecture
from hyperpipe.hyperrep.hyperrep_store import read_hyperrep, write_hyperrep
from hyperpipe.provenance.record import SUFFIX, Record
from runs import TINY, snakemake

TABLES = "results/tables.md"
# One output of each stage that has inputs.
OUTPUTS = {
    "zoo-shard": "results/zoos/digits/shards/0001-0008.h5",
    "zoo": "results/zoos/digits/zoo.h5",
    "rows": "results/rows/digits.parquet",
    "hyperrep": "results/hyperreps/digits/lwln/hyperrep.h5",
    "reconstructions": "results/hyperreps/digits/lwln/reconstructions.parquet",
    "population": "results/populations/digits/S_KDE30.h5",
    "pretrained": "results/populations/digits/B_F.h5",
    "scratch": "results/populations/digits/scratch.h5",
    "finetune": "results/evaluations/digits/S_KDE30/digits.parquet",
    "align": "results/zoos/digits/aligned.h5",
    "weights": "results/populations/digits/S_weights.h5",
    "controls": "results/populations/digits/controls.h5",
    "novelty": "results/novelty/digits.parquet",
    "accuracies": "results/accuracies.parquet",
    "figure-learning": "results/hyperreps/digits/lwln/learning.png",
    "figure-weights": "results/figures/digits/weights.png",
    "figure-curves": "results/figures/digits/curves.png",
    "figure-novelty": "results/figures/digits/novelty.png",
    "figure-latents": "results/figures/digits/latents.png",
    "tables": TABLES,
}


def changed(tmp_path: Path, place: str, value: object) -> Path:
    """The tiny configuration with one value changed, in a file."""
    data = yaml.safe_load(TINY.read_text())
    *groups, key = place.split(".")
    target = data
    for group in groups:
        target = target[group]
    target[key] = value
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("zooos", 1, "zooos: there is no such key; did you mean zoos?"),
        ("zoos.digits.recipe.learning_rate", -1.0, "zoos.digits.recipe.learning_rate: -1.0 is refused"),
        ("images.digits.source", "dogs", "images.digits.source: there is no 'dogs'; use one of 'digits', 'printed'"),
        ("zoos.digits.images", "dogs", "zoos.digits.images: there is no data set 'dogs' under images"),
        (
            "zoos.printed.networks",
            3,
            "zoos.printed.networks: 3 networks are too few to split: 2 to train, 0 to validate, 1 to test",
        ),
        ("hyperrep.zoo_epochs", [0, 2], "hyperrep.zoo_epochs: epoch 0 is not among zoos.digits.keep_epochs"),
    ],
)
def test_a_mistake_in_the_configuration_stops_before_anything_is_made(tmp_path, place, value, said):
    wrong = changed(tmp_path, place, value)
    done = snakemake(TABLES, directory=tmp_path / "run", config=wrong)
    assert done.returncode != 0
    assert f"hyperpipe: {wrong}: {said}" in done.stdout.splitlines()[-1]
    assert "Traceback" not in done.stdout
    assert not (tmp_path / "run" / "results").exists()


def test_a_file_of_a_zoo_that_is_not_in_the_configuration_has_no_rule(tmp_path):
    done = snakemake("results/zoos/dogs/zoo.h5", directory=tmp_path)
    assert done.returncode != 0
    assert "No rule to produce results/zoos/dogs/zoo.h5" in done.stdout and "Traceback" not in done.stdout


def call(arguments: list[str], monkeypatch, capsys) -> str:
    """The one line that a stage says before it exits."""
    monkeypatch.setattr(sys, "argv", ["hyperpipe", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    said = capsys.readouterr()
    assert left.value.code == 1 and not said.out
    lines = said.err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("hyperpipe: "), said.err
    return lines[0]


DAMAGES = {
    "missing": lambda path: path.unlink(),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "another": lambda path: path.write_text("a page of text\n" * 1000),
}


@pytest.mark.parametrize("stage", OUTPUTS)
def test_a_stage_refuses_each_of_its_inputs_where_it_is_damaged(run, tmp_path, monkeypatch, capsys, stage):
    record = Record.model_validate_json((run / (OUTPUTS[stage] + SUFFIX)).read_text())
    assert record.stage == stage
    monkeypatch.chdir(tmp_path)
    for file in record.inputs:
        for damage in DAMAGES.values():
            for path in (other.path for other in record.inputs):
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(run / path, path)
            damage(Path(file.path))
            before = sorted(tmp_path.rglob("*.*"))
            assert file.path in call(record.arguments, monkeypatch, capsys)
            assert sorted(tmp_path.rglob("*.*")) == before, "something was left behind"


def test_fewer_rows_than_a_batch_are_refused_with_why_others_were_left_out(run, tmp_path, monkeypatch, capsys):
    record = Record.model_validate_json((run / (OUTPUTS["hyperrep"] + SUFFIX)).read_text())
    arguments = list(record.arguments)
    config = record.config | {"hyperrep": record.config["hyperrep"] | {"batch_size": 15}}
    arguments[arguments.index("--config") + 1] = json.dumps(config)
    monkeypatch.chdir(run)
    said = (
        "zoo digits: 14 train rows can be used and 15 are needed, weights of the others are 0 not finite, 0 too large;"
    )
    found = call([*arguments, "--store-output", str(tmp_path / "h.h5")], monkeypatch, capsys)
    assert said in found and "or lower hyperrep.batch_size or the zoo's learning rate" in found


def test_an_autoencoder_of_networks_of_another_architecture_is_refused(run, tmp_path, monkeypatch, capsys):
    record = Record.model_validate_json((run / (OUTPUTS["reconstructions"] + SUFFIX)).read_text())
    monkeypatch.chdir(run)
    store = read_hyperrep(record.arguments[record.arguments.index("--hyperrep-path") + 1])
    write_hyperrep(tmp_path / "wide.h5", replace(store, architecture=Architecture(in_channels=3)))
    arguments = [*record.arguments, "--hyperrep-path", str(tmp_path / "wide.h5"), "--table-output", "none.parquet"]
    said = "hyper-representation of zoo digits: networks of shape [10, 2464] where it takes [any number, 2864], from"
    assert call(arguments, monkeypatch, capsys).startswith(f"hyperpipe: {said} 3-8-6-4-20-10; use one")
    assert not Path("none.parquet").exists()


def test_a_damaged_store_stops_the_workflow_with_its_name(run, tmp_path):
    again = tmp_path / "run"
    shutil.copytree(run, again)
    store = again / OUTPUTS["population"]
    store.write_bytes(store.read_bytes()[:-100])
    table = again / OUTPUTS["finetune"]
    table.unlink()
    done = snakemake(OUTPUTS["finetune"], directory=again)
    assert done.returncode != 0 and "Traceback" not in done.stdout
    assert f"hyperpipe: {OUTPUTS['population']}: damaged" in done.stdout
    assert not table.exists() and not list(again.rglob("*.part"))
    log = (again / "results/logs/evaluations/digits/S_KDE30/digits.log").read_text()
    assert f"hyperpipe: {OUTPUTS['population']}: damaged" in log and "\n" not in log.strip()


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("{", "--config: not JSON"),
        ("3", "--config: 3 is refused"),
        ('{"seeed": 1}', "--config: seeed: there is no such key; did you mean seed?"),
        ('{"seed": 1}', "--config: name: is missing"),
    ],
)
def test_a_stage_refuses_a_slice_that_is_none(run, tmp_path, monkeypatch, capsys, config, said):
    out = tmp_path / "images.h5"
    assert said in call(["images", "--config", config, "--store-output", str(out)], monkeypatch, capsys)
    assert not list(tmp_path.iterdir())


def test_an_output_that_cannot_be_written_is_named(run, tmp_path, monkeypatch, capsys):
    record = Record.model_validate_json((run / (OUTPUTS["scratch"] + SUFFIX)).read_text())
    monkeypatch.chdir(run)
    (tmp_path / "folder").write_text("a file, where a folder should be")
    arguments = [*record.arguments[:-1], str(tmp_path / "folder" / "scratch.h5")]
    assert "folder/scratch.h5: cannot be written" in call(arguments, monkeypatch, capsys)
