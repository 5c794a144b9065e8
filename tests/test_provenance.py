"""The identity of code and the records of runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from hyperpipe.errors import HyperpipeError
from hyperpipe.provenance.identity import ROOT, code_id, code_modules
from hyperpipe.provenance.record import SUFFIX, Record, recording
from hyperpipe.store import content_hash, write_store


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
    with recording("zoo-shard", {"seed": 3}, [read], [made], "0001-0002"):
        write_store(made, "zoo", {"x": np.arange(3)}, {"a": 1})
        read.write_text("changed while the stage ran")
    record = Record.model_validate_json(Path(str(made) + SUFFIX).read_text())
    assert record.seeds == {"root": 3, "networks": "0001-0002"}
    assert record.output.content == content_hash(made) and record.outputs == [record.output]
    assert record.inputs[0].content == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", (
        "SHA-256 of a"
    )
    assert record.code == code_modules("hyperpipe.stages.zoo_shard")
    assert record.started <= record.ended

    with pytest.raises(ZeroDivisionError), recording("zoo-shard", {}, [], [tmp_path / "other.h5"]):
        raise ZeroDivisionError
    assert not list(tmp_path.glob("other*"))


def test_the_content_of_a_store_is_its_data_and_attributes_and_not_its_bytes(tmp_path):
    def store(name: str, number: int, attribute: int) -> str:
        write_store(tmp_path / name, "zoo", {"x": np.array([number])}, {"a": attribute})
        return content_hash(tmp_path / name)

    assert store("a.h5", 1, 1) == store("b.h5", 1, 1)
    assert len({store("a.h5", *numbers) for numbers in ((1, 1), (2, 1), (1, 2))}) == 3
