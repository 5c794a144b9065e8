"""docs/records.md: every field of a record, from the model that writes it."""

from __future__ import annotations

from pydantic import BaseModel

from hyperpipe.provenance.record import SUFFIX, VERSION, File, Input, Record

_HEAD = f"""# The record beside each output

`hyperpipe records > docs/records.md` wrote this from the model that records are written and read by; `hyperpipe records
--schema` is its JSON schema. Beside each file that a stage makes lies `<file>{SUFFIX}`, version {VERSION}. It is an
output of the file's rule and an input of none, as it holds times. What it names as read has a record too, whose hash it
holds, down to the images; so nothing of the chain can change unseen. Of the environment only what is named here is
in it: no host, no user, and no path that says who ran it.
"""


def records_reference() -> str:
    """A Markdown page with a table of a record's fields, and one of a file's in it."""
    parts = [_HEAD, _table(Record)]
    parts += ["## A file in a record\n", "One that was read also has the last of these.\n", _table(Input)]
    return "\n".join(parts)


def _table(model: type[BaseModel]) -> str:
    fields = {**File.model_fields, **model.model_fields} if issubclass(model, File) else model.model_fields
    rows = [f"| `{name}` | {field.description} |" for name, field in fields.items()]
    return "\n".join(["| field | meaning |", "| --- | --- |", *rows]) + "\n"
