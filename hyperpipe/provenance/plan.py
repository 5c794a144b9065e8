"""What the workflow would call now to make a file and all that it is made of, as Snakemake itself says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from hyperpipe.errors import HyperpipeError
from hyperpipe.provenance.identity import ROOT

_SNAKEFILES = ("Snakefile", "snakefile", "workflow/Snakefile", "workflow/snakefile")  # as Snakemake looks for one
_CALL = re.compile(r"^Shell command: python -m hyperpipe (.*) 2>&1 \| tee .*$", re.MULTILINE)  # of each of our rules


@dataclass(frozen=True)
class Job:
    """stage: its verb. options: what that is called with, by name. planned: whether Snakemake would run it."""

    stage: str
    options: dict[str, str]
    planned: bool

    @property
    def outputs(self) -> list[str]:
        """Without records."""
        return [value for name, value in self.options.items() if name.endswith("-output")]

    @property
    def inputs(self) -> list[str]:
        one = [value for name, value in self.options.items() if name.endswith("-path")]
        return one + [path for name, value in self.options.items() if name.endswith("-paths") for path in value.split()]


def jobs_for(path: str, words: Sequence[str] = ()) -> list[Job]:
    """The jobs that lead to a file, its own first.

    words: more options of Snakemake's, those of the run: ``--configfile mine.yaml``. Without ``--snakefile`` it is the
    one that Snakemake finds in this folder, else hyperpipe's. Raises HyperpipeError with what Snakemake says where it
    makes no such file.
    """
    its_own = any(word.startswith(("-s", "--snakefile")) for word in words)
    snakefile = [] if its_own or any(map(Path.exists, map(Path, _SNAKEFILES))) else ["-s", str(ROOT / "Snakefile")]
    with ThreadPoolExecutor() as pool:
        planned, whole = pool.map(lambda all_jobs: _calls(path, [*snakefile, *words, *all_jobs]), ([], ["--forceall"]))
    jobs = [Job(call[0], _options(call[1:]), call in planned) for call in whole]
    if not any(path in job.outputs for job in jobs):
        raise HyperpipeError(f"{path}: is made by no stage; name a file of results/")
    return sorted(jobs, key=lambda job: path not in job.outputs)


def _options(words: list[str]) -> dict[str, str]:
    """Of ``--name value`` each, as our rules write them."""
    return {name.removeprefix("--"): value for name, value in zip(words[::2], words[1::2], strict=True)}


def _calls(path: str, words: list[str]) -> list[list[str]]:
    """The command lines of the jobs that Snakemake would run, from the verb on."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *words, "--dry-run", "--printshellcmds", "--", path]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        said = done.stdout.strip().rpartition("\n")[2].removeprefix("hyperpipe: ").rstrip(".")
        raise HyperpipeError(f"{path}: Snakemake plans nothing ({said}); name a file of this run, and its --configfile")
    return [shlex.split(call) for call in _CALL.findall(done.stdout)]
