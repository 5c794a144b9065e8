"""What a result depends on beside code, settings and inputs: versions, hardware, and where the job ran."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from hyperpipe import machine
from hyperpipe.errors import HyperpipeError
from hyperpipe.provenance.identity import PACKAGE, ROOT

# What batch systems call a job. Nothing else of the environment is recorded: it may hold secrets.
_JOB_IDS = (
    "SLURM_JOB_ID",
    "SLURM_ARRAY_JOB_ID",
    "SLURM_ARRAY_TASK_ID",
    "SLURM_RESTART_COUNT",
    "PBS_JOBID",
    "LSB_JOBID",
)
_INSTALLED = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)\.dist-info")
_MEMORY = Path("/proc/self/status")  # not getrusage, which may count the process that started this one
_DRIVER = Path("/proc/driver/nvidia/version")


@cache
def repository(root: Path = ROOT) -> dict[str, str]:
    """The checkout that the package lies in: its ``commit`` and, where files differ from that, ``diff``, the SHA-256 of
    ``git diff HEAD``. Empty where it is no checkout, as where it was installed, or git is not there."""
    if not (root / ".git").exists():
        return {}
    try:
        commit = _git(root, "rev-parse", "HEAD").decode().strip()
        diff = _git(root, "diff", "HEAD", "--no-ext-diff", "--no-color")
    except (OSError, subprocess.SubprocessError):
        return {}
    return {"commit": commit} | ({"diff": hashlib.sha256(diff).hexdigest()} if diff else {})


def versions() -> dict[str, str]:
    """Of Python and of every package that is installed for it."""
    found = {"python": platform.python_version()}
    for folder in reversed(sys.path):  # the first one is what Python imports
        if os.path.isdir(folder or "."):
            names = map(_INSTALLED.fullmatch, os.listdir(folder or "."))
            found |= {_canonical(match["name"]): match["version"] for match in names if match}
    found.pop(PACKAGE, None)  # of which the code says more
    return dict(sorted(found.items()))


def cuda() -> dict[str, str]:
    """The versions of CUDA and of its driver, where this process uses a GPU."""
    if not ((torch := sys.modules.get("torch")) and torch.cuda.is_initialized()):
        return {}
    driver = re.search(r"\d+\.\d+(\.\d+)?", _DRIVER.read_text()) if _DRIVER.exists() else None
    return {"cuda": torch.version.cuda} | ({"cuda driver": driver[0]} if driver else {})


def hardware() -> dict[str, str | int]:
    """The CPU, how many of its cores this process may use, and the GPU where it uses one."""
    used: dict[str, str | int] = {"cpu": machine.cpu(), "cores": len(os.sched_getaffinity(0))}
    if (torch := sys.modules.get("torch")) and torch.cuda.is_initialized():
        used["gpu"] = torch.cuda.get_device_name()
    return used


def scheduler() -> dict[str, str]:
    """What the batch system calls this job, by the variable that says so."""
    return {name: os.environ[name] for name in _JOB_IDS if name in os.environ}


def peak_megabytes() -> int:
    """The most memory that this process has had so far, in MB."""
    said = re.search(r"^VmHWM:\s+(\d+) kB$", _MEMORY.read_text(), re.MULTILINE)
    if said is None:
        raise HyperpipeError(f"{_MEMORY}: says nothing of VmHWM, the memory that a process had; use a Linux that does")
    return round(int(said[1]) * 1024 / 1e6)


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _git(root: Path, *words: str) -> bytes:
    quiet = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}  # jobs side by side do not wait for one another
    command = ["git", "-C", str(root), *words]
    return subprocess.run(command, capture_output=True, check=True, timeout=30, env=quiet).stdout
