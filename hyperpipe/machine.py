"""The CPU and the GPU that this runs on."""

from __future__ import annotations

import ctypes
import platform
from pathlib import Path
from typing import Literal

from hyperpipe.errors import HyperpipeError

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of malloc.h
_LARGE = 2**30  # bytes


def cpu() -> str:
    """The CPU's model, as it names itself."""
    return _said("model name") or platform.processor() or platform.machine()


def instruction_sets() -> str:
    """What the CPU can do; a virtual machine may hide some of what its model has."""
    return _said("flags") or _said("Features")


def gpu() -> str:
    """The CUDA device's model, empty where torch sees none."""
    try:
        ctypes.CDLL("libcuda.so.1")  # the driver; where there is none, jobs need not load torch to find out
    except OSError:
        return ""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else ""


def training_card(wanted: Literal["auto", "cpu", "cuda"]) -> str:
    """The CUDA device that `training.device` means here, by its model; empty: the CPU. Raises HyperpipeError for
    ``cuda`` where torch sees no such device."""
    card = "" if wanted == "cpu" else gpu()
    if wanted == "cuda" and not card:
        raise HyperpipeError("training.device cuda: torch sees no CUDA device here; take auto or cpu")
    return card


def keep_memory() -> None:
    """Has the C library keep what this process frees for its next use, instead of handing it back to the system.

    By default it returns every larger tensor, and the next one's pages are zeroed again at their first touch.
    """
    for option in (_TRIM_THRESHOLD, _MMAP_THRESHOLD):
        getattr(ctypes.CDLL(None), "mallopt", lambda *_: None)(option, _LARGE)  # glibc's


def _said(key: str) -> str:
    """The first value of a key in /proc/cpuinfo, empty where there is none."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")
