"""In which order populations stand in tables."""

from __future__ import annotations

from hyperpipe.sampling.settings import POPULATIONS, RECONSTRUCTION


def in_order(made: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Populations with their samplers: the paper's, those sampled by each sampler; then what nothing was sampled for.

    made: those that there are; the samplers of one population keep their order.
    """
    of_paper = [(name, sampler) for name in ("B_T", "B_F", *POPULATIONS) for other, sampler in made if other == name]
    sampled = [pair for pair in of_paper if pair[1] != RECONSTRUCTION]
    return list(dict.fromkeys((*sampled, *of_paper, *made)))
