"""The studies run, and compare what they say they compare."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hyperpipe.store import read_table, write_table

STUDIES = Path(__file__).resolve().parents[1] / "studies"


@pytest.mark.long
def test_reach(run, tmp_path):
    """The study of how far sampling among aligned weights reaches, on a zoo of the tiny run."""
    results, output = run / "results", tmp_path / "printed.parquet"
    arguments = [results / "zoos/printed/zoo.h5", results / "images/printed.h5", output]
    arguments += ["--target", results / "images/digits.h5", "--networks", "3", "--epochs", "1"]
    _python("reach.py", *arguments)
    found = read_table(output)
    cases = found.drop_duplicates(["target", "rate", "networks", "group", "signs"])
    assert len(cases) == 2 * 2 + 1 + 1  # data sets and rates; orders alone; three networks
    kept = found[found.signs & (found.networks != 3)].assign(std=-1.0)  # a mark: what is measured again loses it
    write_table(output, kept)
    _python("reach.py", *arguments, "--resume")
    assert read_table(output).equals(pd.concat([kept, found.drop(kept.index)], ignore_index=True))
    rows = found.drop_duplicates("sampler").set_index("sampler")
    for noise in (0, 0.75, 1.5, 2.3, 3.5):
        at = [rows.cosine[f"length_{length}_noise {noise:g}"] for length in (1, 0.5, 0.25)]
        assert np.ptp(at) < 1e-5  # a cosine does not see how long a network is
        assert at[0] == pytest.approx(1 / np.sqrt(1 + noise**2), abs=0.05)
    alone = [rows.cosine[f"noise × {length:g}"] for length in (1, 0.5, 0.25)]
    assert np.ptp(alone) < 1e-5
    newer = [rows.cosine[name] for name in ("aligned 0", "mean_noise 1", "mean_noise 2")]
    assert newer == sorted(newer, reverse=True)
    start = found[(found.epoch == 0) & (found.target == "printed") & (found.sampler == "length_1_noise 0")]
    assert start["mean"].nunique() == 1  # neither rate has changed anything yet
    page = _python("reach_tables.py", output)
    assert page.count("### ") == 4 and "nan" not in page
    over = [f" {kind} {epoch} " for kind in ("init", "noise", "copy") for epoch in ("1", "last")]
    assert all(head in page for head in over)


@pytest.mark.long
def test_flow(run, tmp_path):
    """The study of a learned density, beside what is simple around a mean."""
    results, output = run / "results", tmp_path / "flow.parquet"
    options = ["--networks", "5", "--updates", "1", "--updates", "30", "--epochs", "1"]
    page = _python("flow.py", results / "zoos/printed/zoo.h5", results / "images/printed.h5", output, *options)
    found = read_table(output)
    rows = found.drop_duplicates("sampler").set_index("sampler")
    assert rows.index.str.startswith("flow").sum() == 3 * 2 * 2  # widths of the source, trainings, widths of draws
    assert rows.cosine["towards 1"] == pytest.approx(1)
    dial = rows.cosine[["towards 1", "towards 0.75", "towards 0.5", "towards 0.25", "aligned 0"]]
    assert dial.is_monotonic_decreasing
    heads, _, *lines = ([cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines())
    gains = pd.DataFrame(lines, columns=heads).set_index("Population")
    for name, dial in (("Gaussian", "aligned"), ("white", "white"), ("noise", "mean_noise"), ("noise", "towards")):
        of_itself = gains.loc[gains.index.str.startswith(dial), f"{name} 1"].str.partition(" ")[0].astype(float)
        assert (of_itself <= 0).all(), "no dial is better than itself"
    assert gains.loc["mean_noise 3", "noise 1"].startswith("+0.0 ±")
    assert "nan" not in page


def _python(script: str, *arguments: str | Path) -> str:
    command = [sys.executable, STUDIES / script, *arguments]
    return subprocess.run(command, check=True, timeout=300, capture_output=True, text=True).stdout
