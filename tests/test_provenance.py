"""The identity of code and the records of runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from hyperpipe.errors import HyperpipeError
from hyperpipe.provenance import surroundings
from hyperpipe.provenance.identity import ROOT, code_id, code_modules
from hyperpipe.provenance.opened import files_read
from hyperpipe.provenance.record import SUFFIX, Record, is_sealed, record_hash, recording
from hyperpipe.provenance.reference import records_reference
from hyperpipe.randomness import stream
from hyperpipe.store import content_hash, write_store
from runs import SECRET


@pytest.fixture
def package(tmp_path):
    """A copy of the package, to be changed."""
    shutil.copytree(ROOT / "hyperpipe", tmp_path / "hyperpipe", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def changed(package: Path, module: str, old: str, new: str) -> Path:
    """Another copy in which one place of one module differs; what was read of the first is not asked again."""
    copy = package.with_name(package.name + "-changed")
    shutil.copytree(package, copy)
    path = copy / "hyperpipe" / module
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    return copy


def test_the_code_of_a_stage_is_its_file_and_all_that_it_imports():
    modules = code_modules("hyperpipe.stages.zoo_shard")
    assert {"hyperpipe.stages.zoo_shard", "hyperpipe.zoo.trainer", "hyperpipe.store", "hyperpipe.zoo"} < set(modules)
    assert "hyperpipe.zoo.stacked" in modules, "an import inside a function"
    others = ("hyperpipe.split", "hyperpipe.config", "hyperpipe.cli", "hyperpipe.hyperrep", "hyperpipe.results")
    assert not set(others) & set(modules)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    shuffled =", "    # a comment\n\n    shuffled  = "),
        ('"""Names ``train``', '"""Other words. Names ``train``'),
        ("def split_networks(seeds: np.ndarray, ", "def split_networks(\n    seeds: np.ndarray,\n    "),
    ],
)
def test_comments_docstrings_and_form_are_no_change(package, old, new):
    copy = changed(package, "split.py", old, new)
    assert (
        code_id("hyperpipe.stages.zoo", copy)
        == code_id("hyperpipe.stages.zoo", package)
        == code_id("hyperpipe.stages.zoo")
    )


@pytest.mark.parametrize(
    ("old", "new"), [("(len(seeds))", "(2 * len(seeds))"), ('/split").', '/cut").'), ("np.sort(seeds)", "seeds")]
)
def test_any_other_change_is_one_for_the_stages_that_import_the_module_and_no_other(package, old, new):
    copy = changed(package, "split.py", old, new)
    assert code_id("hyperpipe.stages.zoo", copy) != code_id("hyperpipe.stages.zoo", package)
    for other in ("zoo_shard", "images", "tables", "hyperrep"):
        assert code_id(f"hyperpipe.stages.{other}", copy) == code_id(f"hyperpipe.stages.{other}", package)


@pytest.mark.parametrize(
    "line",
    ["import importlib; importlib.import_module('x')", "__import__('x')", "exec('import x')", "from . import cnn"],
)
def test_what_cannot_be_known_before_it_runs_is_refused(package, line):
    copy = changed(package, "split.py", "import numpy as np", f"import numpy as np\n{line}")
    with pytest.raises(HyperpipeError, match=r"split\.py:\d+: .*import"):
        code_modules("hyperpipe.stages.zoo", copy)


def test_a_record_says_what_was_read_and_made_and_an_error_leaves_none(tmp_path):
    read, made = tmp_path / "in.txt", tmp_path / "out.h5"
    read.write_text("a")
    Path(str(read) + SUFFIX).write_text("its record")
    stream(3, "before", 1)
    with recording("zoo-shard", {"seed": 3}, [read], [made], "0001-0002", threads=2) as notes:
        write_store(made, "zoo", {"x": np.arange(3)}, {"a": 1})
        read.write_text("changed while the stage ran")
        for network in (1, 2):
            stream(3, "zoo/init", network, "first")
        notes.update(backend="native", exclusions={"not finite": 2}, raw=[read])
    record = Record.model_validate_json(Path(str(made) + SUFFIX).read_text())
    assert record.seeds == {"root": 3, "networks": "0001-0002"}
    assert record.output.content == content_hash(made) and record.outputs == [record.output]
    assert record.inputs[0].content == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", (
        "SHA-256 of a"
    )
    assert record.code == code_modules("hyperpipe.stages.zoo_shard")
    assert record.started <= record.ended and record.threads == 2
    assert record.inputs[0].record == record_hash(read) and record.raw[0].content == content_hash(read)
    assert record.streams == {"zoo/init/first": 2}, "not those that were drawn from before"
    assert record.notes == {"backend": "native"} and record.exclusions == {"not finite": 2}

    with pytest.raises(ZeroDivisionError), recording("zoo-shard", {}, [], [tmp_path / "other.h5"]):
        raise ZeroDivisionError
    assert not list(tmp_path.glob("other*"))


def test_the_content_of_a_store_is_its_data_and_attributes_and_not_its_bytes(tmp_path):
    def store(name: str, number: int, attribute: int) -> str:
        write_store(tmp_path / name, "zoo", {"x": np.array([number])}, {"a": attribute})
        return content_hash(tmp_path / name)

    assert store("a.h5", 1, 1) == store("b.h5", 1, 1)
    assert len({store("a.h5", *numbers) for numbers in ((1, 1), (2, 1), (1, 2))}) == 3


def record_of(tmp_path: Path, name: str, config: dict, inputs: list[Path], root: Path = ROOT) -> Record:
    made = tmp_path / name
    with recording("tables", config, inputs, [made]):
        made.write_text("made")
    return Record.model_validate_json(Path(str(made) + SUFFIX).read_text())


def test_an_edit_of_a_record_breaks_its_seal(tmp_path):
    record = record_of(tmp_path, "a.txt", {"seed": 1, "rate": 1e-8, "share": 0.0, "name": "é"}, [])
    assert is_sealed(record)
    for change in ({"stage": "zoo"}, {"threads": 2}, {"config": {"seed": 1}}, {"seconds": 1.0}, {"id": "x"}):
        assert not is_sealed(record.model_copy(update=change))


def test_the_id_is_of_what_decides_the_outputs_and_of_nothing_else(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("1")
    second.write_text("2")
    made = record_of(tmp_path, "a.txt", {"seed": 1}, [first, second])
    assert record_of(tmp_path, "elsewhere.txt", {"seed": 1}, [first, second]).id == made.id, "another time and place"
    assert record_of(tmp_path, "a.txt", {"seed": 2}, [first, second]).id != made.id
    assert record_of(tmp_path, "a.txt", {"seed": 1}, [second, first]).id != made.id
    second.write_text("3")
    assert record_of(tmp_path, "a.txt", {"seed": 1}, [first, second]).id != made.id


def test_files_that_are_read_are_seen_and_no_others(tmp_path):
    for name in ("data/read", "data/deep/read", "data/not", "data/code.py", "other/read"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1 2")
    with files_read([tmp_path / "data"]) as files:
        (tmp_path / "data/read").read_text()
        np.loadtxt(tmp_path / "data/deep/read")
        (tmp_path / "data/written").write_text("x")
        os.close(os.open(tmp_path / "data/not", os.O_WRONLY))
        (tmp_path / "other/read").read_bytes()
        (tmp_path / "data/code.py").read_text()
    (tmp_path / "data/not").read_text()
    assert files == [tmp_path / "data/deep/read", tmp_path / "data/read"]
    with files_read([tmp_path / "other/read"]) as files:
        (tmp_path / "other/read").read_bytes()
    assert files == [tmp_path / "other/read"], "a file by itself"


def test_the_checkout_is_named_by_its_commit_and_what_differs_from_it(tmp_path, monkeypatch):
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "someone")

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()

    def found() -> dict[str, str]:
        surroundings.repository.cache_clear()
        return surroundings.repository(tmp_path)

    assert found() == {}, "no checkout"
    git("init")
    (tmp_path / "file").write_text("a")
    git("add", "file")
    git("commit", "-m", "first")
    clean = found()
    assert clean == {"commit": git("rev-parse", "HEAD")}
    (tmp_path / "file").write_text("b")
    changed = found()
    assert changed["commit"] == clean["commit"] and len(changed["diff"]) == 64
    (tmp_path / "file").write_text("c")
    assert found()["diff"] != changed["diff"]
    monkeypatch.setenv("PATH", "")
    assert found() == {}, "no git"
    surroundings.repository.cache_clear()


def test_checkout_and_versions_are_those_of_the_start(tmp_path, monkeypatch):
    now = {"commit": "first"}
    monkeypatch.setattr(surroundings, "repository", lambda: dict(now))
    monkeypatch.setattr(surroundings, "versions", lambda: {"torch": now["commit"]})
    with recording("tables", {}, [], [tmp_path / "a.txt"]):
        (tmp_path / "a.txt").write_text("made")
        now["commit"] = "while it ran"
    record = Record.model_validate_json((tmp_path / ("a.txt" + SUFFIX)).read_text())
    assert record.repository == {"commit": "first"} and record.versions == {"torch": "first"}


def test_of_the_environment_only_the_jobs_names_are_recorded(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    monkeypatch.setenv("SLURM_JOB_USER", "someone")
    monkeypatch.setenv("API_TOKEN", "very-secret")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "photos").write_text("x")
    monkeypatch.chdir(ROOT)
    made = tmp_path / "a.txt"
    monkeypatch.setattr(sys, "argv", ["hyperpipe", "tables", "--page-output", str(made)])
    config = {"images": {"path": str(tmp_path / "photos")}}
    with recording("tables", config, [tmp_path / "photos"], [made]) as notes:
        made.write_text("made")
        notes.update(raw=[tmp_path / "photos"], compiler=f"g++ 12 -I{tmp_path}/include")
    text = Path(str(made) + SUFFIX).read_text()
    record = Record.model_validate_json(text)
    assert record.scheduler == {"SLURM_JOB_ID": "17"} and "very-secret" not in text and "someone" not in text
    assert (
        str(tmp_path) not in text and record.output.path == "~/a.txt" and record.config["images"]["path"] == "~/photos"
    )
    assert record.raw[0].path == record.inputs[0].path == "~/photos" and record.arguments[-1] == "~/a.txt"


def test_a_run_says_nothing_of_the_environment_that_it_ran_in(run):
    """The tiny run ran with SECRET among its environment variables."""
    files = [path for path in run.rglob("*") if path.is_file() and "logs" not in path.parts]
    kept = [path for path in files if ".snakemake" not in path.parts]
    assert len(kept) > 60
    for path in kept:
        content = path.read_bytes()
        assert SECRET.encode() not in content and bytes(run) not in content, path
        if path.name.endswith(SUFFIX):
            assert not re.search(r'[" =]/', content.decode()), f"{path}: an absolute path"


def test_versions_are_those_that_python_would_import():
    found = surroundings.versions()
    assert "hyperpipe" not in found and len(found) > 20
    for name in ("torch", "numpy", "scikit-learn", "snakemake-executor-plugin-slurm"):
        assert found[name] == metadata.version(name)


def test_docs_records_is_what_the_model_says():
    assert (ROOT / "docs/records.md").read_text() == records_reference(), "hyperpipe records > docs/records.md"


def test_the_memory_of_a_stage_is_its_own(tmp_path):
    """Not that of the process that started it, which the system's getrusage may count."""
    code = "from hyperpipe.provenance.surroundings import peak_megabytes; print(peak_megabytes())"
    large = np.ones(75_000_000)  # 600 MB
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert large.all() and 10 < int(done.stdout) < 300
