"""What a crate says of itself, ``ro-crate-metadata.json``: each job as an action, with what it read and made.

Workflow Run RO-Crate, Provenance Run Crate 0.5 (https://w3id.org/ro/wfrun/provenance/0.5) over RO-Crate 1.1: Snakemake
organises, for each step of the workflow the stage's own file is the tool, each of its jobs a CreateAction.
"""

from __future__ import annotations

import ast
import hashlib
import json
import mimetypes
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rocrate.model import ComputationalWorkflow, ContextEntity
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from hyperpipe.provenance.crate import CONFIG, README, SOFTWARE, WORKFLOW, Contents, Deposit
from hyperpipe.provenance.descriptions import description
from hyperpipe.provenance.record import SUFFIX, Record
from hyperpipe.provenance.why import flat

_RUN_TERMS = "https://w3id.org/ro/terms/workflow-run"
_RUN_PROFILES = {name: f"https://w3id.org/ro/wfrun/{name}/0.5" for name in ("process", "workflow", "provenance")}
_WORKFLOW_PROFILE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
_COMPLETED = "http://schema.org/CompletedActionStatus"
_FORMATS = {
    ".h5": "application/x-hdf5",
    ".parquet": "application/vnd.apache.parquet",
    ".md": "text/markdown",
    ".yaml": "application/yaml",
    ".cpp": "text/x-c",
    ".cu": "text/x-c",
    ".cuh": "text/x-c",
}


def write_graph(folder: Path, contents: Contents, deposit: Deposit) -> None:
    """Describes a folder with all else of a crate."""
    _Graph(folder, contents, deposit).crate.metadata.write(folder)


class _Graph:
    def __init__(self, folder: Path, contents: Contents, deposit: Deposit) -> None:
        self.folder, self.contents = folder, contents
        self.crate = ROCrate(version="1.1")
        self.crate.metadata.extra_contexts.append(f"{_RUN_TERMS}/context")
        self.files: dict[str, Entity] = {}
        self._root(deposit)
        workflow = self._workflow()
        self._files()
        steps = self._steps(workflow)
        self._run(workflow, [self._job(job, steps[job.stage]) for job in contents.jobs])

    def _add(self, identifier: str, kind: str | list[str], **properties: Any) -> Entity:
        """A thing that is no file of the crate."""
        known = self.crate.get(identifier)
        return known or self.crate.add(ContextEntity(self.crate, identifier, {"@type": kind, **properties}))

    def _file(self, path: str, kind: list[str] | None = None, **properties: Any) -> Entity:
        place = self.folder / path
        facts = {
            "name": path,
            "contentSize": str(place.stat().st_size),
            "encodingFormat": _FORMATS.get(place.suffix) or mimetypes.guess_type(path)[0] or "text/plain",
            "sha256": _sha256(place),
        }
        kinds = {"@type": ["File", *kind]} if kind else {}
        self.files[path] = self.crate.add_file(place, path, properties={**kinds, **facts, **properties})
        return self.files[path]

    def _root(self, deposit: Deposit) -> None:
        root = self.crate.root_dataset
        root["name"], root["datePublished"] = deposit.title, deposit.published
        root["description"] = (
            f"{self.contents.main} and all that it comes from, {len(self.contents.records)} files with their records,"
            f" and the workflow with the settings that made them."
        )
        root["license"] = self._add(deposit.licence_address, "CreativeWork", name=deposit.licence)
        people = deposit.people.items()
        if authors := [self._add(link or f"#author/{quote(name)}", "Person", name=name) for name, link in people]:
            root["author"] = _alone(authors)
        profiles = [
            self._add(link, "CreativeWork", name=f"{name.title()} Run Crate", version="0.5")
            for name, link in _RUN_PROFILES.items()
        ]
        root["conformsTo"] = [
            *profiles,
            self._add(_WORKFLOW_PROFILE, "CreativeWork", name="Workflow RO-Crate", version="1.0"),
        ]

    def _workflow(self) -> Entity:
        """The Snakefile, with what belongs to it."""
        properties = {
            "@type": [*ComputationalWorkflow.TYPES, "HowTo"],
            "name": "hyperpipe",
            "version": self._version,
            "encodingFormat": "text/plain",
            "license": self._add("https://spdx.org/licenses/MIT", "CreativeWork", name="MIT"),
            "sha256": _sha256(self.folder / WORKFLOW),
        }
        workflow = self.crate.add_workflow(
            self.folder / WORKFLOW, WORKFLOW, main=True, lang="snakemake", properties=properties
        )
        self.files[WORKFLOW] = workflow
        return workflow

    @property
    def _version(self) -> str:
        """Of the package, and the commits that jobs ran, where they ran in a checkout."""
        checkouts = [job.repository for job in self.contents.jobs if job.repository]
        commits = {found["commit"] + "-changed" * ("diff" in found) for found in checkouts}
        return "+".join([metadata.version("hyperpipe"), *sorted(commits)])

    def _files(self) -> None:
        self._file(CONFIG, description="the settings of the run, all of them")
        self._file(README, about=self.crate.root_dataset)
        self._file(SOFTWARE, description="how hyperpipe is used")
        tools = {_tool(job.stage) for job in self.contents.jobs}
        for path in self.contents.code:
            if path != WORKFLOW:
                self._file(path, ["SoftwareSourceCode"] if path in tools else None)
        for path in self.contents.copied:
            self._file(path)
        for path in self.contents.left_out:
            self.files[path] = self._elsewhere(path, sha256=_sha256(Path(path)))

    def _elsewhere(self, path: str, **properties: Any) -> Entity:
        """A file that is not in the crate."""
        return self._add(f"#elsewhere/{quote(path)}", "CreativeWork", name=path, **properties)

    def _steps(self, workflow: Entity) -> dict[str, tuple[Entity, Entity]]:
        """From each stage to its step of the workflow and its tool."""
        steps = {}
        for place, stage in enumerate(dict.fromkeys(job.stage for job in self.contents.jobs)):
            path = _tool(stage)
            tool = self.files[path]
            tool["name"], tool["version"] = f"hyperpipe {stage}", self._version
            tool["description"] = (ast.get_docstring(ast.parse((self.folder / path).read_bytes())) or stage).split(
                "\n\n"
            )[0]
            steps[stage] = (
                self._add(f"#step/{stage}", "HowToStep", name=stage, position=str(place), workExample=tool),
                tool,
            )
        workflow["step"] = [step for step, _ in steps.values()]
        workflow["hasPart"] = [tool for _, tool in steps.values()]
        return steps

    def _job(self, job: Record, of: tuple[Entity, Entity]) -> Entity:
        """What one job did, and that Snakemake had it done; returns the latter."""
        step, tool = of
        name = quote(job.outputs[0].path)
        read = [self.files[file.path] for file in job.inputs]
        raw = [self._elsewhere(file.path, sha256=file.content) for file in job.raw]
        action = self._add(
            f"#job/{name}",
            "CreateAction",
            name=f"{job.stage} of {job.outputs[0].path}",
            description=description(job) or job.stage,
            startTime=job.started,
            endTime=job.ended,
            instrument=tool,
            object=_alone([*read, *raw, *self._settings(job)]),
            result=_alone([self.files[file.path] for file in job.outputs]),
            subjectOf=_alone([self.files[file.path + SUFFIX] for file in job.outputs]),
            actionStatus=_COMPLETED,
        )
        self.crate.root_dataset.append_to("mentions", action)
        return self._add(f"#call/{name}", "ControlAction", name=f"call of {job.stage}", instrument=step, object=action)

    def _settings(self, job: Record) -> list[Entity]:
        """Each of a job's settings, and the seeds that were its own; what jobs have in common is one."""
        values = {name: json.loads(value) for name, value in flat(job.config).items()}
        if "networks" in job.seeds:
            values["seeds"] = job.seeds["networks"]
        texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
        return [
            self._add(f"#setting/{quote(name)}={_short(text)}", "PropertyValue", name=name, value=text)
            for name, text in texts.items()
        ]

    def _run(self, workflow: Entity, calls: list[Entity]) -> None:
        """The run as a whole."""
        jobs = self.contents.jobs
        started, ended = jobs[0].started, max(job.ended for job in jobs)
        main = self.contents.records[self.contents.main]
        raw = {file.path: file.content for job in jobs for file in job.raw}
        run = self._add(
            "#run",
            "CreateAction",
            name=f"run of hyperpipe for {self.contents.main}",
            description=f"{len(jobs)} jobs, from images to {self.contents.main}",
            startTime=started,
            endTime=ended,
            instrument=workflow,
            object=_alone([self.files[CONFIG], *(self._elsewhere(path, sha256=raw[path]) for path in raw)]),
            result=_alone([self.files[file.path] for file in main.outputs]),
            actionStatus=_COMPLETED,
        )
        self.crate.root_dataset.append_to("mentions", run)
        engine = self._add(
            "https://snakemake.github.io",
            "SoftwareApplication",
            name="Snakemake",
            softwareVersion=main.versions["snakemake"],
            url="https://snakemake.github.io",
        )
        organised = self._add(
            "#snakemake",
            "OrganizeAction",
            name="Snakemake's run of hyperpipe",
            startTime=started,
            endTime=ended,
            instrument=engine,
            object=_alone(calls),
            result=run,
        )
        self.crate.root_dataset.append_to("mentions", organised)


def _tool(stage: str) -> str:
    """The file that a stage is."""
    return f"hyperpipe/stages/{stage.replace('-', '_')}.py"


def _alone(entities: list[Entity]) -> list[Entity] | Entity:
    """One is no list, as RO-Crate has it."""
    return entities[0] if len(entities) == 1 else entities


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _short(value: str) -> str:
    """A value as a part of a name, a long one by its hash."""
    return quote(value) if len(value) <= 40 else hashlib.sha256(value.encode()).hexdigest()[:16]
