"""The tables of the paper as Markdown, computed from what was measured."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from hyperpipe.evaluation.settings import Finetuning
from hyperpipe.results.novelty import novelty_table
from hyperpipe.results.order import in_order
from hyperpipe.results.runs import hyperreps_that_were_run, rows_that_were_used, zoos_that_were_run
from hyperpipe.results.settings import TablesSlice

_CAPTION = """\
Accuracy on the images' test split in %, mean (standard deviation, ddof 0) over the n networks of a population, after so
many epochs of fine-tuning (B_T: of training). `results/accuracies.parquet` has all epochs and splits of the images, and
{confidence:g} % bootstrap intervals of the means. What is sampled or reconstructed is of the autoencoders' checkpoint
`{selection}`."""

_CAPTION_2 = """\
As Table 1, of a source's networks fine-tuned on a target's images with {recipe}, beside the target's own; checkpoint
`{selection}`."""
_EPOCHS = (0, 1, 25)  # shown beside the last one

_LEGEND = """\
- **B_T**: the zoo's own networks of the test split, trained from scratch; in Table 2 those of the target.
- **B_F**: the source zoo's own networks of the training split after epoch {epoch}, as they are.
- **S_KDE**, **S_KDE30**: decoded samples of the kernel density of the training networks' embeddings, of all and of the
  best {best:.0%} by accuracy on the test images, as released; **S_KDE30_validation**: of the best by accuracy on the
  validation images. **B_KDE30**: the same as S_KDE30 with an autoencoder without LWLN.
- `independent`: each latent dimension is drawn on its own, the paper's equation. `released`: as the authors' code
  draws, one seed for all dimensions: copies of training embeddings, but for one common shift. `joint`: a kernel density
  in all dimensions at once: copies of training embeddings with noise of its own in each dimension.
- `zoo`: no sampling, networks of a zoo. `reconstruction`: no sampling, anchors of that population decoded as they are.
- **controls**, what needs no density; anchors are those that `reconstruction` of S_KDE30 decodes:
{controls}
- **scratch**: networks never trained on anything, in the initialisations that anyone would take."""

# Here and not beside what makes them, so that a word changed runs none of them again.
CONTROLS = {
    "anchors": "the anchors as they are",
    "anchors_noise": "the anchors with normal noise on every weight, of {noise:g} standard deviations of its layer",
    "anchors_shrunk": "the anchors with every weight times {shrink:g}",
    "anchors_shrunk_noise": "the anchors times {shrink:g}, then the same noise: shrink and perturb",
    "iid": "every weight drawn on its own from the training networks' weights of its layer, every bias from its biases",
    "mean": "the mean of all training networks, over and over",
    "random_latents": "decoded latents drawn uniformly in (-1, 1), by the autoencoder with LWLN",
}

_NOVELTY = """\
Whether a population is generated or copied, means over its networks. Distances to the nearest training network, at any
of the epochs that the autoencoder learnt from, relative to the mean distance between a training network and the nearest
other one: a copy is at 0. Where networks are that were trained on their own B_T shows, those of the test split after
epoch {epoch}: at about 1 in weights; in latents nearer, if the autoencoder memorises.

- Weights: each layer in its standard deviation. Matched: the same once the hidden units are in the best order that was
  found. Latents: of the autoencoder that made the population, else of the one with LWLN.
- Agreement: how often predictions on test images are those of the nearest training network, matched. Wrong alike:
  images that both get wrong, of those that either gets wrong.
- Small weights are close to everything: `anchors_shrunk` is a copy all the same."""

_ROWS = """\
What the autoencoders learnt from: networks at an epoch. One is left out where a weight is not finite, or too large:
beyond ±{threshold:g}. `results/rows/` lists each, with its largest weight."""

_LEARNT = """\
Autoencoders at their two checkpoints: where the reconstruction error of all validation rows was lowest, as in the
paper, and at the end of training. One that generalises does to validation networks, which it never saw, what it does to
training networks; one that memorises does not.

- Error: mean squared, with `lwln` relative to the variance of each layer, with `plain` as it is. R²: 1 - loss / loss of
  predicting the mean of the training rows. Of rows as they are, all of the validation split and as many of training.
- Networks: accuracy on test images in %, mean over the networks of a split of the zoo after epoch {epoch}: as they are
  → when the autoencoder has encoded and decoded them."""

_ORDERS = {
    "paired": "orders of the images that the k-th networks of all populations share",
    "shared": "one order of the images for all networks",
}


@dataclass(frozen=True)
class Row:
    """A row of a table: a population and sampler after so many epochs."""

    population: str
    sampler: str
    epoch: int


def tables_page(
    config: TablesSlice,
    accuracies: pd.DataFrame,
    rows: pd.DataFrame,
    history: pd.DataFrame,
    reconstructions: pd.DataFrame,
    novelty: pd.DataFrame,
    figures: list[str],
) -> str:
    """results/tables.md.

    accuracies: of all populations, means and spreads. rows, history, reconstructions: of all autoencoders. novelty: of
    the populations of all sources. figures: of the autoencoders, as seen from the page.
    """
    epoch, selection = config.hyperrep.zoo_epochs[-1], config.sampling.selection
    caption = _CAPTION.format(confidence=100 * config.bootstrap.confidence, selection=selection)
    parts = ["# Tables", "## Table 1: populations on their source data set", caption]
    parts.append(_markdown(table1(config, accuracies)))
    if any(config.sources.values()):
        caption = _CAPTION_2.format(recipe=recipe_in_words(config.finetuning), selection=selection)
        parts += ["## Table 2: populations transferred to another data set", caption]
        parts.append(_markdown(table2(config, accuracies)))
    parts += [
        "## Rows",
        _LEGEND.format(
            best=config.sampling.best,
            epoch=epoch,
            controls="\n".join(
                f"  - `{name}`: {what.format(**config.controls.model_dump())}." for name, what in CONTROLS.items()
            ),
        ),
        "## Novelty",
        _NOVELTY.format(epoch=epoch),
        *(
            part
            for source in config.sources
            for part in (f"### {source}", _markdown(novelty_table(novelty[novelty.zoo == source])))
        ),
        "## Autoencoders",
        _LEARNT.format(epoch=epoch),
        _markdown(hyperreps_that_were_run(config, history, reconstructions)),
        *(f"![{path}]({path})" for path in figures),
        "## What was run",
        _markdown(zoos_that_were_run(config)),
        _ROWS.format(threshold=config.hyperrep.weight_threshold),
        _markdown(rows_that_were_used(config, rows)),
        f"{config.sampling.networks} networks a population, kernel bandwidth {config.sampling.bandwidth},"
        f" {config.finetuning.epochs} epochs of fine-tuning with a fresh optimiser and"
        f" {_ORDERS[config.finetuning.orders]}.",
    ]
    return "\n\n".join(parts) + "\n"


def recipe_in_words(finetuning: Finetuning) -> str:
    """Whose recipe, and whose activation where that is another's, networks have on another data set."""
    said = f"the {finetuning.recipe}'s recipe"
    own = finetuning.activation in ("recipe", finetuning.recipe)
    return said if own else f"{said} but the {finetuning.activation}'s activation"


def table1(config: TablesSlice, accuracies: pd.DataFrame) -> pd.DataFrame:
    """Table 1: all populations of each source on its own images, a source a column."""
    in_dataset = accuracies[accuracies.zoo == accuracies.target]
    columns = {source: in_dataset[in_dataset.zoo == source] for source in config.sources}
    return _table(config, columns, {config.zoos[source].epochs for source in config.sources})


def table2(config: TablesSlice, accuracies: pd.DataFrame) -> pd.DataFrame:
    """Table 2: B_F and what was sampled of a source on another zoo's images, beside what no source was needed for."""
    needs_no_source = accuracies[accuracies.population.isin(["B_T", "scratch"])]
    columns, epochs = {}, set()
    for source, targets in config.sources.items():
        for target in targets:
            transferred = accuracies[(accuracies.zoo == source) & (accuracies.target == target)]
            beside = needs_no_source[needs_no_source.zoo == target]
            columns[f"{source} → {target}"] = pd.concat([beside, transferred])
            epochs.add(config.zoos[target].epochs)
    return _table(config, columns, epochs)


def _table(config: TablesSlice, columns: dict[str, pd.DataFrame], b_t_ends: set[int]) -> pd.DataFrame:
    """A line a population, sampler and epoch; of the accuracies of a column. b_t_ends: the last epochs of B_T."""
    last = config.finetuning.epochs
    keys = ["population", "sampler", "epoch"]
    tested = {name: frame[frame.split == "test"].set_index(keys) for name, frame in columns.items()}
    made = list(pd.concat(columns.values())[keys[:2]].drop_duplicates().itertuples(index=False, name=None))
    shown = sorted({epoch for epoch in _EPOCHS if epoch < last} | {last})
    rows = [Row(*pair, epoch) for epoch in shown for pair in in_order(made)]
    rows += [Row("B_T", "zoo", epoch) for epoch in sorted(b_t_ends - set(shown))]
    lines = []
    for row in rows:
        key = row.population, row.sampler, row.epoch
        found = {name: frame.loc[key] if key in frame.index else None for name, frame in tested.items()}
        networks = "/".join(dict.fromkeys(str(0 if at is None else at.networks) for at in found.values()))
        cells = {name: "–" if at is None else cell(at["mean"], at["std"]) for name, at in found.items()}
        line = {"Epoch": row.epoch, "Population": row.population, "Sampler": row.sampler, "n": networks}
        lines.append(line | cells)
    return pd.DataFrame(lines)


def cell(mean: float, std: float) -> str:
    """``83.3 (2.6)``: mean and standard deviation (ddof 0, as in the released code) of accuracies, in %."""
    return f"{100 * mean:.1f} ({100 * std:.1f})"


def _markdown(frame: pd.DataFrame) -> str:
    return frame.to_markdown(index=False, disable_numparse=True)
