"""The native back end's building and choice; that it computes what the others do is in test_zoo.py."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hyperpipe.cnn import Architecture, initialise
from hyperpipe.errors import HyperpipeError
from hyperpipe.provenance.identity import ROOT, code_id
from hyperpipe.zoo.choice import choose_backend
from hyperpipe.zoo.native.build import BuildError
from hyperpipe.zoo.native.cpu import library as cpu_module
from hyperpipe.zoo.native.cpu.backend import NativeCpu
from hyperpipe.zoo.native.cpu.library import cpu_code, cpu_library
from hyperpipe.zoo.reference import ReferenceBackend
from hyperpipe.zoo.settings import Recipe, Training, Zoo

SMALL = Architecture(classes=3, channels=(2, 2, 2), hidden=3)
TANH = Recipe(learning_rate=1e-3)


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A cache with nothing in it."""
    monkeypatch.setenv("HYPERPIPE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def counting(tmp_path, monkeypatch):
    """A compiler that writes a line for each library it is asked for."""
    script, log = tmp_path / "cxx", tmp_path / "compiled"
    script.write_text(f'#!/bin/sh\ncase "$*" in *-shared*) echo >> {log};; esac\nexec g++ "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("CXX", f"{script} -Wall")
    return lambda: len(log.read_text().splitlines())


def test_a_library_is_built_once_for_what_it_depends_on(empty, counting, monkeypatch):
    first = cpu_library(SMALL, "tanh")
    assert cpu_library(SMALL, "tanh") == first and counting() == 1
    others = [cpu_library(Architecture(classes=4, channels=(2, 2, 2), hidden=3), "tanh")]
    monkeypatch.setenv("HYPERPIPE_CXXFLAGS", "-O1")
    others.append(cpu_library(SMALL, "tanh"))
    monkeypatch.delenv("HYPERPIPE_CXXFLAGS")
    monkeypatch.setattr(cpu_module, "cpu", lambda: "another CPU")
    others.append(cpu_library(SMALL, "tanh"))
    assert len({first, *others}) == 4 == counting()


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_each_compiler_makes_code_that_computes_the_references_gradients(compiler, digits, monkeypatch):
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler} here")
    monkeypatch.setenv("CXX", compiler)
    architecture, indices = Architecture(), np.arange(30).reshape(3, 10)
    weights = np.stack([initialise(architecture, "kaiming_uniform", np.random.default_rng(m)) for m in range(3)])
    ours, right = (b(weights, architecture, TANH, digits).gradients(indices) for b in (NativeCpu, ReferenceBackend))
    assert np.abs(ours - right).max() <= 1e-5 * np.abs(right).max()


def test_a_damaged_library_is_built_anew(empty, counting):
    path = cpu_library(SMALL, "tanh")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert len(cpu_library(SMALL, "tanh").read_bytes()) > len(whole) // 2 and counting() == 2


def test_jobs_that_start_at_once_build_it_once_and_without_torch(empty, counting):
    code = (
        "import sys; from hyperpipe.zoo.native.cpu.library import cpu_library; from hyperpipe.cnn import Architecture;"
        "print(cpu_library(Architecture(classes=3, channels=(2, 2, 2), hidden=3), 'tanh'));"
        "assert 'torch' not in sys.modules"
    )
    jobs = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(8)]
    paths = {job.communicate(timeout=200)[0] for job in jobs}
    assert len(paths) == 1 and Path(paths.pop().strip()).exists() and counting() == 1
    assert not any(job.returncode for job in jobs)


def test_without_a_compiler_auto_takes_stacked_and_native_says_why(empty, tmp_path, monkeypatch):
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    choice = choose_backend(Training(), SMALL, TANH)
    assert str(choice).startswith("stacked (auto, without native: no C++ compiler found (g++, clang++, c++); install")
    with pytest.raises(HyperpipeError, match=r"^training.backend native: no C\+\+ compiler found .*; or take auto$"):
        choose_backend(Training(backend="native"), SMALL, TANH)
    monkeypatch.setenv("CXX", "icpx -O2")
    with pytest.raises(BuildError, match="CXX names, icpx, is not there"):
        cpu_library(SMALL, "tanh")


def test_what_the_compiler_complains_of_is_one_line(empty, monkeypatch):
    monkeypatch.setenv("HYPERPIPE_CXXFLAGS", "-march=pdp11")
    choice = choose_backend(Training(), SMALL, TANH)
    assert choice.name == "stacked" and "pdp11" in choice.reason and "\n" not in choice.reason
    assert not list(empty.rglob("*.so"))


def test_a_cache_that_cannot_be_used_leads_to_stacked(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HYPERPIPE_CACHE", str(tmp_path / "file"))
    choice = choose_backend(Training(), SMALL, TANH)
    assert choice.name == "stacked" and "set HYPERPIPE_CACHE" in choice.reason


def test_a_library_that_does_not_load_leads_to_stacked(empty, monkeypatch):
    path = cpu_library(SMALL, "tanh")
    broken = path.with_name("broken.so")
    broken.write_bytes(b"no library")
    monkeypatch.setattr("hyperpipe.zoo.native.cpu.library.cpu_library", lambda *_: broken)
    choice = choose_backend(Training(), SMALL, TANH)
    assert choice.name == "stacked" and "broken.so" in choice.reason and "\n" not in choice.reason


def test_auto_is_native_and_the_choice_says_why():
    for activation in ("tanh", "gelu", "relu"):
        recipe = Recipe(learning_rate=1e-3, activation=activation)
        assert str(choose_backend(Training(), SMALL, recipe)).startswith("native (auto, ")
    for name in ("native", "stacked", "reference"):
        assert str(choose_backend(Training(backend=name), SMALL, TANH)).startswith(f"{name} (asked for")


def test_a_shard_fills_its_groups_of_networks():
    lanes = cpu_code(SMALL, "tanh").hyperpipe_lanes()
    assert Zoo.model_fields["shard"].default % lanes == 0


def test_log_and_record_of_a_run_name_the_back_end(run):
    shard = "zoos/digits/shards"
    records = [json.loads(path.read_text()) for path in (run / "results" / shard).glob("*.prov.json")]
    log = next((run / "results/logs" / shard).glob("*.log")).read_text()
    for record in records:
        assert record["notes"]["backend"].startswith("native (auto, ")
    assert f"zoo/digits: back end {records[0]['notes']['backend']}" in log
    evaluation = json.loads(next((run / "results/evaluations").rglob("*.prov.json")).read_text())
    assert evaluation["notes"]["backend"].startswith("native (auto, ")


@pytest.mark.parametrize("name", ["cpu/population.cpp", "cuda/forward.cuh", "cuda/population.cu", "shape.h"])
def test_the_compiled_code_is_code_of_the_stages_that_train(name, tmp_path):
    now = code_id("hyperpipe.stages.zoo_shard")
    for folder, change, same in (("comment", "// more", True), ("code", "int more;", False)):
        root = tmp_path / folder
        shutil.copytree(ROOT / "hyperpipe", root / "hyperpipe")
        source = root / "hyperpipe/zoo/native" / name
        source.write_text(f"{source.read_text()}\n{change}\n")
        assert (code_id("hyperpipe.stages.zoo_shard", root) == now) == same
