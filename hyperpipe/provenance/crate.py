"""A run as a folder that can be deposited with a paper: a Workflow Run RO-Crate, Provenance Run Crate profile 0.5.

In it are a file of results, all that it comes from, their records, the workflow with its code, and the whole
configuration; so that whoever has it can audit the results and make them again. Image files and fonts are not in it;
they are named, with their hashes.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatch
from pathlib import Path, PurePath

import yaml

from hyperpipe.config_file import read_config
from hyperpipe.errors import HyperpipeError, brief
from hyperpipe.places import with_places_shown
from hyperpipe.progress import Progress
from hyperpipe.provenance.audit import audit
from hyperpipe.provenance.explain import lineage
from hyperpipe.provenance.identity import ROOT
from hyperpipe.provenance.plan import jobs_for
from hyperpipe.provenance.record import SUFFIX, Record, read_record
from hyperpipe.provenance.why import why

WORKFLOW, CONFIG, README, SOFTWARE = "Snakefile", "config.yaml", "README.md", "hyperpipe.md"
# Of the checkout: what a run needs, and what says how. Profiles stay, as they may name accounts.
_CODE = (WORKFLOW, "Makefile", "LICENSE", "pyproject.toml", "workflow", "hyperpipe", "envs", "docs")
_AUTHOR = re.compile(r"(?P<name>[^<>]*[^<>\s])(?: <(?P<address>[a-z]+:[^<>\s]+)>)?")
_LICENCE = re.compile(r"https?://\S+|[A-Za-z0-9][A-Za-z0-9.+-]*")
_LONG = 40  # characters of a value that an error says
_KINDS = {"", ".py", ".smk", ".yaml", ".toml", ".txt", ".md", ".png", ".cpp", ".h", ".cu", ".cuh"}


@dataclass(frozen=True)
class Deposit:
    """What is said of a crate that no record knows. Raises HyperpipeError where an author or a licence is none.

    licence: as SPDX names it, or its address. authors: names, each with an address after it where there is one,
    ``Ada Lovelace <https://orcid.org/…>``. left_out: patterns of paths; these files are named and not copied.
    """

    licence: str
    title: str = "Populations of neural networks and hyper-representations of them"
    authors: Sequence[str] = ()
    left_out: Sequence[str] = ()
    published: str = field(default_factory=lambda: date.today().isoformat())

    def __post_init__(self) -> None:
        if not _LICENCE.fullmatch(self.licence):
            said = "is no licence; name one as SPDX does, CC-BY-4.0, or by its address"
            raise HyperpipeError(f"--license {self.licence!r}: {said}")
        for author in self.authors:
            if not _AUTHOR.fullmatch(author):
                said = "is no name; write 'Ada Lovelace' or 'Ada Lovelace <https://orcid.org/…>'"
                raise HyperpipeError(f"--author {author!r}: {said}")

    @property
    def licence_address(self) -> str:
        return self.licence if ":" in self.licence else f"https://spdx.org/licenses/{self.licence}"

    @property
    def people(self) -> dict[str, str | None]:
        """From each author's name to the address, where there is one."""
        return {found["name"]: found["address"] for found in map(_AUTHOR.fullmatch, self.authors) if found}


@dataclass(frozen=True)
class Contents:
    """main: the file of results that is asked for. records: of each file of the run, by path. own: files that users
    wrote and stages read. code: files of the workflow and of the package. All paths are those in the crate."""

    main: str
    records: dict[str, Record]
    own: list[str]
    code: list[str]
    left_out: list[str]

    @property
    def jobs(self) -> list[Record]:
        """One record of each job, in the order in which they ran."""
        jobs = {record.outputs[0].path: record for record in self.records.values()}
        return sorted(jobs.values(), key=lambda record: (record.started, record.outputs[0].path))

    @property
    def copied(self) -> list[str]:
        """Files of the run that are in the crate."""
        files = [name for path in self.records for name in (path, path + SUFFIX)]
        return [*(path for path in files if path not in self.left_out), *self.own]


def export(path: str, configs: Sequence[Path], into: Path, deposit: Deposit) -> Contents:
    """Writes a new folder with a file of results and all that it comes from; its contents.

    configs: the files of the run's configuration, as ``snakemake --configfile`` took them. Runs in the run's directory.
    Raises HyperpipeError, with nothing written, where the folder is there, a link of the chain is broken (see audit),
    or this configuration is not the one that made the results.
    """
    from hyperpipe.provenance.crate_graph import write_graph

    if into.exists():
        raise HyperpipeError(f"{into}: is there already; name a new folder")
    contents = _contents(path, deposit.left_out)
    config = with_places_shown(read_config(list(configs)).model_dump(mode="json"))
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{into.name}.", dir=into.parent) as folder:
            part = Path(folder, into.name)
            part.mkdir()
            (part / CONFIG).write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
            _check_config(path, part / CONFIG, configs)
            with Progress("copies", len(contents.copied), "files") as progress:
                for name in contents.copied:
                    _copy(Path(name), part / name)
                    progress.advance(1)
            for name in contents.code:
                _copy(ROOT / name, part / name)
            _copy(ROOT / README, part / SOFTWARE)
            (part / README).write_text(_readme(contents, deposit))
            write_graph(part, contents, deposit)
            part.rename(into)
    except OSError as error:
        raise HyperpipeError(f"{into}: cannot be written ({brief(error)}); name a folder where that is so") from None
    return contents


def _contents(path: str, left_out: Sequence[str]) -> Contents:
    """Raises HyperpipeError where something is not what its record says."""
    records = lineage(path)
    for record in list(records.values()):  # what was made beside it, such as a page's cells
        records |= {file.path: read_record(file.path) for file in record.outputs if file.path not in records}
    with Progress("audit", len(records), "files") as progress:
        found = audit(records, lambda: progress.advance(1))
    if not found.holds:
        first = next(finding for finding in found.all_findings if finding.broken)
        raise HyperpipeError(f"{first.path}: {first.what}; hyperpipe audit says all, and what holds is exported")
    inputs = {file.path for record in records.values() for file in record.inputs if file.record is None}
    for file in sorted(inputs):
        if PurePath(file).is_absolute() or PurePath(file).parts[0] in ("..", "~"):
            raise HyperpipeError(f"{file}: lies outside of the run's directory; move it there and run it again")
    named = [name for name in records if any(fnmatch(name, pattern) for pattern in left_out)]
    for pattern in left_out:
        if not any(fnmatch(name, pattern) for name in records):
            raise HyperpipeError(f"{pattern}: is the path of no file that led to {path}; leave out others")
    return Contents(path, dict(sorted(records.items())), sorted(inputs), _code(), named)


def _code() -> list[str]:
    """Raises HyperpipeError where the package lies in no checkout."""
    if not (ROOT / WORKFLOW).is_file():
        raise HyperpipeError(f"{ROOT}: is no checkout of hyperpipe; install it from one with pip install -e")
    tops = [ROOT / name for name in _CODE]
    files = [path for top in tops for path in ([top] if top.is_file() else sorted(top.rglob("*"))) if path.is_file()]
    names = [path.relative_to(ROOT) for path in files if path.suffix in _KINDS]
    return [str(name) for name in names if not any(part.startswith((".", "__pycache__")) for part in name.parts)]


def _check_config(path: str, config: Path, configs: Sequence[Path]) -> None:
    """Whether with this configuration the workflow makes what is there."""
    words = ["--snakefile", str(ROOT / WORKFLOW), "--configfile", str(config)]
    for reason in why(path, jobs_for(path, words)):
        for one in reason.differences:
            if one.runs:
                then, now = (value[:_LONG] or "not there" for value in (one.then, one.now))
                said = f"{one.what} was {then}, is {now}"
                name = " + ".join(map(str, configs))
                raise HyperpipeError(f"{name}: did not make {path} ({said}); name the run's files by --configfile")


def _copy(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, place)  # with its time: what is newer is what Snakemake looks at


def _readme(contents: Contents, deposit: Deposit) -> str:
    jobs, main = contents.jobs, contents.main
    commands = {
        "make .venv/.installed": "what envs/requirements.txt pins",
        f".venv/bin/hyperpipe audit {main}": "is all still what its record says?",
        f".venv/bin/hyperpipe explain {main}": "where it comes from, and what makes it again",
        f".venv/bin/hyperpipe why {main}": "is it what this code makes with these settings?",
        f".venv/bin/snakemake --cores all --forceall -- {main}": "makes all of it again",
    }
    width = max(map(len, commands))
    parts = [
        f"# {deposit.title}",
        ", ".join(deposit.people),
        f"`{main}` and all that it comes from: {len(contents.records)} files, made by {len(jobs)} jobs between"
        f" {jobs[0].started[:10]} and {max(job.ended for job in jobs)[:10]}. Beside each lies its record,"
        f" `<file>{SUFFIX}` (`docs/records.md`). `ro-crate-metadata.json` says the same to programs, as a Workflow Run"
        " RO-Crate, and which licence the results are under. The code's is in `LICENSE`.",
        f"The workflow and its code are here too, without tests and profiles, and `{CONFIG}` has all settings of the"
        f" run; `{SOFTWARE}` says how hyperpipe is used. With Python 3.11 to 3.13, in this folder:",
        "\n".join(f"    {command.ljust(width)}    # {what}" for command, what in commands.items()),
    ]
    if contents.left_out:
        parts.append(
            f"Left out: {len(contents.left_out)} files, `{'`, `'.join(deposit.left_out)}`. Their records are here and"
            " their hashes in `ro-crate-metadata.json`; an audit names them as missing."
        )
    if any(job.raw for job in jobs):
        parts.append("Images and fonts from outside the workflow are not here; records name them, with their hashes.")
    return "\n\n".join(filter(None, parts)) + "\n"
