"""What the settings of every room are made of: pydantic models that refuse unknown keys and other types."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Count = Annotated[int, Field(ge=1)]
Epoch = Annotated[int, Field(ge=0)]


def _ascending(values: list[float]) -> list[float]:
    if sorted(set(values)) != values:
        raise ValueError("must ascend")
    return values


Ascending = AfterValidator(_ascending)  # of a list, without repetition


def with_preset(data: Any, presets: dict[str, dict[str, Any]]) -> Any:
    """Settings as they were read, with those of their ``preset`` where they say nothing; without one, as they are."""
    if not isinstance(data, dict) or data.get("preset") not in presets:
        return data
    return _over(data, presets[data["preset"]])


def _over(own: Any, preset: Any) -> Any:
    if not (isinstance(own, dict) and isinstance(preset, dict)):
        return own
    return preset | {key: _over(value, preset.get(key)) for key, value in own.items()}


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _keys_exist(cls, data: Any) -> Any:
        """pydantic would refuse unknown keys too, but without saying which there are."""
        for key in data if isinstance(data, dict) else ():
            if key not in cls.model_fields:
                near = get_close_matches(str(key), cls.model_fields, n=1)
                said = f"did you mean {near[0]}?" if near else "use " + ", ".join(cls.model_fields)
                raise PydanticCustomError("unknown_key", "there is no such key; {said}", {"key": key, "said": said})
        return data
