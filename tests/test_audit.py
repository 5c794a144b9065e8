"""`hyperpipe audit`: what is broken of a run is found and named."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hyperpipe.cli import main
from hyperpipe.errors import HyperpipeError
from hyperpipe.provenance import audit as audit_module
from hyperpipe.provenance.audit import audit, results_below
from hyperpipe.provenance.record import SUFFIX, hashed, read_record, recording
from hyperpipe.store import write_store

RUN_FILES = [
    "results/images/digits.h5",
    "results/zoos/digits/shards/0001-0008.h5",
    "results/zoos/digits/zoo.h5",
    "results/zoos/digits/split.parquet",
    "results/rows/digits.parquet",
    "results/zoos/digits/aligned.h5",
    "results/hyperreps/digits/lwln/hyperrep.h5",
    "results/hyperreps/digits/lwln/history.parquet",
    "results/hyperreps/digits/lwln/reconstructions.parquet",
    "results/populations/digits/S_KDE30.h5",
    "results/populations/digits/S_weights.h5",
    "results/populations/digits/B_F.h5",
    "results/populations/digits/scratch.h5",
    "results/populations/digits/controls.h5",
    "results/evaluations/digits/S_KDE30/digits.parquet",
    "results/novelty/digits.parquet",
    "results/accuracies.parquet",
    "results/hyperreps/digits/lwln/learning.png",
    "results/figures/digits/weights.png",
    "results/figures/digits/curves.svg",
    "results/figures/digits/novelty.png",
    "results/figures/digits/latents.png",
    "results/tables.md",
]


@pytest.fixture(scope="module")
def copy(run, tmp_path_factory) -> Path:
    """The tiny run again, for faults that each test takes back."""
    directory = tmp_path_factory.mktemp("audited")
    shutil.copytree(run / "results", directory / "results")
    return directory


@pytest.fixture
def here(copy, monkeypatch) -> Iterator[Path]:
    """In that copy; what a test changes through `written` is taken back."""
    monkeypatch.chdir(copy)
    _before.clear()
    yield copy
    for path, content in _before.items():
        path.write_bytes(content)


_before: dict[Path, bytes] = {}


def written(path: str | Path, content: bytes | None) -> None:
    """Changes a file of the copy, or removes it."""
    path = Path(path)
    _before.setdefault(path, path.read_bytes())
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)


def broken(*paths: str) -> list[tuple[str, str, str]]:
    return [(f.path, f.link, f.what) for f in audit(paths).all_findings if f.broken]


def facts(path: str) -> dict:
    return json.loads(Path(path + SUFFIX).read_text())


def test_a_finished_run_holds_to_its_last_file(here):
    files = results_below(Path("results"))
    found = audit(files)
    assert found.all_findings == [] and found.holds
    assert set(found.records) == set(files) >= set(RUN_FILES)
    stages = {record.stage for record in found.records.values()}
    assert {read_record(path).stage for path in RUN_FILES} == stages, "a stage that no fault is tried at"
    assert any("digits.csv" in path for path in found.raw) and any(path.endswith(".ttf") for path in found.raw)
    assert set(audit(["results/tables.md"]).records) >= set(RUN_FILES) - set(glob_of_figures())


def glob_of_figures() -> list[str]:
    return [path for path in RUN_FILES if path.endswith((".png", ".svg"))]


@pytest.mark.parametrize("path", RUN_FILES)
class TestInEachStage:
    def test_a_flipped_byte(self, here, path):
        content = bytearray(Path(path).read_bytes())
        content[len(content) // 2] ^= 1
        written(path, bytes(content))
        ((at, link, what),) = broken(path)
        assert (at, link) == (path, "file") and what.startswith("has changed since it was made")

    def test_an_edited_record(self, here, path):
        edited = facts(path)
        edited["config"]["seed"] = 17
        written(path + SUFFIX, json.dumps(edited).encode())
        assert broken(path) == [(path, "record", "has been edited")]

    def test_a_deleted_record(self, here, path):
        written(path + SUFFIX, None)
        assert broken(path) == [(path, "record", "is missing")]

    def test_another_file_in_its_place(self, here, path):
        other = RUN_FILES[RUN_FILES.index(path) - 1]
        written(path, Path(other).read_bytes())
        ((at, link, what),) = broken(path)
        assert (at, link) == (path, "file") and what.startswith("has changed since")
        written(path + SUFFIX, Path(other + SUFFIX).read_bytes())
        assert broken(path) == [(path, "record", f"is that of {other}")]

    def test_a_missing_file(self, here, path):
        written(path, None)
        assert broken(path) == [(path, "file", "is missing")]


def test_a_break_is_named_where_it_is_and_what_rests_on_it_is_counted(here):
    path = "results/rows/digits.parquet"
    written(path, Path("results/accuracies.parquet").read_bytes())
    found = audit(results_below(Path("results")))
    at, resting = found.broken()
    assert at == {path} and len(found.all_findings) == 1
    assert {"results/hyperreps/digits/lwln/hyperrep.h5", "results/tables.md"} < resting
    assert not {"results/zoos/digits/zoo.h5", "results/populations/printed/scratch.h5"} & resting


def test_a_record_that_was_edited_and_sealed_again_is_not_the_one_that_others_hold(here):
    path = "results/zoos/digits/zoo.h5"
    forged = facts(path)
    forged["notes"] = {"backend": "another"}
    forged["seal"] = hashed({key: value for key, value in forged.items() if key != "seal"})
    written(path + SUFFIX, json.dumps(forged).encode())
    said = f"the record of {path} is not the one that it had"
    assert broken("results/rows/digits.parquet") == [("results/rows/digits.parquet", "input", said)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"{", "is none of this version (Invalid JSON"),
        (b'{"version": 1}', "is none of this version (version: Input should be 2)"),
        (b"\xff", "is none of this version"),
    ],
)
def test_a_record_that_is_none(here, text, said):
    written("results/tables.md" + SUFFIX, text)
    ((at, link, what),) = broken("results/tables.md")
    assert (at, link) == ("results/tables.md", "record") and what.startswith(said)


# A chain of three files, each made of the one before, the first of a file from outside.


def made(path: str, stage: str, inputs: list[str], text: str, raw: list[Path] | None = None) -> None:
    with recording(stage, {}, [Path(name) for name in inputs], [Path(path)]) as notes:
        Path(path).write_text(text)
        notes["raw"] = raw or []


@pytest.fixture
def chain(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("outside").write_text("photos")
    made("a.txt", "images", [], "a", [tmp_path / "outside"])
    made("b.txt", "zoo-shard", ["a.txt"], "b")
    made("c.txt", "tables", ["b.txt"], "c")
    assert audit(["c.txt"]).holds
    return tmp_path


def test_an_input_that_is_newer_and_another(chain):
    made("b.txt", "zoo-shard", ["a.txt"], "another")
    assert broken("c.txt") == [("c.txt", "input", "b.txt is newer, and another")]
    made("c.txt", "tables", ["b.txt"], "c")
    assert audit(["c.txt"]).holds


def test_an_input_that_was_made_again_and_is_the_same_is_good_to_know(chain):
    made("a.txt", "images", [], "a", [chain / "outside"])
    found = audit(["c.txt"])
    assert found.holds
    (finding,) = found.all_findings
    assert finding.path == "b.txt" and finding.what.endswith("and is the same")


def test_an_input_from_an_older_run_put_back(chain):
    old = {name: Path(name).read_bytes() for name in ("b.txt", "b.txt" + SUFFIX)}
    made("b.txt", "zoo-shard", ["a.txt"], "another")
    made("c.txt", "tables", ["b.txt"], "c")
    for name, content in old.items():
        Path(name).write_bytes(content)
    assert broken("c.txt") == [("c.txt", "input", "b.txt is not the one that it was made of")]


def test_files_from_outside(chain):
    Path("outside").write_text("other photos")
    assert broken("c.txt") == [("a.txt", "raw", "outside has changed since it was read")]
    Path("outside").unlink()
    assert broken("c.txt") == [("a.txt", "raw", "outside is not there")]


def test_an_input_that_no_one_made(chain):
    Path("sampler.py").write_text("def mine(): ...")
    made("d.txt", "population", ["b.txt", "sampler.py"], "d")
    assert audit(["d.txt"]).holds
    Path("sampler.py").write_text("def mine(): return 1")
    assert broken("d.txt") == [("d.txt", "input", "sampler.py has changed since it was read")]
    Path("sampler.py").unlink()
    assert broken("d.txt") == [("d.txt", "input", "sampler.py is missing")]


def test_code_that_has_changed_since(chain, monkeypatch):
    def changed(module: str) -> dict[str, str]:
        return recorded(module) | ({"hyperpipe.cnn": "x", "hyperpipe.new": "y"} if "zoo_shard" in module else {})

    recorded = audit_module.code_modules
    monkeypatch.setattr(audit_module, "code_modules", changed)
    assert broken("c.txt") == [("b.txt", "code", "has changed since, in hyperpipe.cnn, hyperpipe.new")]


# The command line.


def called(*words: str, monkeypatch, capsys) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["hyperpipe", "audit", *words])
    with pytest.raises(SystemExit) as left:
        main()
    said = capsys.readouterr()
    return left.value.code or 0, said.out, said.err


def test_the_exit_status_and_the_page(here, monkeypatch, capsys):
    status, page, _ = called(monkeypatch=monkeypatch, capsys=capsys)
    assert status == 0 and page.strip().endswith("from outside the workflow: all holds.")
    written("results/tables.csv" + SUFFIX, None)
    for words in ([], ["results"], ["results/tables.csv"], ["results/tables.csv" + SUFFIX], [str(here / "results")]):
        status, page, _ = called(*words, monkeypatch=monkeypatch, capsys=capsys)
        assert status == 1 and "results/tables.csv | record | is missing" in " ".join(page.split())
    assert called("results/zoos", monkeypatch=monkeypatch, capsys=capsys)[0] == 0
    status, text, _ = called("--json", monkeypatch=monkeypatch, capsys=capsys)
    found = json.loads(text)
    assert status == 1 and not found["holds"]
    states = {file["path"]: file["state"] for file in found["files"]}
    assert states["results/tables.csv"] == "broken" and states["results/tables.md"] == "holds"


def test_a_file_that_was_made_by_hand_and_a_folder_with_others_in_it(chain, monkeypatch, capsys):
    """Without a folder of results; what has no record and is no result is none of its business."""
    for words in (["c.txt"], ["."], [str(chain)]):
        status, page, _ = called(*words, monkeypatch=monkeypatch, capsys=capsys)
        assert status == 0 and "3 files, down to 1 from outside the workflow: all holds." in page


def test_a_stage_that_there_is_no_more(chain, monkeypatch):
    def gone(module: str) -> dict[str, str]:
        raise HyperpipeError(f"{module}: there is no such module")

    monkeypatch.setattr(audit_module, "code_modules", gone)
    assert ("c.txt", "code", "there is no stage tables any more") in broken("c.txt")


@pytest.mark.parametrize("path", ["results/none", "nowhere", "/etc/passwd/x", "../elsewhere"])
def test_what_is_no_result_is_one_line(here, monkeypatch, capsys, path):
    status, page, said = called(path, monkeypatch=monkeypatch, capsys=capsys)
    assert status == 1 and not page and said.strip().count("\n") == 0 and path in said


@pytest.mark.long
def test_a_large_store_is_audited_in_bounded_memory(tmp_path):
    import subprocess

    write_store(tmp_path / "a.h5", "zoo", {"weights": np.zeros((2, 1 << 28), np.float32)}, {})
    code = (  # VmHWM, since ru_maxrss of a new process may be that of the one that started it
        "from hyperpipe.store import content_hash; content_hash('a.h5');"
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 300_000, "kB, of a store of 2 GB"
