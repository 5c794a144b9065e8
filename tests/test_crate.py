"""`hyperpipe export`: a run as a folder that says where each of its files comes from, and that stands by itself."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml

from hyperpipe.cli import main
from hyperpipe.errors import HyperpipeError
from hyperpipe.provenance.crate import Deposit
from hyperpipe.provenance.explain import lineage
from hyperpipe.provenance.record import SUFFIX
from hyperpipe.store import content_hash
from runs import ROOT, SECRET, TINY

TABLES = "results/tables.md"
SAID = ("--license", "CC-BY-4.0", "--configfile", str(TINY))
VALIDATOR = ROOT / ".venv-validator" / "bin"


@pytest.fixture
def export(run, monkeypatch, capsys, tmp_path) -> Callable[..., str]:
    """What the verb prints, called in the tiny run's directory for tmp_path/crate; an error's line where it fails."""

    def called(*words: str) -> str:
        monkeypatch.chdir(run)
        monkeypatch.setattr(sys, "argv", ["hyperpipe", "export", "--into", str(tmp_path / "crate"), *words])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        if left.value.code:
            errors = [line for line in said.err.splitlines() if line.startswith("hyperpipe: ")]
            assert not said.out and len(errors) == 1 and said.err.endswith(errors[0] + "\n")
            return errors[0]
        return said.out

    return called


@pytest.fixture(scope="module")
def crate(run, tmp_path_factory) -> Path:
    """The tiny run, exported; its tests do not change it."""
    folder = tmp_path_factory.mktemp("export") / "crate"
    author = ["--author", "Ada Lovelace <https://orcid.org/0000-0002-1825-0097>", "--author", "C. Babbage"]
    hyperpipe("export", "--into", str(folder), *SAID, *author, "--title", "Zoos", directory=run)
    return folder


def hyperpipe(*words: str, directory: Path) -> str:
    """What the command line prints in a directory; it succeeds."""
    command = [sys.executable, "-m", "hyperpipe", *words]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def graph(crate: Path) -> dict[str, dict[str, Any]]:
    """From the name of each thing that a crate tells of to what it tells."""
    things = json.loads((crate / "ro-crate-metadata.json").read_text())["@graph"]
    assert len({thing["@id"] for thing in things}) == len(things)
    return {thing["@id"]: thing for thing in things}


def named(value: Any) -> list[str]:
    """The names that a property refers to."""
    return [one["@id"] for one in (value if isinstance(value, list) else [value])]


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_every_file_is_described_and_no_other(crate, run):
    things = graph(crate)
    described = {name for name, thing in things.items() if "File" in thing["@type"]}
    assert described == files(crate) - {"ro-crate-metadata.json"} == set(named(things["./"]["hasPart"]))
    for name in described:
        content = (crate / name).read_bytes()
        assert things[name]["sha256"] == hashlib.sha256(content).hexdigest(), name
    of_run = {name for name in files(run / "results") if not name.startswith(("logs/", "benchmarks/"))}
    assert {f"results/{name}" for name in of_run} == {name for name in described if name.startswith("results/")}


def test_each_job_is_an_action_with_what_it_read_and_made_and_its_settings(crate, run, monkeypatch):
    things = graph(crate)
    monkeypatch.chdir(run)
    records = lineage(TABLES)
    actions = {name: thing for name, thing in things.items() if name.startswith("#job/")}
    assert len(actions) == len({record.outputs[0].path for record in records.values()}) == 49
    for record in records.values():
        action = actions[f"#job/{record.outputs[0].path}"]
        assert named(action["result"]) == [file.path for file in record.outputs]
        assert named(action["subjectOf"]) == [file.path + SUFFIX for file in record.outputs]
        assert named(action["instrument"]) == [f"hyperpipe/stages/{record.stage.replace('-', '_')}.py"]
        assert (action["startTime"], action["endTime"]) == (record.started, record.ended)
        read = [things[name] for name in named(action["object"])]
        outside = [(thing["name"], thing["sha256"]) for thing in read if thing["@type"] == "CreativeWork"]
        assert outside == [(file.path, file.content) for file in record.raw]
        assert [thing["@id"] for thing in read if thing["@type"] == "File"] == [file.path for file in record.inputs]
    shard = named(actions["#job/results/zoos/printed/shards/0001-0007.h5"]["object"])
    settings = {things[name]["name"]: things[name]["value"] for name in shard if things[name].get("value")}
    assert settings["recipe.learning_rate"] == "0.001" and settings["init"] == "kaiming_uniform"
    assert settings["seeds"] == "0001-0007" and settings["keep_epochs"] == "[2]"


def test_snakemake_called_each_job_as_a_step_of_the_workflow(crate):
    things = graph(crate)
    workflow = things[things["./"]["mainEntity"]["@id"]]
    assert workflow["@id"] == "Snakefile" and "HowTo" in workflow["@type"]
    calls = [things[name] for name in named(things["#snakemake"]["object"])]
    assert sorted(call["object"]["@id"] for call in calls) == sorted(name for name in things if name[:5] == "#job/")
    for call in calls:
        step, action = things[call["instrument"]["@id"]], things[call["object"]["@id"]]
        assert step["@id"] in named(workflow["step"])
        assert step["workExample"] == action["instrument"] and step["workExample"]["@id"] in named(workflow["hasPart"])
    assert TABLES in named(things["#run"]["result"]) and named(things["#run"]["instrument"]) == ["Snakefile"]


def test_who_and_under_which_licence_is_what_was_said(crate):
    things = graph(crate)
    root = things["./"]
    assert root["name"] == "Zoos" and root["license"]["@id"] == "https://spdx.org/licenses/CC-BY-4.0"
    authors = [(name, things[name]["name"]) for name in named(root["author"])]
    assert authors == [
        ("https://orcid.org/0000-0002-1825-0097", "Ada Lovelace"),
        ("#author/C.%20Babbage", "C. Babbage"),
    ]
    assert (crate / "README.md").read_text().startswith("# Zoos\n\nAda Lovelace, C. Babbage\n")


def test_nothing_of_the_machine_or_of_who_ran_it_is_in_it(crate, run):
    for name in files(crate):
        content = (crate / name).read_bytes()
        for told in (SECRET, str(run), str(Path.home()) + "/", str(ROOT)):
            assert told.encode() not in content, f"{told} in {name}"


def test_what_is_in_it_can_be_audited_and_is_what_its_code_makes_with_its_settings(crate):
    """In a folder by itself: with the code, the workflow and the configuration that are in it."""
    assert "holds" in hyperpipe("audit", directory=crate)
    said = hyperpipe("why", TABLES, directory=crate)
    assert said == f"{TABLES} is what this code and these settings make. Snakemake plans nothing to run.\n"


def test_what_is_left_out_is_named_with_its_hash(export, run, tmp_path, monkeypatch):
    export(*SAID, "results/zoos/digits/zoo.h5", "--leave-out", "results/images/*")
    crate, things = tmp_path / "crate", graph(tmp_path / "crate")
    left = "results/images/digits.h5"
    assert not (crate / left).exists() and (crate / (left + SUFFIX)).exists() and left not in things
    assert things["#elsewhere/" + left]["sha256"] == hashlib.sha256((run / left).read_bytes()).hexdigest()
    assert "#elsewhere/" + left in named(things["#job/results/zoos/digits/shards/0001-0008.h5"]["object"])
    assert "Left out: 1 files, `results/images/*`" in (crate / "README.md").read_text()
    assert {name for name in files(crate) if name.endswith(".h5")} == {
        "results/zoos/digits/zoo.h5",
        "results/zoos/digits/shards/0001-0008.h5",
        "results/zoos/digits/shards/0009-0010.h5",
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--license", "see below"], "--license 'see below': is no licence; name one as SPDX does"),
        ([*SAID, "--author", "<someone>"], "--author '<someone>': is no name; write"),
        ([*SAID, "--leave-out", "images/*"], "images/*: is the path of no file that led to results/tables.md; leave"),
        ([*SAID, "results/none.md"], f"results/none.md{SUFFIX}: is missing;"),
        (["--license", "MIT"], f"{ROOT}/config.yaml: did not make results/tables.md ("),
        ([*SAID, "--configfile", "none.yaml"], "none.yaml cannot be read as a configuration"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(export, tmp_path, words, said):
    assert export(*words).startswith(f"hyperpipe: {said}")
    assert not list(tmp_path.iterdir())


def test_what_is_there_stays(export, tmp_path):
    (tmp_path / "crate").mkdir()
    assert export(*SAID).endswith("crate: is there already; name a new folder")


def test_a_run_of_other_settings_is_told_by_the_key(export, tmp_path):
    config = yaml.safe_load(TINY.read_text())
    config["hyperrep"]["width"] = 32
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(config))
    said = export("--license", "MIT", "--configfile", str(tmp_path / "other.yaml"))
    assert "other.yaml: did not make results/tables.md (" in said and "width was 16, is 32" in said
    assert files(tmp_path) == {"other.yaml"}


def test_what_an_audit_finds_broken_is_not_exported(run, tmp_path, monkeypatch, capsys):
    copy = Path(shutil.copytree(run, tmp_path / "run", ignore=shutil.ignore_patterns(".snakemake")))
    path = copy / "results/zoos/digits/zoo.h5"
    path.write_bytes(path.read_bytes()[:-1])
    monkeypatch.chdir(copy)
    monkeypatch.setattr(sys, "argv", ["hyperpipe", "export", "--into", str(tmp_path / "crate"), *SAID])
    with pytest.raises(SystemExit):
        main()
    assert "hyperpipe: results/zoos/digits/zoo.h5: has changed since it was made" in capsys.readouterr().err
    assert not (tmp_path / "crate").exists()


def test_a_licence_is_one_of_spdx_or_an_address():
    assert Deposit("MIT").licence_address == "https://spdx.org/licenses/MIT"
    assert Deposit("https://example.org/terms").licence_address == "https://example.org/terms"
    for wrong in ("", "my licence", "MIT\n"):
        with pytest.raises(HyperpipeError, match="is no licence"):
            Deposit(wrong)


# What the public validator would fetch; it runs without a network. rocrate's own context is that of RO-Crate 1.3, which
# in these terms differs from 1.1, the version that the Run Crate profiles are of.
_BIOSCHEMAS = {
    "ComputationalWorkflow": "https://bioschemas.org/ComputationalWorkflow",
    "FormalParameter": "https://bioschemas.org/FormalParameter",
    "input": "https://bioschemas.org/ComputationalWorkflow#input",
    "output": "https://bioschemas.org/ComputationalWorkflow#output",
}
_RUN = "https://w3id.org/ro/terms/workflow-run"
_CONNECTED = ("ParameterConnection", "connection", "sourceParameter", "targetParameter")
_RUN_TERMS = (*_CONNECTED, "md5", "sha1", "sha256", "sha512")
_FILL = """
import io, json, sys
import requests.adapters, requests_cache, urllib3

class Given(requests.adapters.HTTPAdapter):
    def send(self, request, **_):
        body = io.BytesIO(texts[request.url].encode())
        kind = {"Content-Type": "application/ld+json"}
        return self.build_response(request, urllib3.HTTPResponse(body, kind, 200, preload_content=False))

texts = json.load(sys.stdin)
with requests_cache.CachedSession(sys.argv[1], backend="sqlite", expire_after=-1) as session:
    session.mount("https://", Given())
    for address in texts:
        session.get(address)
"""


@pytest.fixture(scope="module")
def validated(tmp_path_factory) -> Callable[[Path], list[str]]:
    """What the public validator finds wrong in a crate, offline."""
    cache = tmp_path_factory.mktemp("validator") / "cache"
    context = json.loads(resources.files("rocrate").joinpath("data", "ro-crate.jsonld").read_text())
    context["@context"] |= _BIOSCHEMAS
    run_context = {"@context": {term: f"{_RUN}#{term}" for term in _RUN_TERMS}}
    texts = {"https://w3id.org/ro/crate/1.1/context": context, f"{_RUN}/context": run_context}
    texts = {address: json.dumps(text) for address, text in texts.items()}
    filled = [str(VALIDATOR / "python"), "-c", _FILL, str(cache)]
    subprocess.run(filled, input=json.dumps(texts), text=True, check=True, timeout=60)

    def called(crate: Path) -> list[str]:
        report = cache.with_name("report.json")
        words = [
            "-y",
            "validate",
            "-p",
            "provenance-run-crate-0.5",
            "-l",
            "required",
            "--offline",
            "--no-paging",
            "-f",
            "json",
        ]
        command = [str(VALIDATOR / "rocrate-validator"), *words, "-o", str(report), "--cache-path", str(cache)]
        done = subprocess.run([*command, str(crate)], capture_output=True, text=True, timeout=200, check=False)
        assert report.exists(), done.stdout + done.stderr
        found = json.loads(report.read_text())
        report.unlink()
        assert found["passed"] == (not found["issues"]) == (done.returncode == 0)
        return [issue["message"] for issue in found["issues"]]

    return called


@pytest.mark.long
class TestByThePublicValidator:
    """In an environment of its own (envs/validator.txt), since it needs an older rich; `make test-long` installs it."""

    def test_it_is_a_provenance_run_crate(self, crate, validated):
        assert validated(crate) == []

    def test_one_with_files_left_out_and_no_author_is_one_too(self, export, tmp_path, validated):
        export(*SAID, "--leave-out", "results/images/*", "--leave-out", "results/zoos/*")
        assert validated(tmp_path / "crate") == []

    def test_what_is_wrong_with_one_is_found(self, crate, tmp_path, validated):
        """So the tests before this one can fail."""
        copy = Path(shutil.copytree(crate, tmp_path / "copy"))
        things = graph(crate)
        del things["#snakemake"]["instrument"], things["#call/results/tables.md"]["object"]
        context = json.loads((copy / "ro-crate-metadata.json").read_text())["@context"]
        text = json.dumps({"@context": context, "@graph": list(things.values())})
        (copy / "ro-crate-metadata.json").write_text(text)
        (copy / TABLES).unlink()
        found = " ".join(validated(copy))
        assert "workflow engine" in found and "ControlAction must reference the action" in found and TABLES in found


@pytest.mark.long
def test_all_of_it_is_made_again_by_what_is_in_it(crate, tmp_path):
    """From nothing: the workflow, the code and the settings that were exported make the same files."""
    copy = Path(shutil.copytree(crate, tmp_path / "copy"))
    made = sorted(name for name in files(copy) if name.startswith("results/") and not name.endswith(SUFFIX))
    before = {name: content_hash(copy / name) for name in made}
    shutil.rmtree(copy / "results")
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--", TABLES]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stdout + done.stderr
    assert TABLES in made and {name: content_hash(copy / name) for name in made} == before
    hyperpipe("audit", directory=copy)
