"""The stage ``rows``: which networks of a zoo, at which epochs, its hyper-representations are learnt from."""

from __future__ import annotations

import sys
from pathlib import Path

from hyperpipe.hyperrep.rows import list_rows
from hyperpipe.hyperrep.settings import REASONS, RowsSlice
from hyperpipe.notes import Notes
from hyperpipe.store import read_table, write_table
from hyperpipe.zoo.zoo_store import read_zoo


def rows_stage(config: RowsSlice, zoo_path: Path, split_path: Path, output: Path) -> Notes:
    rows = list_rows(read_zoo(zoo_path), read_table(split_path), config.zoo_epochs, config.weight_threshold)
    left_out = {reason: int((rows.left_out == reason).sum()) for reason in REASONS}
    for reason, count in left_out.items():
        print(f"{count} of {len(rows)} rows left out: {reason}", file=sys.stderr)
    write_table(output, rows)
    return Notes(exclusions=left_out)
