"""What a result was computed on."""

from __future__ import annotations

import platform
from pathlib import Path


def cpu() -> str:
    """The CPU's model, as it names itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
