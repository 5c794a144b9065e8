"""How new the populations of a zoo are, as a table."""

from __future__ import annotations

import pandas as pd

from hyperpipe.results.order import populations_in

COLUMNS = {
    "cosine": "Cosine",
    "within": "Within",
    "agreement": "Agreement %",
    "wrong_overlap": "Wrong alike %",
    "distance": "Distance",
    "latent": "Latents",
}


def novelty_table(novelty: pd.DataFrame) -> pd.DataFrame:
    """A line a population and sampler, means over its networks. novelty: of one zoo, long form."""
    means = novelty.groupby(["population", "sampler", "measure"]).value.mean()
    counts = novelty[novelty.measure == "cosine"].groupby(["population", "sampler"]).size()
    lines = []
    for population, sampler in populations_in(novelty):
        line = {"Population": population, "Sampler": sampler, "n": str(counts[population, sampler])}
        for measure, column in COLUMNS.items():
            mean = means[population, sampler, measure]
            share = column.endswith("%")
            line[column] = "–" if pd.isna(mean) else f"{100 * mean:.1f}" if share else f"{mean:.2f}"
        lines.append(line)
    return pd.DataFrame(lines)
