"""Whether results are still what their records say, from a table down to the images.

Each file is looked at once and hashed a piece at a time. A break is named where it is; what rests on it is counted, not
listed. Paths are as in the records, as seen from the run's directory, in which this runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from hyperpipe.errors import HyperpipeError
from hyperpipe.places import located
from hyperpipe.provenance.identity import code_modules
from hyperpipe.provenance.record import SUFFIX, File, Input, Record, is_sealed, read_record, record_hash
from hyperpipe.store import bytes_hash, content_hash

_NO_RESULTS = ("logs", "benchmarks")  # folders of results/ whose files are about the run
_UNFINISHED = (".part", ".lock", "checkpoint.h5")  # how the names of files end that no rule has made yet


@dataclass(frozen=True)
class Finding:
    """path: the file at which it was found. link: ``file``, ``record``, ``input``, ``raw`` or ``code``.
    broken: else it is good to know."""

    path: str
    link: str
    what: str
    broken: bool = True


@dataclass
class Audit:
    """records, findings: of each file that was looked at, its record where that could be read and what was found.
    raw: the files from outside the workflow that were read.
    """

    records: dict[str, Record | None] = field(default_factory=dict)
    findings: dict[str, list[Finding]] = field(default_factory=dict)
    raw: set[str] = field(default_factory=set)

    @property
    def all_findings(self) -> list[Finding]:
        return [finding for of_file in self.findings.values() for finding in of_file]

    @property
    def holds(self) -> bool:
        return not any(finding.broken for finding in self.all_findings)

    def broken(self) -> tuple[set[str], set[str]]:
        """The files at which something is broken, and those where that is so of what they were made of."""
        at = {finding.path for finding in self.all_findings if finding.broken}
        bad, more = set(at), at
        while more:
            records = {path: record for path, record in self.records.items() if record and path not in bad}
            more = {path for path, record in records.items() if any(file.path in bad for file in record.inputs)}
            bad |= more
        return at, bad - at


def results_below(folder: Path) -> list[str]:
    """The files below a folder that have a record or, being results, should have one."""
    found = set()
    for path in folder.rglob("*"):
        result = path.parts[0] == "results" and path.parts[1] not in _NO_RESULTS and path.is_file()
        if path.name.endswith(SUFFIX) or (result and not path.name.endswith(_UNFINISHED)):
            found.add(str(path).removesuffix(SUFFIX))
    return sorted(found)


def audit(paths: Iterable[str], looked: Callable[[], None] = lambda: None) -> Audit:
    """Checks these files, what they were made of, and so on. looked: is called after each file."""
    done, files, waiting = Audit(), _Files(), list(paths)[::-1]
    while waiting:
        path = waiting.pop()
        if path in done.findings:
            continue
        record, found = files.itself(path)
        done.records[path], done.findings[path] = record, list(found)
        if record is not None:
            done.findings[path] += [*files.links(path, record), *_raw(path, record), *_code(path, record)]
            done.raw.update(file.path for file in record.raw)
            waiting += [file.path for file in record.inputs if file.record is not None]
        looked()
    return done


class _Files:
    """What files are now, each read once."""

    def __init__(self) -> None:
        self._contents: dict[str, str | None] = {}
        self._selves: dict[str, tuple[Record | None, list[Finding]]] = {}

    def itself(self, path: str) -> tuple[Record | None, list[Finding]]:
        """A file's record, and how the two fit together."""
        if path not in self._selves:
            self._selves[path] = self._itself(path)
        return self._selves[path]

    def _itself(self, path: str) -> tuple[Record | None, list[Finding]]:
        content = self._content(path)
        found = [Finding(path, "file", "is missing")] if content is None else []
        try:
            record = read_record(path)
        except HyperpipeError as error:
            return None, [*found, Finding(path, "record", _bare(error, path + SUFFIX))]
        if record.output.path != path:
            return None, [*found, Finding(path, "record", f"is that of {record.output.path}")]
        if not is_sealed(record):
            found.append(Finding(path, "record", "has been edited"))
        if content not in (None, record.output.content):
            found.append(Finding(path, "file", f"has changed since it was made, {record.ended}{self._damage(path)}"))
        return record, found

    def links(self, path: str, record: Record) -> list[Finding]:
        """What a file was made of against what that is now; what is wrong with the other file alone is not told."""
        return [finding for file in record.inputs if (finding := self._link(path, record, file))]

    def _link(self, path: str, record: Record, file: Input) -> Finding | None:
        if file.record is None:
            now = self._content(file.path)
            what = "is missing" if now is None else "has changed since it was read"
            return None if now == file.content else Finding(path, "input", f"{file.path} {what}")
        its, found = self.itself(file.path)
        if its is None or found:
            return None
        made_again = its.started >= record.started
        if its.output.content != file.content:
            what = "is newer, and another" if made_again else "is not the one that it was made of"
            return Finding(path, "input", f"{file.path} {what}")
        if record_hash(file.path) == file.record:
            return None
        if made_again:
            said = f"{file.path} was made again since, {its.ended}, and is the same"
            return Finding(path, "input", said, broken=False)
        return Finding(path, "input", f"the record of {file.path} is not the one that it had")

    def _content(self, path: str) -> str | None:
        """The hash of a file's content, what is wrong where that cannot be read, None where there is no file."""
        if path not in self._contents:
            try:
                place = located(path)
                self._contents[path] = content_hash(place) if place.is_file() else None
            except HyperpipeError as error:
                self._contents[path] = _bare(error, path)
        return self._contents[path]

    def _damage(self, path: str) -> str:
        content = self._content(path) or ""
        return f": {content}" if " " in content else ""


def raw_changes(record: Record) -> list[tuple[File, str | None]]:
    """The files from outside that are no longer what a stage has read, each with its hash now, if it is there."""
    changes = []
    for file in record.raw:
        place = located(file.path)
        now = bytes_hash(place) if place.is_file() else None
        if now != file.content:
            changes.append((file, now))
    return changes


def code_changes(record: Record, stage: str) -> list[tuple[str, str, str]]:
    """The modules of a stage that are not as recorded: name, hash then and now, each empty where it does not use it.

    Raises HyperpipeError where there is no such stage.
    """
    now = code_modules(f"hyperpipe.stages.{stage.replace('-', '_')}")
    names = sorted(name for name in now.keys() | record.code.keys() if now.get(name) != record.code.get(name))
    return [(name, record.code.get(name, ""), now.get(name, "")) for name in names]


def _raw(path: str, record: Record) -> list[Finding]:
    return [
        Finding(path, "raw", f"{file.path} {'has changed since it was read' if now else 'is not there'}")
        for file, now in raw_changes(record)
    ]


def _code(path: str, record: Record) -> list[Finding]:
    try:
        other = [name for name, _, _ in code_changes(record, record.stage)]
    except HyperpipeError:
        return [Finding(path, "code", f"there is no stage {record.stage} any more")]
    return [Finding(path, "code", "has changed since, in " + ", ".join(other))] if other else []


def _bare(error: HyperpipeError, path: str) -> str:
    """What an error says, without the path that it begins with and what to do."""
    return str(error).removeprefix(f"{path}: ").split(";")[0]
