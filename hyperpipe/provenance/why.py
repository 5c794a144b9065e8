"""What would make a file run again: of each job that leads to it, how it differs from what its record says.

Content decides, as for Snakemake: a file that is only newer makes nothing run. What else a number may depend on, other
versions of packages, changed files from outside, is told and makes nothing run either.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hyperpipe.errors import HyperpipeError
from hyperpipe.places import located, shown, with_places_shown
from hyperpipe.provenance import surroundings
from hyperpipe.provenance.audit import code_changes, raw_changes
from hyperpipe.provenance.plan import Job
from hyperpipe.provenance.record import SUFFIX, Record, read_record
from hyperpipe.store import content_hash

_OF_THE_GPU = {"cuda", "cuda driver"}  # versions that are recorded only where a GPU was in use
_MISSING, _UNREADABLE = "missing", "unreadable"


@dataclass(frozen=True)
class Difference:
    """kind: ``config``, ``code``, ``input``, ``file``, ``record``, ``version`` or ``raw``.
    what: the key, module, path or package. then, now: JSON, hashes or versions; empty where there is none.
    runs: whether it makes the job run again by itself.
    """

    kind: str
    what: str
    then: str
    now: str
    runs: bool = True


@dataclass(frozen=True)
class Reason:
    """What there is to say of a job: how it differs, and whether it would run, for that or for what it reads."""

    job: Job
    differences: tuple[Difference, ...]
    runs: bool

    @property
    def differs(self) -> bool:
        return any(difference.runs for difference in self.differences)


def why(path: str, jobs: list[Job]) -> list[Reason]:
    """Of each job that leads to a file, its own first (plan.jobs_for), whether it would run again and why.

    A job runs for what differs, for what it reads where that is made again, and where what it makes is missing for
    one that runs or is the file itself.
    """
    found = [_differences(job) for job in jobs]
    missing = {one.what for of_job in found for one in of_job if one.kind == "file"}
    makers = {file: number for number, job in enumerate(jobs) for file in job.outputs}
    reads = [(reader, file) for reader, job in enumerate(jobs) for file in job.inputs if file in makers]
    wanted, runs = {path}, set[int]()
    while True:
        wanted |= {file for reader, file in reads if reader in runs}
        lacking = wanted & missing
        found = [[replace(one, runs=one.runs or one.what in lacking) for one in of_job] for of_job in found]
        more = {number for number, of_job in enumerate(found) if any(one.runs for one in of_job)}
        more |= {reader for reader, file in reads if makers[file] in runs}
        if more <= runs:
            answers = zip(jobs, found, strict=True)
            return [Reason(job, tuple(of_job), number in runs) for number, (job, of_job) in enumerate(answers)]
        runs |= more


def _differences(job: Job) -> list[Difference]:
    """Between a job as the workflow would call it now and the records of its outputs."""
    found, records = [], []
    for path in job.outputs:
        if not Path(path).exists():
            found.append(Difference("file", path, "", _MISSING, runs=False))
        try:
            records.append(read_record(path))
        except HyperpipeError:
            if Path(path).exists():
                said = _UNREADABLE if Path(path + SUFFIX).exists() else _MISSING
                found.append(Difference("record", path + SUFFIX, "", said, runs=False))
    if not records:
        return found
    record = records[0]
    return [
        *found,
        *_config(record, job),
        *(Difference("code", *change) for change in code_changes(record, job.stage)),
        *_inputs(record, job),
        *_told(record),
    ]


def _config(record: Record, job: Job) -> list[Difference]:
    then, now = flat(record.config), flat(with_places_shown(json.loads(job.options["config"])))
    return [Difference("config", key, then.get(key, ""), now.get(key, "")) for key in _changed(then, now)]


def _inputs(record: Record, job: Job) -> Iterator[Difference]:
    """Only what is newer is hashed: a zoo of 50 GB is read where Snakemake would read it too."""
    then, now = {file.path: file.content for file in record.inputs}, list(map(shown, job.inputs))
    for path in dict.fromkeys([*then, *now]):
        if path not in now:
            yield Difference("input", path, then.get(path, ""), "")
        elif path not in then:
            yield Difference("input", path, "", "new")
        elif (place := located(path)).exists() and _is_newer(place, record):
            content = _content(place)
            if content != then[path]:
                yield Difference("input", path, then[path], content)


def _content(path: Path) -> str:
    try:
        return content_hash(path)
    except HyperpipeError:
        return _UNREADABLE


def _is_newer(path: Path, record: Record) -> bool:
    made = Path(record.output.path)
    return not made.exists() or path.stat().st_mtime > made.stat().st_mtime


def _told(record: Record) -> Iterator[Difference]:
    then, now = {k: v for k, v in record.versions.items() if k not in _OF_THE_GPU}, surroundings.versions()
    for name in _changed(then, now):
        yield Difference("version", name, then.get(name, ""), now.get(name, ""), runs=False)
    for file, content in raw_changes(record):
        yield Difference("raw", file.path, file.content, content or _MISSING, runs=False)


def _changed(then: dict[str, str], now: dict[str, str]) -> list[str]:
    return [key for key in dict.fromkeys([*then, *now]) if then.get(key) != now.get(key)]


def flat(config: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """The keys of a configuration, ``recipe.learning_rate``: ``0.003``, each value as JSON."""
    found = {}
    for name, value in config.items():
        inner = isinstance(value, dict) and value
        found |= flat(value, f"{prefix}{name}.") if inner else {prefix + name: json.dumps(value, sort_keys=True)}
    return found
