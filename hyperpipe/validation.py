"""Settings from what a person or a rule wrote, with errors of one line."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import ValidationError

from hyperpipe.errors import HyperpipeError
from hyperpipe.settings import Model

M = TypeVar("M", bound=Model)


def parse_slice(model: type[M], text: str) -> M:
    """A slice from a stage's ``--config``. Raises HyperpipeError."""
    return validated(model, parse_json(text), "--config")


def parse_json(text: str) -> Any:
    """What a stage's ``--config`` holds. Raises HyperpipeError."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise HyperpipeError(f"--config: not JSON ({error}); print the rule's command with snakemake -np") from None


def validated(model: type[M], data: Any, where: str) -> M:
    """Raises HyperpipeError for the first thing that is wrong, after `where`, the place that the data came from."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first, *others = error.errors()
        place, said = _place(first, data), _explained(first)
        for other in others:
            if _place(other, data) == place:  # the key takes one of several kinds of values
                said += " or " + other["msg"].removeprefix("Input should be ")
        parts = where, place, said
        raise HyperpipeError(": ".join(part for part in parts if part)) from None


def _place(error: Any, data: Any) -> str:
    """``zoos.digits.epochs``: pydantic's location without what is no key of the data, such as a data set's source."""
    place = []
    for key in error["loc"]:
        there = isinstance(key, int) if isinstance(data, list) else isinstance(data, dict) and key in data
        if there:
            place.append(str(key))
            data = data[key]
    if error["type"] == "missing":
        place.append(error["loc"][-1])
    elif error["type"] == "unknown_key":
        place.append(str(error["ctx"]["key"]))
    elif error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        place.append(error["ctx"]["discriminator"].strip("'"))
    return ".".join(place)


def _explained(error: Any) -> str:
    value, kind = error.get("input"), error["type"]
    if kind == "unknown_key":
        return error["msg"]
    if kind in ("missing", "union_tag_not_found"):
        return "is missing"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "union_tag_invalid":
        return f"there is no {error['ctx']['tag']!r}; use one of {error['ctx']['expected_tags']}"
    said = f"{value!r} is refused, {error['msg'][0].lower()}{error['msg'][1:]}"
    if isinstance(value, str) and "e" in value and kind == "float_type":
        said += " (YAML reads 1e-3 as text: write 1.0e-3)"
    return said
