"""config.yaml as Snakemake reads it, for verbs that no rule calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from snakemake.common.configfile import load_configfile
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

from hyperpipe.config import Config, load_config
from hyperpipe.errors import HyperpipeError


def read_config(files: list[Path]) -> Config:
    """Each file over those before it, key by key. Raises HyperpipeError for the first mistake."""
    found: dict[str, Any] = {}
    for file in files:
        try:
            update_config(found, load_configfile(file))
        except (WorkflowError, OSError, UnicodeError) as error:
            said = " ".join(str(error).split())
            raise HyperpipeError(f"{file} cannot be read as a configuration ({said}); name one in YAML") from None
    return load_config(found, " + ".join(map(str, files)))
