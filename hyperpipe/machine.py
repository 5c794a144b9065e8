"""The CPU that this runs on."""

from __future__ import annotations

import platform
from pathlib import Path


def cpu() -> str:
    """The CPU's model, as it names itself."""
    return _said("model name") or platform.processor() or platform.machine()


def instruction_sets() -> str:
    """What the CPU can do; a virtual machine may hide some of what its model has."""
    return _said("flags") or _said("Features")


def _said(key: str) -> str:
    """The first value of a key in /proc/cpuinfo, empty where there is none."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")
