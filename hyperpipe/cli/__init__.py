"""The command line: one verb a stage, as the workflow's rules call them.

Inputs end in ``-path`` or ``-paths``, outputs in ``-output``, so that a command line says which file is which.
"""

from __future__ import annotations

import sys

import typer

# Their verbs, in the order of the workflow.
# isort: off
from hyperpipe.cli import zoos, hyperreps, populations, evaluations, figures, results  # noqa: F401

# isort: on
from hyperpipe.cli.provenance import PROVENANCE
from hyperpipe.cli.stage import STAGES
from hyperpipe.cli.tools import TOOLS
from hyperpipe.errors import HyperpipeError

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(STAGES)
app.add_typer(PROVENANCE)
app.add_typer(TOOLS)


def main() -> None:
    """Runs the command line; a user's mistake is one line and exit status 1."""
    try:
        app()
    except HyperpipeError as error:
        print(f"hyperpipe: {error}", file=sys.stderr)
        sys.exit(1)
