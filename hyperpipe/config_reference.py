"""docs/config.md: every key of config.yaml, from the models that read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from hyperpipe.config import Config
from hyperpipe.images.settings import AS_IN_THE_PAPER

_HEAD = """# Every key of config.yaml

`hyperpipe settings > docs/config.md` wrote this from the models that read the configuration. `<name>` is a name of
yours. A default is the paper's or its released code's value wherever these have one; a key without one must be set.

| key | value | default | meaning |
| --- | --- | --- | --- |
"""
_KINDS = {"integer": "whole number", "number": "number", "boolean": "true or false", "string": "text"}
_BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def config_reference() -> str:
    """A Markdown page with one row a key."""
    schema = Config.model_json_schema()
    rows = dict.fromkeys(_rows(schema, "", schema["$defs"]))
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _rows(node: dict[str, Any], place: str, models: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The rows below a node of the JSON schema; alternatives (data sets of several kinds) one after the other."""
    if "$ref" in node:
        node = models[node["$ref"].rsplit("/", 1)[-1]]
    if "properties" in node:
        for key, value in node["properties"].items():
            yield from _rows(value, f"{place}.{key}".lstrip("."), models)
    elif "oneOf" in node:
        for alternative in node["oneOf"]:
            yield from _rows(alternative, place, models)
    elif "patternProperties" in node:
        (value,) = node["patternProperties"].values()
        yield from _rows({"description": node.get("description", "")} | value, f"{place}.<name>", models)
    else:
        yield f"`{place}`", _kind(node), _default(node), node["description"].replace("|", "\\|")


def _default(node: dict[str, Any]) -> str:
    default = node.get("default")
    if default is None:
        return ""
    if default == AS_IN_THE_PAPER:
        return default
    return "`" + yaml.safe_dump(default, default_flow_style=True).split("\n")[0] + "`"


def _kind(node: dict[str, Any]) -> str:
    if "anyOf" in node:  # a value or none
        return " or ".join(_kind(kind) for kind in node["anyOf"] if kind.get("type") != "null")
    if "const" in node or "enum" in node:
        return " or ".join(f"`{value}`" for value in node.get("enum", [node.get("const")]))
    if node["type"] == "array":
        items = {_kind(item) for item in node.get("prefixItems", [node.get("items")])}
        return "list of: " + ", ".join(sorted(items))
    bounds = [f"{sign} {node[key]}" for key, sign in _BOUNDS.items() if key in node]
    return " ".join([_KINDS[node["type"]], ", ".join(bounds)]).strip()
