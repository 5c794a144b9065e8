"""The code for this CPU, from the C++ compiler that is there."""

from __future__ import annotations

import ctypes
import os
import shlex
from pathlib import Path

from hyperpipe.cnn import Activation, Architecture
from hyperpipe.machine import cpu, instruction_sets
from hyperpipe.zoo.native.build import build, cxx, load

# Contracting a · b + c is allowed, reordering of sums is not: tests compare with torch, and NaN must stay NaN.
FLAGS = (
    *("-std=c++17", "-O3", "-march=native", "-shared", "-fPIC", "-Wno-psabi"),
    *("-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math"),
)
SOURCE = Path(__file__).with_name("population.cpp")


def cpu_library(architecture: Architecture, activation: Activation) -> Path:
    """Raises BuildError."""
    return build(compiler(), SOURCE, architecture, activation, cpu(), instruction_sets())


def compiler() -> list[str]:
    """With its flags. Environment: CXX names it, HYPERPIPE_CXXFLAGS adds flags. Raises BuildError."""
    return [*cxx(), *FLAGS, *shlex.split(os.environ.get("HYPERPIPE_CXXFLAGS", ""))]


def cpu_code(architecture: Architecture, activation: Activation) -> ctypes.CDLL:
    """Raises BuildError."""
    code = load(cpu_library(architecture, activation))
    code.hyperpipe_state_bytes.restype = ctypes.c_int64
    return code
