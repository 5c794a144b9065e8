"""What a run takes, as a table."""

from __future__ import annotations

import math

import pandas as pd
from tabulate import tabulate

from hyperpipe.config import Config
from hyperpipe.cost.jobs import UNITS, Job, jobs


def cost_table(config: Config) -> str:
    """Markdown, a line a stage that has any: its jobs, their work, its operations, how long all and the longest take on
    a core."""
    found = jobs(config)
    of_stages = {stage: [job for job in found if job.stage == stage] for stage in UNITS}
    rows = [_row(stage, of_stage, UNITS[stage]) for stage, of_stage in of_stages.items() if of_stage]
    rows.append(_row("all", found, None))
    head = ["Stage", "Jobs", "Work", "PFLOP", "On a core", "Longest job"]
    return tabulate(rows, head, tablefmt="pipe", colalign=("left", *["right"] * 5), disable_numparse=True)


def _row(stage: str, found: list[Job], unit: str | None) -> list[str]:
    frame = pd.DataFrame(found)
    flop = frame.flop.sum(min_count=1)
    return [
        stage,
        f"{len(found)}",
        f"{frame['count'].sum():,} {unit}" if unit else "",
        "" if math.isnan(flop) else _figures(flop / 1e15),
        _time(frame.seconds.sum()),
        _time(frame.seconds.max()),
    ]


def _figures(number: float) -> str:
    """Three of them, and no power of ten."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _time(seconds: float) -> str:
    """In the unit that a person would say it in."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 10 else f"{hours:,.0f} h"
