from __future__ import annotations

import os
import re
import sys

import pytest

from hyperpipe import progress


def work(stream, monkeypatch) -> None:
    """300 units in steps at 0, 60, 240 and 300 s, as the clock has it."""
    clock = iter([0.0, 0.0, 60.0, 240.0, 300.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(sys, "stderr", stream)
    with progress.Progress("zoo", 300, "images") as shown:
        shown.advance(0)
        shown.advance(100, "epoch 1")
        shown.advance(140)
        monkeypatch.setattr(progress.time, "monotonic", lambda: 300.0)
        shown.advance(60)


def test_a_log_has_plain_lines_with_share_time_left_and_rate(tmp_path, monkeypatch):
    with (tmp_path / "log").open("w") as stream:
        work(stream, monkeypatch)
    assert (tmp_path / "log").read_text().splitlines() == [
        "zoo: 33%, 2 min left, 1.7 images/s, epoch 1",
        "zoo: 80%, 60 s left, 1 images/s",
        "zoo: 100%, 0 s left, 1 images/s",
        "zoo: 300 images in 300.0 s, 1 images/s",
    ]


def test_what_was_done_before_says_nothing_of_the_rate(monkeypatch, capsys):
    clock = iter([0.0, 60.0, 60.0, 60.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress.Progress("zoo", 300, "images", before=200) as shown:
        shown.advance(20)
    said = capsys.readouterr().err.splitlines()
    assert said == ["zoo: 73%, 4 min left, 0.33 images/s", "zoo: 20 images in 60.0 s, 0.33 images/s"]


def test_a_terminal_has_a_bar(monkeypatch):
    parent, child = os.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with os.fdopen(child, "w") as stream:
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stderr", stream)
            with progress.Progress("zoo", 300, "images") as shown:
                shown.advance(300, "epoch 1")
        print("the end", file=stream, flush=True)
        seen = b""
        while b"the end" not in seen:  # a terminal hands over what has arrived so far
            seen += os.read(parent, 100_000)
    os.close(parent)
    assert re.search(r"━.*zoo: 100%, 0 s left, [\d,.e+]+ images/s, epoch 1", seen.decode())


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (119, "119 s"), (150, "2 min"), (7000, "117 min"), (11100, "3 h 05 min")]
)
def test_durations_are_said_as_people_do(seconds, said):
    assert progress._duration(seconds) == said
