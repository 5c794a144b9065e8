"""A training that was stopped goes on where it was, or says why it does not."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from hyperpipe.cli import app
from hyperpipe.cnn import Architecture
from hyperpipe.config import load_config
from hyperpipe.errors import HyperpipeError
from hyperpipe.hyperrep import precision
from hyperpipe.hyperrep import train as training
from hyperpipe.hyperrep.checkpoint import TrainingStore
from hyperpipe.hyperrep.train import TrainedAutoencoder, train_autoencoder
from hyperpipe.provenance.record import SUFFIX, Record
from hyperpipe.store import content_hash, read_store
from runs import ROOT, TINY, snakemake
from some_networks import SMALL, networks
from test_faults import OUTPUTS, call

ROWS = networks(13)
SETTINGS = SMALL.model_copy(update={"epochs": 6, "check_every": 2})
CODE = {"hyperpipe.hyperrep.train": "abc"}


def store(path: Path | None, epochs: int = 1, device: str = "a CPU", code=CODE) -> TrainingStore:
    return TrainingStore(path, f"{epochs} epochs", code, device)


def fit(path: Path | None = None, settings=SETTINGS, loss="lwln", rows=ROWS, seed=0, **changes) -> TrainedAutoencoder:
    """changes: of the store."""
    parts = rows[:10], rows[10:], Architecture(), settings, loss
    return train_autoencoder(*parts, root_seed=seed, purpose="t", store=store(path, **changes))


def assert_same(first: TrainedAutoencoder, second: TrainedAutoencoder) -> None:
    """Bit for bit."""
    assert first.history.equals(second.history)
    for selection, checkpoint in first.checkpoints.items():
        other = second.checkpoints[selection]
        assert checkpoint.epoch == other.epoch and checkpoint.state.keys() == other.state.keys()
        assert all(array.tobytes() == other.state[name].tobytes() for name, array in checkpoint.state.items())


class Stopped(Exception):
    pass


def stop(monkeypatch, epoch: int, how=None) -> None:
    """In the second of the two updates of an epoch of a training that begins."""
    calls = iter(range(1, 1000))
    losses = training.batch_losses

    def stopping(*arguments):
        if next(calls) == 2 * epoch:
            how() if how else (_ for _ in ()).throw(Stopped)
        return losses(*arguments)

    monkeypatch.setattr(training, "batch_losses", stopping)


VARIANTS = {
    "as released": {},
    "falling rate": {"learning_rate": 0.3, "epochs": 16, "check_every": 5},
    "cosine": {"schedule": "warmup_cosine", "warmup": 0.3},
    "stopping early": {"learning_rate": 0.05, "permute": False, "early_stopping": 2, "epochs": 24, "check_every": 1},
    "from a pool": {"permutation_pool": 40, "contrast": "released", "projection_norm": True},
    "one view": {"beta": 1.0, "dropout": 0.0},
    "bfloat16": {"precision": "bfloat16"},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_stopped_training_ends_as_one_that_never_was(tmp_path, monkeypatch, capsys, variant):
    monkeypatch.setattr(precision, "_cpu_has_bfloat16", lambda: True)  # torch emulates it where there is none
    settings = SETTINGS.model_copy(update=VARIANTS[variant])
    whole = fit(settings=settings)
    last = whole.checkpoints["last"].epoch
    rates = whole.history.query("quantity == 'learning_rate'").value
    assert (last < settings.epochs) == (variant == "stopping early")
    assert (rates.nunique() > 1) == (variant in ("falling rate", "cosine"))
    # Each takes a whole training: every epoch of the first variant, of the others the beginning, the middle, the end.
    for epoch in range(1, last + 1) if variant == "as released" else (3, last // 2 + 1, last):
        path = tmp_path / f"{epoch}.h5"
        with monkeypatch.context() as patched, pytest.raises(Stopped):
            stop(patched, epoch)
            fit(path, settings, epochs=2)
        saved = (epoch - 1) // 2 * 2
        assert path.exists() == (saved > 0)
        capsys.readouterr()
        assert_same(fit(path, settings, epochs=2), whole)
        said = capsys.readouterr().err
        assert (f"t: goes on after epoch {saved}, from {path}\n" in said) == (saved > 0)
        assert f"t: {last - saved} epochs in " in said
        assert not path.exists() or read_store(path).attrs["epoch"] < last, "from its end nothing could go on"


def test_a_training_that_was_killed_goes_on(tmp_path):
    """By SIGKILL, in the fourth epoch; the third is in the file."""
    path = tmp_path / "checkpoint.h5"
    child = "import os, signal, pytest, test_resume as t\n"
    child += "kill = lambda: os.kill(os.getpid(), signal.SIGKILL)\n"
    child += f"t.stop(pytest.MonkeyPatch(), 4, kill)\nt.fit(t.Path({str(path)!r}))"
    killed = subprocess.run([sys.executable, "-c", child], cwd=Path(__file__).parent, timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert read_store(path, "training").attrs["epoch"] == 3
    assert_same(fit(path), fit())


def test_stopped_again_and_again_it_still_ends_as_one_that_never_was(tmp_path, monkeypatch):
    for _ in range(SETTINGS.epochs - 1):
        with monkeypatch.context() as patched, pytest.raises(Stopped):
            stop(patched, 2)
            fit(tmp_path / "c.h5")
    kept = store(tmp_path / "c.h5")
    parts = ROWS[:10], ROWS[10:], Architecture(), SETTINGS, "lwln"
    assert_same(train_autoencoder(*parts, root_seed=0, purpose="t", store=kept), fit())
    assert kept.resumed == [1, 2, 3, 4, 5] and kept.device == "a CPU"


@pytest.fixture
def saved(tmp_path, monkeypatch) -> Path:
    """Stopped in its fourth epoch."""
    with monkeypatch.context() as patched, pytest.raises(Stopped):
        stop(patched, 4)
        fit(tmp_path / "c.h5")
    return tmp_path / "c.h5"


def changed_rows(place: int) -> np.ndarray:
    rows = ROWS.copy()
    rows[place, 0] = np.nextafter(rows[place, 0], 1)
    return rows


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        (
            {"settings": SETTINGS.model_copy(update={"learning_rate": 2e-3})},
            "hyperrep.learning_rate was 0.001, is 0.002",
        ),
        ({"loss": "plain"}, "loss was lwln, is plain"),
        ({"seed": 3}, "seed was 0, is 3"),
        ({"rows": changed_rows(9)}, "the zoo's training rows"),
        ({"rows": changed_rows(10)}, "the zoo's validation rows"),
        ({"code": {**CODE, "hyperpipe.new": "d"}}, "code of hyperpipe.new"),
        ({"code": {"hyperpipe.hyperrep.train": "b"}, "seed": 1}, "code of hyperpipe.hyperrep.train; seed was 0, is 1"),
    ],
)
def test_what_another_training_has_saved_is_refused_with_what_differs(saved, changes, differs):
    before = saved.read_bytes()
    with pytest.raises(HyperpipeError) as refused:
        fit(saved, **changes)
    said = f"{saved}: saved by another training, what differs: {differs}; delete it to train anew"
    assert str(refused.value) == said and saved.read_bytes() == before


def test_what_another_torch_has_saved_is_refused(saved, monkeypatch):
    was = str(torch.__version__)
    monkeypatch.setattr(torch, "__version__", "9.9")
    with pytest.raises(HyperpipeError, match=re.escape(f"differs: torch was {was}, is 9.9;")):
        fit(saved)


def test_a_damaged_checkpoint_is_refused(saved):
    data = bytearray(saved.read_bytes())
    data[len(data) // 2] ^= 1
    saved.write_bytes(data)
    with pytest.raises(HyperpipeError, match=r"c\.h5: damaged .*; delete it and make it anew"):
        fit(saved)


def test_another_device_goes_on_and_is_named(saved):
    parts = ROWS[:10], ROWS[10:], Architecture(), SETTINGS, "lwln"
    kept = store(saved, device="a GPU")
    train_autoencoder(*parts, root_seed=0, purpose="t", store=kept)
    assert kept.device == "a CPU, from epoch 4 on a GPU" and kept.resumed == [3]


@pytest.mark.parametrize("saving", ["5", "0 epochs", "an hour", "5 hours", "-1 minutes", "1.5 minutes"])
def test_how_often_is_in_minutes_or_epochs(saving):
    with pytest.raises(HyperpipeError, match=f"saving: '{saving}' is refused, it must be like 10 minutes or 50 epochs"):
        TrainingStore(None, saving)
    config = yaml.safe_load(TINY.read_text())
    config["hyperrep"]["saving"] = saving
    with pytest.raises(HyperpipeError, match=f"hyperrep.saving: '{saving}' is refused, it must be like 10 minutes"):
        load_config(config)


def test_it_is_saved_after_so_many_minutes(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    timed = TrainingStore(tmp_path / "c.h5", "2 minutes")
    assert not timed.due(1)
    clock[0] = 119.0
    assert not timed.due(2)
    clock[0] = 120.0
    assert timed.due(3) and not TrainingStore(None, "1 epoch").due(3)
    parts = ROWS[:10], ROWS[10:], Architecture(), SETTINGS, "lwln"
    train_autoencoder(*parts, root_seed=0, purpose="t", store=timed)
    assert timed.epoch == 1 and not timed.due(6)
    clock[0] = 240.0
    assert timed.due(6)


def failing(monkeypatch, how) -> None:
    """`how`, of an autoencoder and its losses, from the fifth epoch on."""
    calls = iter(range(1, 1000))
    losses = training.batch_losses

    def changed(autoencoder, *arguments):
        found = losses(autoencoder, *arguments)
        return how(autoencoder, found) if next(calls) > 8 else found

    monkeypatch.setattr(training, "batch_losses", changed)


def test_a_loss_that_is_not_finite_names_the_epoch_and_the_last_good_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "c.h5"
    failing(monkeypatch, lambda _, losses: tuple(part * float("nan") for part in losses))
    with pytest.raises(HyperpipeError) as stopped:
        fit(path, epochs=3)
    said = f"training loss nan in epoch 5; the last good checkpoint is of epoch 3, {path}"
    assert str(stopped.value) == f"t: {said}; lower hyperrep.learning_rate and delete it"
    assert read_store(path, "training").attrs["epoch"] == 3


def test_weights_that_are_not_finite_are_never_saved(tmp_path, monkeypatch):
    def poison(autoencoder, losses):
        autoencoder.bottleneck.bias.data[0] = float("nan")  # the losses are those of before
        return losses

    failing(monkeypatch, poison)
    monkeypatch.setattr(torch.optim.Adam, "step", lambda *_: None)
    one_update = SETTINGS.model_copy(update={"batch_size": 10, "check_every": 20, "epochs": 20})
    with pytest.raises(
        HyperpipeError, match=r"t: largest weight nan in epoch 9; the last good checkpoint is of epoch 8"
    ):
        fit(tmp_path / "c.h5", one_update)


def hyperrep_job(run: Path, directory: Path, epochs: int) -> tuple[Record, list[str]]:
    """The record of a training of the tiny run, and the arguments of one that is longer and saves each epoch."""
    record = Record.model_validate_json((run / (OUTPUTS["hyperrep"] + SUFFIX)).read_text())
    for file in record.inputs:
        (directory / file.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(run / file.path, directory / file.path)
    arguments = list(record.arguments)
    config = record.config | {"hyperrep": record.config["hyperrep"] | {"epochs": epochs}}
    arguments[arguments.index("--config") + 1] = json.dumps(config)
    arguments[arguments.index("--saving") + 1] = "1 epoch"
    return record, arguments


CHECKPOINT = "results/hyperreps/digits/lwln/checkpoint.h5"


def test_the_stage_refuses_what_another_one_saved_goes_on_and_leaves_no_checkpoint(run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    record, arguments = hyperrep_job(run, tmp_path, 3)
    assert arguments[arguments.index("--checkpoint") + 1] == CHECKPOINT and not (run / CHECKPOINT).exists()
    with monkeypatch.context() as patched, pytest.raises(Stopped):
        stop(patched, 3)
        app(arguments, standalone_mode=False)
    capsys.readouterr()
    said = f"hyperpipe: {CHECKPOINT}: saved by another training, what differs: hyperrep.epochs was 3, is 4; delete it"
    with monkeypatch.context() as patched:
        patched.setattr("hyperpipe.stages.hyperrep.print", lambda *_, **__: None, raising=False)
        assert call(hyperrep_job(run, tmp_path, 4)[1], monkeypatch, capsys).startswith(said)
    Path(CHECKPOINT + ".0a1b2c3d.part").write_text("a write that was cut off")
    app(arguments, standalone_mode=False)
    assert not list(tmp_path.rglob("checkpoint*"))
    again = Record.model_validate_json(Path(OUTPUTS["hyperrep"] + SUFFIX).read_text())
    assert again.notes == record.notes | {"resumed": "after epoch 2"}
    assert [file.content for file in again.outputs] == [file.content for file in record.outputs]


def test_how_often_it_is_saved_runs_nothing_again(run, tmp_path):
    config = yaml.safe_load(TINY.read_text())
    config["hyperrep"]["saving"] = "7 epochs"
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    done = snakemake("-n", directory=run, config=tmp_path / "config.yaml")
    assert "Nothing to be done" in done.stdout, done.stdout
    done = snakemake("-np", "--force", OUTPUTS["hyperrep"], directory=run, config=tmp_path / "config.yaml")
    assert f"--checkpoint {CHECKPOINT} --saving '7 epochs'" in done.stdout


@pytest.mark.long
def test_killed_at_random_points_the_stage_ends_as_one_that_never_was(run, tmp_path):
    """Some 20 kills by SIGKILL, while it starts, trains, saves and writes what comes of it."""
    contents = []
    for name, seconds in (("whole", None), ("killed", (4.0, 7.0))):
        arguments = hyperrep_job(run, tmp_path / name, 200)[1]
        command = [sys.executable, "-m", "hyperpipe", *arguments]
        kills = 0
        while True:
            child = subprocess.Popen(command, cwd=tmp_path / name, stderr=subprocess.DEVNULL)
            try:
                assert child.wait(seconds and random.uniform(*seconds)) == 0
                break
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                kills += 1
        contents.append(content_hash(tmp_path / name / OUTPUTS["hyperrep"]))
        assert not list((tmp_path / name).rglob("checkpoint*"))
        print(f"{name}: killed {kills} times")
    assert kills > 2 and contents[0] == contents[1]


@pytest.mark.long
def test_a_run_of_the_workflow_that_was_killed_goes_on(tmp_path):
    config = yaml.safe_load(TINY.read_text())
    config["hyperrep"] |= {"epochs": 300, "saving": "1 epoch"}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    store = OUTPUTS["hyperrep"]
    for name in ("whole", "killed"):
        words = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2"]
        words += ["--configfile", str(tmp_path / "config.yaml"), "--directory", str(tmp_path / name), "--", store]
        if name == "killed":
            child = subprocess.Popen(words, cwd=ROOT, start_new_session=True, stderr=subprocess.DEVNULL)
            while not (tmp_path / name / CHECKPOINT).exists():
                assert child.poll() is None
                time.sleep(0.1)
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            subprocess.run([*words[:-2], "--unlock"], cwd=ROOT, check=True, capture_output=True, timeout=60)
        subprocess.run(words, cwd=ROOT, check=True, capture_output=True, timeout=250)
    whole, killed = (
        Record.model_validate_json((tmp_path / name / (store + SUFFIX)).read_text()) for name in ("whole", "killed")
    )
    assert "resumed" in killed.notes and "resumed" not in whole.notes
    assert [file.content for file in killed.outputs] == [file.content for file in whole.outputs]
