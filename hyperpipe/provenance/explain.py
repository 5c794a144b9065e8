"""Where a file, or a cell of a table, comes from: the records that lead to it, as a tree."""

from __future__ import annotations

import shlex
from pathlib import Path, PurePath
from typing import Any

import pandas as pd
from rich.text import Text
from rich.tree import Tree

from hyperpipe.errors import HyperpipeError
from hyperpipe.provenance.descriptions import description
from hyperpipe.provenance.record import Input, Record, read_record

_SHORT = 8  # digits of a hash that a person compares


def lineage(path: str) -> dict[str, Record]:
    """The records of a file and of all that it was made of, by path. Raises HyperpipeError where one is not there."""
    found: dict[str, Record] = {}
    waiting = [path]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = read_record(name)
            waiting += [file.path for file in found[name].inputs if file.record is not None]
    return found


def cells_beside(path: str) -> Path:
    """The file that has a page's cells in long form. Raises HyperpipeError where `path` is no page of tables."""
    record = read_record(path)
    if record.stage != "tables":
        raise HyperpipeError(f"{path}: no tables, made by {record.stage}; ask for cells of results/tables.md")
    return next(Path(file.path) for file in record.outputs if file.path.endswith(".parquet"))


def measured_in(path: str, cells: pd.DataFrame) -> str:
    """The file that a page's cells are the means of. Raises HyperpipeError where it is not among what led to it."""
    (wanted,) = cells.record.unique()
    records = lineage(path)
    (accuracies,) = (record for record in records.values() if record.stage == "accuracies")
    for file in accuracies.inputs:
        if records[file.path].id == wanted:
            return file.path
    said = f"{path}: what measured this cell, record {wanted[:_SHORT]}, is not there"
    raise HyperpipeError(f"{said}; hyperpipe audit says what is")


def explained(path: str, cells: pd.DataFrame | None = None) -> Tree:
    """A tree for a person: each file under what was made of it, with what made it, when, where and of which hashes.

    cells: what is asked about, where that is not the file as a whole. What one job has made is one node; where that
    stands in the tree already, it is named again without what it comes from.
    """
    records, shown = lineage(path), set[str]()
    top = _node([path], records, shown)
    if cells is None:
        return top
    tree = Tree(Text("\n".join(_cell(cell) for _, cell in cells.iterrows())))
    tree.add(top)
    return tree


def remade_by(path: str, record: Record) -> list[str]:
    """The commands that make a file again: as the workflow does, and as its rule called the stage."""
    rule = record.stage.replace("-", "_")
    return [
        f"snakemake --cores all --forcerun {rule} -- {shlex.quote(path)}",
        shlex.join(["hyperpipe", *record.arguments]),
    ]


def explained_for_programs(path: str, cells: pd.DataFrame | None = None) -> dict[str, Any]:
    """The same as JSON: the cells, and every file's record without the list of what is installed."""
    files = {
        name: record.model_dump(exclude={"versions"})
        | {"description": description(record), "remade_by": remade_by(name, record)}
        for name, record in lineage(path).items()
    }
    asked = {} if cells is None else {"cells": [_bare(row) for row in cells.to_dict("records")]}
    return {**asked, "path": path, "files": files}


def _node(paths: list[str], records: dict[str, Record], shown: set[str]) -> Tree:
    """Files that came of one job, in one run of it, and of jobs like it."""
    first, *others = paths
    record = records[first]
    if set(_job(record)) & shown:
        return Tree(Text(f"{_named(paths)} (above)"))
    shown.update(*(_job(records[path]) for path in paths))
    more = [path for path in others if path not in _job(record)]
    name = f"{first}, and {len(more)} more to {more[-1]}" if more else _named(paths)
    tree = Tree(Text("\n".join([name, *map("  ".__add__, _lines(record))])))
    for files in _alike(record.inputs, records):
        if files[0].record is None:
            tree.add(Text(f"{files[0].path}, made by no stage, content {files[0].content[:_SHORT]}"))
        else:
            tree.add(_node([file.path for file in files], records, shown))
    return tree


def _alike(inputs: list[Input], records: dict[str, Record]) -> list[list[Input]]:
    """Those that one job has made are one branch, and so are the shards of a zoo."""
    found: dict[Any, list[Input]] = {}
    for file in inputs:
        record = records.get(file.path)
        if record is None:
            key: Any = file.path
        else:
            key = record.config_hash if record.stage == "zoo-shard" else _job(record)
        found.setdefault(key, []).append(file)
    return list(found.values())


def _job(record: Record) -> tuple[str, ...]:
    """All that was made in one go."""
    return tuple(file.path for file in record.outputs)


def _named(paths: list[str]) -> str:
    """Files of one folder, whose name is said once."""
    first, *others = paths
    return ", ".join([first, *(PurePath(path).name for path in others)])


def _lines(record: Record) -> list[str]:
    said = description(record)
    checkout = record.repository.get("commit", "")[:_SHORT]
    checkout += " and changes" if "diff" in record.repository else ""
    facts = {
        "content": record.output.content[:_SHORT],
        "record": record.id[:_SHORT],
        "code": checkout,
        "seed": str(record.seeds.get("root", "")),
    }
    ran = [record.started[:16].replace("T", " ") + " UTC", f"{record.seconds:.0f} s", _machine(record)]
    ran += [value for key, value in record.notes.items() if key in ("backend", "resumed")]
    return [
        f"{record.stage}: {said}" if said else record.stage,
        ", ".join(f"{name} {value}" for name, value in facts.items() if value),
        ", ".join(ran),
    ]


def _machine(record: Record) -> str:
    return str(record.hardware.get("gpu", record.hardware["cpu"]))


def _cell(cell: pd.Series) -> str:
    where = f"Table {cell.table}" if cell.table.isdigit() else "Transfers"
    numbers = f"{100 * cell['mean']:.1f} ({100 * cell['std']:.1f}) %, {cell.networks} networks"
    interval = "" if pd.isna(cell.low) else f", interval of the mean {100 * cell.low:.1f} to {100 * cell.high:.1f}"
    paper = "" if pd.isna(cell.published) else f", paper {100 * cell.published:.1f}"
    name = f"{cell.population} {cell.sampler}, {cell['column']}, epoch {cell.epoch}"
    return f"{where}: {name}: {numbers}{interval}{paper}"


def _bare(row: dict[str, Any]) -> dict[str, Any]:
    """JSON has no NaN."""
    return {name: None if isinstance(value, float) and pd.isna(value) else value for name, value in row.items()}
