"""Snakemake as the tests call it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TINY = ROOT / "tests" / "config.yaml"
SECRET = "f1c8-secret-of-the-tests"  # an environment variable of the tiny run


def snakemake(*words: str, directory: Path, config: Path = TINY, checkout: Path = ROOT, **changes: str):
    """Runs the workflow of `checkout` in `directory`; changes: environment variables. Output as text, stderr in it."""
    import os

    command = [sys.executable, "-m", "snakemake", "--snakefile", str(checkout / "Snakefile")]
    command += ["--directory", str(directory), "--configfile", str(config), "--cores", "2", *words]
    environment = {**os.environ, "PYTHONPATH": str(checkout), **changes}
    return subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=250,
        cwd=checkout,
        env=environment,
        check=False,
    )


def jobs(output: str) -> list[str]:
    """The first output of every job that a dry run would start, without ``results/``, sorted."""
    return sorted(re.findall(r"^    output: results/([^\s,]+)", output, re.MULTILINE))
