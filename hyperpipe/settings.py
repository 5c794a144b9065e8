"""What the settings of every room are made of: pydantic models that refuse unknown keys and other types."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Count = Annotated[int, Field(ge=1)]
Epoch = Annotated[int, Field(ge=0)]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
