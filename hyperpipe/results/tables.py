"""Tables 1, 2 and 5 in the paper's form, from their cells in long form."""

from __future__ import annotations

import pandas as pd

from hyperpipe.results.order import populations_in

_EPOCHS = (0, 1, 25)  # shown beside the last one
_KEYS = ["population", "sampler", "epoch"]


def table(cells: pd.DataFrame, *, last: int, control: bool) -> pd.DataFrame:
    """A line an epoch, population and sampler; for each column of the table the paper's number where it has any, ours,
    and how new the population is.

    cells: of one table. last: epoch of fine-tuning, B_T is shown at its own as well. control: the controls, or all
    other rows.
    """
    shown = cells[cells.control == control]
    epochs = shown_epochs(last)
    keys = [(*pair, epoch) for epoch in epochs for pair in populations_in(shown)]
    if not control:
        ends = shown[shown.population == "B_T"].groupby("column").epoch.max()
        keys += [("B_T", "zoo", epoch) for epoch in sorted(set(ends) - set(epochs))]
    columns = {name: frame.set_index(_KEYS) for name, frame in shown.groupby("column", sort=False)}
    return pd.DataFrame([_line(key, columns) for key in keys])


def shown_epochs(last: int) -> list[int]:
    """Of fine-tuning that lasts so long."""
    return sorted({epoch for epoch in _EPOCHS if epoch < last} | {last})


def _line(key: tuple[str, str, int], columns: dict[str, pd.DataFrame]) -> dict[str, str]:
    found = {name: frame.loc[key] if key in frame.index else None for name, frame in columns.items()}
    networks = "/".join(dict.fromkeys(str(0 if at is None else at.networks) for at in found.values()))
    population, sampler, epoch = key
    line = {"Epoch": str(epoch), "Population": population, "Sampler": sampler, "n": networks}
    for name, at in found.items():
        if columns[name].published.notna().any():
            line[f"{name}, paper"] = "–" if at is None else cell(at.published, at.published_std)
        line[name] = "–" if at is None else cell(at["mean"], at["std"])
        line[f"{name}, novelty"] = "–" if at is None else new(at.cosine, at.agreement)
    return line


def cell(mean: float, std: float) -> str:
    """``83.3 (2.6)``: mean and standard deviation (ddof 0, as in the released code) of accuracies, in %."""
    if pd.isna(mean):
        return "–"
    return f"≈ {100 * mean:.0f}" if pd.isna(std) else f"{100 * mean:.1f} ({100 * std:.1f})"


def new(cosine: float, agreement: float) -> str:
    """``0.26, 14 %``: cosine with the nearest training network, and predictions that are its own."""
    said = "–" if pd.isna(agreement) else f"{100 * agreement:.0f} %"
    return "–" if pd.isna(cosine) else f"{cosine:.2f}, {said}"
