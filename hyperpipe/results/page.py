"""The page of results, in Markdown: the paper's tables, what is needed to read them, and what was run."""

from __future__ import annotations

from pathlib import PurePath
from textwrap import fill

import pandas as pd

from hyperpipe.evaluation.settings import Finetuning
from hyperpipe.results.appendix import table3, table4
from hyperpipe.results.equal_novelty import equal_novelty_table
from hyperpipe.results.novelty import novelty_table
from hyperpipe.results.runs import hyperreps_that_were_run, rows_that_were_used
from hyperpipe.results.settings import TablesSlice
from hyperpipe.results.tables import shown_epochs, table

_COMPARABLE = """\
The settings of this run are the paper's; where it leaves something open, as the decisions of `docs/fidelity.md` say."""

_NOT_COMPARABLE = """\
**The numbers of this run are not comparable with the paper's.** It differs in:"""

_TITLES = {
    "1": "Table 1: populations on their source data set",
    "2": "Table 2: populations transferred to another data set",
    "5": "Table 5: the other transfers",
    "transfer": "Transfers, as Table 2: pairs of data sets that the paper has none of",
}

_CAPTION = """\
Test accuracy in %, mean (standard deviation, ddof 0) over the n networks of a population, after so many epochs of
fine-tuning (B_T, scratch: of training){transfer}.{comparable} What is sampled
or reconstructed is of the autoencoders' checkpoint `{selection}`. Novelty: of the population before fine-tuning,
cosine with the nearest training network of its source, 1: a copy, and how many of its predictions are that network's.
B_T of the source has what networks have that were trained on their own."""

_FILES = """\
`results/tables.parquet` and `.csv` have every cell of Tables 1, 2 and 5 at every epoch, with {confidence:g} % bootstrap
intervals of the means; `results/accuracies.parquet` has the other splits of the images too."""

_PAPER = """\
The paper's numbers stand beside all three samplers: it describes `independent`, its code has `released`."""

_CONTROLS = """\
Controls: what anyone would do without a density. A population is worth something where it beats those that are as new
as it is: see "At equal novelty"."""

_LEGEND = """\
- **B_T**: the zoo's own networks of the test split, trained from scratch; in transfers those of the target.
- **B_F**: the source zoo's own networks of the training split after epoch {epoch}, as they are.
- **S_KDE**, **S_KDE30**: decoded samples of the kernel density of the training networks' embeddings, of all and of the
  best {best:.0%} by accuracy on the test images, as released; **S_KDE30_validation**: of the best by accuracy on the
  validation images. **B_KDE30**: the same as S_KDE30 with an autoencoder without LWLN. **S_KDE30_aligned**, where
  `alignment.autoencoder` asks for it: the same with one that learnt of the networks in one frame of their hidden units.
- `independent`: each latent dimension is drawn on its own, the paper's equation. `released`: as the authors' code
  draws, one seed for all dimensions: copies of training embeddings, but for one common shift. `joint`: a kernel density
  in all dimensions at once: copies of training embeddings with noise of its own in each dimension.
- **S_weights**: sampled among the weights of all training networks after epoch {epoch}, with no autoencoder between.
  `aligned α`: from a Gaussian with their mean and α² times their covariance once their hidden units are in one frame,
  0 being the mean itself; `unaligned α`, its null model: the same, units as training left them; `mean_noise n`: that
  mean with normal noise on every weight, n times what is usual in its layer there, brought back to the mean's length;
  `mix`: random convex combinations of {mixed} networks in that frame; `flow n`, where `alignment.flows` asks for it: a
  density of these aligned weights learned by flow matching, in n updates.
- `zoo`: no sampling, networks of a zoo. `reconstruction`: no sampling, anchors of that population decoded as they are.
- **controls**, what needs no density; anchors are those that `reconstruction` of S_KDE30 decodes:
{controls}
- **scratch**: networks never trained on anything, in the initialisations that anyone would take."""

# Here and not beside what makes them, so that a word changed runs none of them again.
CONTROLS = {
    "anchors": "the anchors as they are",
    "anchors_noise n": "the anchors with normal noise on every weight, of n standard deviations of its layer",
    "anchors_shrunk": "the anchors with every weight times {shrink:g}",
    "anchors_shrunk_noise n": "the anchors with the same noise, then every weight times {shrink:g} / √(1 + n²), so that"
    " they are about as long as without noise: shrink and perturb",
    "iid": "every weight drawn on its own from the training networks' weights of its layer, every bias from its biases",
    "random_latents": "decoded latents drawn uniformly in (-1, 1), by the autoencoder with LWLN",
}

_NOVELTY = """\
Whether a population is generated or copied, means over its networks, each beside the nearest of the training networks
at any of the epochs that the autoencoder learnt from. B_T shows what is to be expected of networks that were trained on
their own: they are those of the test split after epoch {epoch}.

- Cosine: of the weights of the two, each layer in its scale, once the hidden units of the one have the best order that
  was found, and the best signs where the function allows for them. The nearest is the one with which it is largest. A
  copy is at 1, whatever it is multiplied with.
- Within: mean cosine of two networks of the population, matched in the same way. Where all are one it is 1.
- Agreement: how often predictions on test images are those of the nearest training network. Wrong alike: images that
  both get wrong, of those that either gets wrong.
- Distance: the least to a training network, matched, root mean square, each layer in its scale. Small weights are close
  to everything, copies or not. Latents: distance to the nearest ones, of the autoencoder that made the population, else
  of the one with LWLN; relative to the mean distance between a training network and the nearest other one."""

_EQUAL = """\
What a sampled population has above the best control that is as new as it is, in points of test accuracy: "better" is
said at the same cosine, or not at all. The control is named: a dial of noise (between its settings in a straight line,
beyond them as at its end), or what has no dial and no larger cosine; scratch counts always. ±: of both {confidence:g} %
intervals. `unaligned α` are sampled and so no control: what alignment is worth is seen against these."""

# What each figure shows, by the name of its file.
_CURVES = """\
On the images of the zoo that the populations were made of, then on those that they are transferred to, where B_T and
scratch are trained on these. Bands: {confidence:g} % intervals of the means. The first epochs have the most room."""

_AGAINST = """\
Above each other, accuracy on the zoo's test images against two kinds of novelty: to the left is what is copied, to the
right what is new. Lines are dials: α of networks sampled among aligned weights and of their null model, noise on
anchors, noise on shrunk anchors. Worth something is a population above every control that is as far to the right. The
vertical line: networks that were trained on their own, B_T. Novelty is that before fine-tuning, of B_T that of its
networks after epoch {epoch}. Below, a network is to the right as well where it is merely wrong: as they are, accuracy
stands there against little more than itself. Intervals: {confidence:g} %."""

_WEIGHTS = """\
The paper's Figure 2, each layer's weights and biases after epoch {epoch} as they are, and encoded and decoded by
checkpoint `{selection}` without and with LWLN; to the right how many networks have which accuracy. R²: of the layer,
against predicting the mean of the training rows. A distribution can come out again, and no network with it: unseen
networks, those of the test split, show whether the autoencoder generalises."""

_LATENTS = """\
The two directions in which the training rows' latents spread most, by the autoencoder with LWLN, checkpoint
`{selection}`. A thin line joins the epochs of a network. Populations are where the autoencoder puts their weights."""

_ROWS = """\
What the autoencoders learnt from: networks at an epoch. One is left out where a weight is not finite, or too large:
beyond ±{threshold:g}. `results/rows/` lists each, with its largest weight."""

_LEARNT = """\
Autoencoders at their two checkpoints: where the reconstruction error of all validation rows was lowest, as in the
paper, and at the end of training. One that generalises does to validation networks, which it never saw, what it does to
training networks; one that memorises does not.

- Autoencoder: `lwln`, with layer-wise loss normalisation; `plain`, without; `aligned`, with it, of aligned networks.
- Error: mean squared, with `plain` as it is, else relative to the variance of each layer. R²: 1 - loss / loss of
  predicting the mean of the training rows. Of rows as they are, all of the validation split and as many of training.
- Networks: accuracy on test images in %, mean over the networks of a split of the zoo after epoch {epoch}: as they are
  → when the autoencoder has encoded and decoded them."""

_OWN = """\
Of images in ten classes. Networks on images of your own have as many inputs as these have channels, and as many outputs
as classes."""

_ORDERS = {
    "paired": "orders of the images that the k-th networks of all populations share",
    "shared": "one order of the images for all networks",
}


def tables_page(
    config: TablesSlice,
    cells: pd.DataFrame,
    rows: pd.DataFrame,
    history: pd.DataFrame,
    reconstructions: pd.DataFrame,
    novelty: pd.DataFrame,
    figures: list[str],
) -> str:
    """results/tables.md.

    cells: of Tables 1, 2 and 5 in long form. rows, history, reconstructions: of all autoencoders. novelty: of the
    populations of all sources. figures: paths as seen from the page, each shown where one of its name belongs.
    """
    epoch, confidence = config.hyperrep.zoo_epochs[-1], 100 * config.bootstrap.confidence
    parts = ["# Tables", *_head(config), _FILES.format(confidence=confidence)]
    if cells.published.notna().any():
        parts.append(_PAPER)
    for name, title in _TITLES.items():
        of_table = cells[cells.table == name]
        if len(of_table):
            parts += [f"## {title}", _caption(config, name)]
            parts.append(_markdown(table(of_table, last=config.finetuning.epochs, control=False)))
            parts += [_CONTROLS, _markdown(table(of_table, last=config.finetuning.epochs, control=True))]
    parts += ["## Learning curves", _CURVES.format(confidence=confidence), *_shown(figures, "curves")]
    parts += ["## Rows", _legend(config)]
    parts += ["## Novelty", _NOVELTY.format(epoch=epoch)]
    for source in config.sources:
        parts += [f"### {source}", _markdown(novelty_table(novelty[novelty.zoo == source]))]
    parts += ["### Accuracy against novelty", _AGAINST.format(confidence=confidence, epoch=epoch)]
    parts += _shown(figures, "novelty")
    parts += ["## At equal novelty", _EQUAL.format(confidence=confidence)]
    for name, of_column in cells.groupby("column", sort=False):
        parts += [f"### {name}", _markdown(equal_novelty_table(of_column, shown_epochs(config.finetuning.epochs)))]
    parts += ["## Autoencoders", _LEARNT.format(epoch=epoch)]
    parts.append(_markdown(hyperreps_that_were_run(config, history, reconstructions)))
    parts += _shown(figures, "learning")
    selection = config.sampling.selection
    parts += ["### Figure 2: weights and accuracies", _WEIGHTS.format(epoch=epoch, selection=selection)]
    parts += _shown(figures, "weights")
    parts += ["### Latents", _LATENTS.format(selection=selection), *_shown(figures, "latents")]
    parts += ["## Table 3: the networks of the zoos", *_networks(config)]
    parts += ["## Table 4: the zoos", _markdown(table4(config))]
    parts += ["## What else was run", _ROWS.format(threshold=config.hyperrep.weight_threshold)]
    parts.append(_markdown(rows_that_were_used(config, rows)))
    parts.append(
        f"{config.sampling.networks} networks a population, kernel bandwidth {config.sampling.bandwidth},"
        f" {config.finetuning.epochs} epochs of fine-tuning with a fresh optimiser and"
        f" {_ORDERS[config.finetuning.orders]}."
    )
    return "\n\n".join(parts) + "\n"


def recipe_in_words(finetuning: Finetuning) -> str:
    """Whose recipe, and whose activation where that is another's, networks have on another data set."""
    said = f"the {finetuning.recipe}'s recipe"
    own = finetuning.activation in ("recipe", finetuning.recipe)
    return said if own else f"{said} but the {finetuning.activation}'s activation"


def _shown(figures: list[str], name: str) -> list[str]:
    return [f"![{path}]({path})" for path in figures if PurePath(path).stem == name]


def _head(config: TablesSlice) -> list[str]:
    if not config.differences:
        return [_COMPARABLE]
    return [_NOT_COMPARABLE, "\n".join(f"- {line}" for line in config.differences)]


def _caption(config: TablesSlice, name: str) -> str:
    recipe = recipe_in_words(config.finetuning)
    said = _CAPTION.format(
        transfer="" if name == "1" else f", of a source's networks on a target's images with {recipe}",
        comparable=" **Not comparable with the paper's, see the top.**" if config.differences else "",
        selection=config.sampling.selection,
    )
    return fill(said, 120, break_on_hyphens=False)


def _legend(config: TablesSlice) -> str:
    controls = (f"  - `{name}`: {what.format(**config.controls.model_dump())}." for name, what in CONTROLS.items())
    epoch = config.hyperrep.zoo_epochs[-1]
    said = {"best": config.sampling.best, "epoch": epoch, "mixed": config.alignment.mixed}
    return _LEGEND.format(controls="\n".join(controls), **said)


def _networks(config: TablesSlice) -> list[str]:
    channels = {data_set.channels for data_set in config.data_sets.values() if not data_set.own} or {1}
    activations = dict.fromkeys(zoo.recipe.activation for zoo in config.zoos.values())
    said = [_OWN] if any(data_set.own for data_set in config.data_sets.values()) else []
    return [*said, _markdown(table3(sorted(channels), list(activations)))]


def _markdown(frame: pd.DataFrame) -> str:
    return frame.to_markdown(index=False, disable_numparse=True)
