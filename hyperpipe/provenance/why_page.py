"""What would make a file run again, as a person or a program reads it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from hyperpipe.provenance.why import Difference, Reason

_LONG = 40  # characters of a value that a person compares
_HASH = 64
_NAMED = 2  # files beside a difference, before they are counted


def why_page(path: str, reasons: list[Reason]) -> str:
    """Markdown: a row a difference with the files whose jobs it concerns, and a last line that says what would run."""
    parts = []
    for title, kept in (("Runs again", True), ("Differs, and makes nothing run", False)):
        concerned: dict[Difference, list[str]] = {}
        for reason in reasons:
            for difference in reason.differences:
                if difference.runs == kept:
                    concerned.setdefault(difference, []).append(reason.job.outputs[0])
        rows = [(d.kind, d.what, _short(d.then), _short(d.now), _named(files)) for d, files in concerned.items()]
        if rows:
            frame = pd.DataFrame(rows, columns=["", "What", "Then", "Now", title])
            parts.append(frame.to_markdown(index=False, disable_numparse=True))
    return "\n\n".join([*parts, f"{_verdict(path, reasons)} {_plan(reasons)}"])


def why_facts(path: str, reasons: list[Reason]) -> dict[str, Any]:
    """For programs: whether it runs again, and of each job that leads to it the same, what differs, and whether
    Snakemake plans it."""
    jobs = [
        {
            "outputs": reason.job.outputs,
            "stage": reason.job.stage,
            "runs": reason.runs,
            "planned": reason.job.planned,
            "differences": [vars(difference) for difference in reason.differences],
        }
        for reason in reasons
    ]
    return {"path": path, "runs": reasons[0].runs, "jobs": jobs}


def _verdict(path: str, reasons: list[Reason]) -> str:
    runs, differ = sum(reason.runs for reason in reasons), sum(reason.differs for reason in reasons)
    if not runs:
        return f"{path} is what this code and these settings make."
    rest = f", {runs - differ} rest on these" if runs > differ else ""
    return f"{path} would run again: of {len(reasons)} jobs, {differ} differ{rest}."


def _plan(reasons: list[Reason]) -> str:
    """Snakemake goes by what it keeps in .snakemake/, not by records, so that the two can differ."""
    planned = sum(reason.job.planned for reason in reasons)
    unseen = [reason.job.outputs[0] for reason in reasons if reason.differs and not reason.job.planned]
    more = [reason.job.outputs[0] for reason in reasons if reason.job.planned and not reason.runs]
    if not unseen and not more:
        return "Snakemake plans the same." if planned else "Snakemake plans nothing to run."
    said = [f"Snakemake plans {planned}."]
    if unseen:
        said.append(f"By its .snakemake/ it does not see why {_named(unseen)}; --forcerun with their names makes them.")
    if more:
        said.append(f"By its .snakemake/ it would make {_named(more)} too; --touch has it take them as they are.")
    return " ".join(said)


def _short(value: str) -> str:
    if len(value) == _HASH and not value.strip("0123456789abcdef"):
        return value[:8]
    return value if len(value) <= _LONG else value[:_LONG] + "…"


def _named(files: list[str]) -> str:
    more = len(files) - _NAMED
    return ", ".join(files[:_NAMED]) + (f", {more} more" if more > 0 else "")
