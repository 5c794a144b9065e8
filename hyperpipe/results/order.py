"""In which order populations stand in tables and figures."""

from __future__ import annotations

import pandas as pd

from hyperpipe.sampling.settings import RECONSTRUCTION, SAMPLED


def populations_in(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """The populations of a table in long form, each with its sampler: the paper's, those sampled by each sampler; then
    what nothing was sampled for. The samplers of one population keep their order."""
    made = list(frame[["population", "sampler"]].drop_duplicates().itertuples(index=False, name=None))
    of_paper = [(name, sampler) for name in ("B_T", "B_F", *SAMPLED) for other, sampler in made if other == name]
    sampled = [pair for pair in of_paper if pair[1] != RECONSTRUCTION]
    return list(dict.fromkeys((*sampled, *of_paper, *made)))
