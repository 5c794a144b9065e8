"""How a run differs from the paper's: what stands at the head of its tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hyperpipe.evaluation.settings import Finetuning
from hyperpipe.hyperrep.settings import HyperRep
from hyperpipe.images.settings import Images, Standard
from hyperpipe.results.published import NETWORKS, TABLE_4
from hyperpipe.sampling.settings import Sampling
from hyperpipe.zoo.settings import Split, Zoo

if TYPE_CHECKING:
    from hyperpipe.config import Config

# What does not decide what a number says: where files are, how work is cut, what stands beside it, who meets which
# order of the images.
_NO_MATTER = {"folder", "download", "shard", "images", "keep_epochs", "samplers", "orders"}


def differences(config: Config) -> list[str]:
    """A line a part of the configuration that is not the paper's, keys and values; none: all is as in the paper.

    The defaults of the settings are the paper's, presets of zoos its Table 4. Where paper and released code differ,
    either is as in the paper.
    """
    lines = [_of_zoo(name, zoo, config.images[zoo.images]) for name, zoo in config.zoos.items()]
    released = HyperRep.model_validate({"preset": "released"})
    for title, part, papers in (
        ("split", config.split, [Split()]),
        ("hyperrep", config.hyperrep, [HyperRep(), released]),
        ("sampling", config.sampling, [Sampling()]),
        ("finetuning", config.finetuning, [Finetuning()]),
    ):
        lines.append(_line(title, list(_changed(part.model_dump(), *(paper.model_dump() for paper in papers)))))
    return list(filter(None, lines))


def _of_zoo(name: str, zoo: Zoo, images: Images) -> str:
    if images.source not in TABLE_4:
        return f"`zoos.{name}`: on images that the paper has none of ({images.source})"
    changed = []
    if isinstance(images, Standard):
        changed += _changed(images.model_dump(), Standard(source=images.source).model_dump())
    presets = [images.source, "usps_script"] if images.source == "usps" else [images.source]
    papers = (Zoo.model_validate({"preset": p, "images": zoo.images, "networks": NETWORKS}) for p in presets)
    changed += _changed(zoo.model_dump(), *(paper.model_dump() for paper in papers))
    return _line(f"zoos.{name}", changed)


def _line(title: str, changed: list[str]) -> str:
    return f"`{title}`: {', '.join(changed)}" if changed else ""


def _changed(here: dict[str, Any], *papers: dict[str, Any], within: str = "") -> Iterator[str]:
    """``width 208 instead of 1428`` for each value that none of the paper's readings has."""
    for key, value in here.items():
        if key in _NO_MATTER:
            continue
        theirs = [paper[key] for paper in papers]
        if isinstance(value, dict):
            yield from _changed(value, *theirs, within=f"{within}{key}.")
        elif value not in theirs:
            yield f"{within}{key} {_said(value)} instead of {_said(theirs[0])}"


def _said(value: Any) -> str:
    """As YAML has it, numbers without a trailing nought."""
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)
