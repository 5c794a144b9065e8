"""In which order populations stand in tables and figures, and which of them differ by a dial alone."""

from __future__ import annotations

import pandas as pd

from hyperpipe.sampling.settings import OF_WEIGHTS, RECONSTRUCTION, SAMPLED

Pair = tuple[str, str]  # population and sampler
_WITHOUT_NOISE = {"anchors": "anchors_noise", "anchors_shrunk": "anchors_shrunk_noise"}
_MEAN, _NOISY = (OF_WEIGHTS, "aligned 0"), (OF_WEIGHTS, "mean_noise")


def populations_in(frame: pd.DataFrame) -> list[Pair]:
    """The populations of a table in long form, each with its sampler: the paper's, those sampled by each sampler; then
    what nothing was sampled for. The samplers of one population keep their order."""
    made = list(frame[["population", "sampler"]].drop_duplicates().itertuples(index=False, name=None))
    of_paper = [(name, sampler) for name in ("B_T", "B_F", *SAMPLED) for other, sampler in made if other == name]
    sampled = [pair for pair in of_paper if pair[1] != RECONSTRUCTION]
    return list(dict.fromkeys((*sampled, *of_paper, *made)))


def dials_in(made: list[Pair]) -> dict[Pair, list[Pair]]:
    """Populations that differ by a number alone, in its order, by population and the name without it. The dials of
    noise begin with what has none, that of `mean_noise` with the mean, which is `aligned 0` too."""
    found: dict[Pair, list[Pair]] = {}
    for population, sampler in made:
        if population in (OF_WEIGHTS, "controls"):
            name = _WITHOUT_NOISE.get(sampler, sampler.partition(" ")[0])
            found.setdefault((population, name), []).append((population, sampler))
    if _MEAN in made and _NOISY in found:
        found[_NOISY].insert(0, _MEAN)
    return {name: dial for name, dial in found.items() if len(dial) > 1}
