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
        first = error.errors()[0]
        raise HyperpipeError(f"{where}: {_explained(first, _place(first, data))}") from None


def _place(error: Any, data: Any) -> str:
    """``zoos.digits.epochs``: pydantic's location without what is no key of the data, such as a data set's source."""
    place = []
    for key in error["loc"]:
        there = isinstance(data, list) or (isinstance(data, dict) and key in data)
        if there or error["type"] == "missing":
            place.append(str(key))
        if there:
            data = data[key]
    return ".".join(place)


def _explained(error: Any, place: str) -> str:
    value, kind = error.get("input"), error["type"]
    if kind == "unknown_key":
        return f"{place}.{error['ctx']['key']}: {error['msg']}".lstrip(".")
    if kind == "missing":
        return f"{place}: is missing"
    if kind == "value_error":
        return f"{place}: ".lstrip(": ") + str(error["ctx"]["error"])
    if kind == "union_tag_invalid":
        context = error["ctx"]
        return f"{place}.source: there is no {context['tag']!r}; use one of {context['expected_tags']}"
    said = f"{place}: ".lstrip(": ") + f"{value!r} is refused, {error['msg'][0].lower()}{error['msg'][1:]}"
    if isinstance(value, str) and "e" in value and kind == "float_type":
        said += " (YAML reads 1e-3 as text: write 1.0e-3)"
    return said
