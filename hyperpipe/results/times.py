"""How long each stage took, from what Snakemake measured, and how much of that its records took."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from hyperpipe.errors import HyperpipeError
from hyperpipe.provenance.record import SUFFIX, read_record


def times(folder: str | Path) -> str:
    """A Markdown table: per stage the jobs, their seconds and the largest memory of one, last runs only; then the share
    of records, which lie beside the results that the folder's parent holds.

    folder: with the benchmarks of a run, ``.jsonl``. Raises HyperpipeError where there are none or one is damaged.
    """
    paths = sorted(Path(folder).rglob("*.jsonl"))
    if not paths:
        raise HyperpipeError(f"{folder}: there are no benchmarks; run the workflow, then name its results/benchmarks")
    jobs = pd.DataFrame([_measured(path) for path in paths])
    stages = jobs.groupby("Stage", sort=False).agg(
        Jobs=("seconds", "size"),
        Seconds=("seconds", "sum"),
        Longest=("seconds", "max"),
        Memory=("megabytes", "max"),
    )
    stages = stages.sort_values("Seconds", ascending=False).reset_index()
    total = [("all", len(jobs), jobs.seconds.sum(), jobs.seconds.max(), jobs.megabytes.max())]
    table = pd.concat([stages, pd.DataFrame(total, columns=stages.columns)])
    for column in ("Seconds", "Longest"):
        table[column] = table[column].map("{:.0f}".format)
    table["Memory"] = table["Memory"].map("{:.0f} MB".format)
    page = table.to_markdown(index=False, disable_numparse=True)
    recorded = _recording(Path(folder).parent)
    if not recorded:
        return page
    share = sum(recorded) / jobs.seconds.sum()
    return f"{page}\n\nHashing and records: {sum(recorded):.1f} s, {share:.1%}, by the records of {len(recorded)} jobs."


def _recording(results: Path) -> list[float]:
    """What each job's records took, in seconds, as they say it."""
    records = [read_record(str(path).removesuffix(SUFFIX)) for path in sorted(results.rglob(f"*{SUFFIX}"))]
    return list({record.outputs[0].path: record.recording_seconds for record in records}.values())


def _measured(path: Path) -> dict[str, str | float]:
    try:
        found = json.loads(path.read_text().splitlines()[-1])
        return {"Stage": found["rule_name"], "seconds": float(found["s"]), "megabytes": float(found["max_rss"] or 0)}
    except (OSError, ValueError, LookupError, TypeError):
        raise HyperpipeError(f"{path}: no benchmark of an extended form; delete it and run its stage anew") from None
