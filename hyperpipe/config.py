"""config.yaml as pydantic models, one per part, and the slice of it that each stage may see.

Unknown keys are refused; every default is written here and nowhere else. A stage never reads the configuration file:
its rule hands it a slice, so that Snakemake reruns it when that slice changes and only then.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hyperpipe.cnn import Activation, Init
from hyperpipe.errors import HyperpipeError

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Count = Annotated[int, Field(ge=1)]
Loss = Literal["lwln", "plain"]  # layer-wise loss normalisation, or the plain mean squared error
Anchors = Literal["all", "best"]
# The paper's sampled populations: the loss of their autoencoder and their anchors among the training networks.
POPULATIONS: dict[str, tuple[Loss, Anchors]] = {
    "B_KDE30": ("plain", "best"),
    "S_KDE": ("lwln", "all"),
    "S_KDE30": ("lwln", "best"),
}
# What is fine-tuned on other data sets: the zoo's own networks and, as in the paper's Table 2, one sampled population.
TRANSFERRED = ("B_F", "S_KDE30")


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


M = TypeVar("M", bound=Model)


class Embedded(Model):
    """Images that need no download: ``digits`` (UCI handwritten, 1797) or ``printed`` (drawn from fonts)."""

    source: Literal["digits", "printed"]
    train: Count = Field(description="training images")
    validation: Count
    test: Count


class Mnist(Model):
    """MNIST from its four idx files, plain or .gz; 50,000 / 10,000 / 10,000 in the paper (protocol §1.4)."""

    source: Literal["mnist"]
    folder: str = Field(description="where the four idx files are")
    train: Count = 50_000
    validation: Count = 10_000
    test: Count = 10_000


Images = Annotated[Embedded | Mnist, Field(discriminator="source")]


class Recipe(Model):
    """How a network of a zoo is trained (protocol §1.3, Table 4)."""

    activation: Activation = "tanh"
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(0.0, ge=0, description="coupled L2, as in torch's Adam")
    batch_size: Count = 10
    beta1: float = Field(0.9, ge=0, lt=1)
    beta2: float = Field(0.999, ge=0, lt=1)
    epsilon: float = Field(1e-8, gt=0)


class Zoo(Model):
    images: Name = Field(description="the data set, a key of `images`")
    networks: Count = Field(description="networks, with seeds 1, 2, …")
    shard: Count = Field(32, description="networks trained in one job")
    epochs: Count
    keep_epochs: list[Annotated[int, Field(ge=0)]] = Field(
        [21, 22, 23, 24, 25], description="epochs whose weights are kept, for the autoencoder", min_length=1
    )
    init: Init = "uniform"
    recipe: Recipe

    @model_validator(mode="after")
    def _kept_epochs_are_trained(self) -> Zoo:
        if max(self.keep_epochs) > self.epochs:
            raise ValueError(f"keep_epochs: epoch {max(self.keep_epochs)} is not among the {self.epochs} trained ones")
        if sorted(set(self.keep_epochs)) != self.keep_epochs:
            raise ValueError("keep_epochs: must ascend")
        return self


class Split(Model):
    """Shares of a zoo's networks; the rest is the test split (protocol §2)."""

    train: float = Field(0.70, gt=0, lt=1)
    validation: float = Field(0.15, gt=0, lt=1)

    @model_validator(mode="after")
    def _leaves_a_test_split(self) -> Split:
        if self.train + self.validation >= 1:
            raise ValueError("train + validation must leave a test split")
        return self


class HyperRep(Model):
    """The autoencoder over weights and its training; the defaults are the released MNIST values (protocol §3)."""

    zoo_epochs: list[Annotated[int, Field(ge=0)]] = Field(
        [21, 22, 23, 24, 25], min_length=1, description="the zoo's epochs it learns from, among each zoo's keep_epochs"
    )
    weight_threshold: float = Field(5.0, gt=0, description="a network with a larger |weight| at an epoch is left out")
    width: Count = 1428
    heads: Count = 12
    feed_forward: Count = 1380
    encoder_blocks: Count = 2
    decoder_blocks: Count = 2
    dropout: float = Field(0.1, ge=0, lt=1)
    latent: Count = 700
    projection_layers: Count = 4
    projection_width: Count = 400
    projection_outputs: Count = 50
    permute: bool = Field(True, description="views are permuted at random, which leaves their function as it is")
    erase_probability: float = Field(0.5, ge=0, le=1, description="of a view to have a block zeroed")
    erase_shares: tuple[float, float] = Field((0.02, 0.33), strict=False, description="the block's least and most")
    beta: float = Field(0.9004, gt=0, le=1, description="of the reconstruction; 1: no contrast, one view")
    temperature: float = Field(0.1, gt=0, description="of NT-Xent")
    epochs: Count = 1750
    batch_size: Annotated[int, Field(ge=2)] = 500
    learning_rate: float = Field(1e-4, gt=0)
    weight_decay: float = Field(1e-9, ge=0)
    selection: Literal["best_validation", "last"] = Field(
        "best_validation", description="the checkpoint that embeds and decodes; both are kept"
    )

    @model_validator(mode="after")
    def _fits(self) -> HyperRep:
        if self.width % self.heads:
            raise ValueError(f"width: {self.width} is not a multiple of {self.heads} heads")
        if sorted(set(self.zoo_epochs)) != self.zoo_epochs:
            raise ValueError("zoo_epochs: must ascend")
        if not 0 <= self.erase_shares[0] <= self.erase_shares[1] < 1:
            raise ValueError("erase_shares: must be two shares, ascending, between 0 and 1")
        return self


class Sampling(Model):
    """Populations sampled from a hyper-representation (paper, section 3; protocol §4)."""

    networks: Count = Field(150, description="of each population")
    bandwidth: float = Field(0.002, gt=0, description="of the kernel density, in latent units")
    best: float = Field(0.3, gt=0, lt=1, description="share of the anchors, by test accuracy, of S_KDE30 and B_KDE30")


class Finetuning(Model):
    epochs: Count = Field(25, description="fine-tuning epochs of every population")


class Training(Model):
    """Which back end trains networks, and on what."""

    backend: Literal["stacked", "reference"] = "stacked"


class Config(Model):
    """The whole of config.yaml."""

    seed: int = Field(0, ge=0, description="the root of all randomness")
    images: dict[Name, Images] = Field(min_length=1)
    zoos: dict[Name, Zoo] = Field(min_length=1)
    sources: dict[Name, list[Name]] = Field(
        description="the zoos that hyper-representations are learnt of, each with the zoos it is transferred to",
        min_length=1,
    )
    split: Split = Split()
    hyperrep: HyperRep = HyperRep()
    sampling: Sampling = Sampling()
    finetuning: Finetuning = Finetuning()
    training: Training = Training()

    @model_validator(mode="after")
    def _names_exist(self) -> Config:
        for source, targets in self.sources.items():
            for zoo in (source, *targets):
                if zoo not in self.zoos:
                    raise ValueError(f"sources.{source}: there is no zoo {zoo!r} under zoos")
            if source in targets or len(set(targets)) < len(targets):
                raise ValueError(f"sources.{source}: each zoo that it is transferred to is another one, named once")
            for epoch in self.hyperrep.zoo_epochs:
                if epoch not in self.zoos[source].keep_epochs:
                    raise ValueError(f"hyperrep.zoo_epochs: epoch {epoch} is not among zoos.{source}.keep_epochs")
        for name, zoo in self.zoos.items():
            if zoo.images not in self.images:
                raise ValueError(f"zoos.{name}.images: there is no data set {zoo.images!r} under images")
            train, validation = int(zoo.networks * self.split.train), int(zoo.networks * self.split.validation)
            if min(train, validation, zoo.networks - train - validation) < 1:
                raise ValueError(f"zoos.{name}.networks: {zoo.networks} networks are too few to split; use 7 or more")
        return self


# What each stage sees.


class ImagesSlice(Model):
    seed: int
    name: Name
    images: Images


class ShardSlice(Model):
    seed: int
    name: Name
    epochs: int
    keep_epochs: list[int]
    init: Init
    recipe: Recipe
    training: Training


class ZooSlice(Model):
    seed: int
    name: Name
    split: Split


class HyperRepSlice(Model):
    seed: int
    zoo: Name
    loss: Loss
    hyperrep: HyperRep


class PopulationSlice(Model):
    seed: int
    zoo: Name
    population: Name
    anchors: Anchors
    sampling: Sampling


class PretrainedSlice(Model):
    zoo: Name
    epoch: int
    weight_threshold: float
    networks: int


class ScratchSlice(Model):
    seed: int
    zoo: Name
    networks: int


class FinetuneSlice(Model):
    seed: int
    zoo: Name
    population: Name
    target: Name
    recipe: Recipe
    epochs: int
    training: Training


class TablesSlice(Model):
    seed: int
    zoos: dict[Name, Zoo]
    sources: dict[Name, list[Name]]
    hyperrep: HyperRep
    sampling: Sampling
    finetuning: Finetuning


def images_slice(config: Config, name: str) -> ImagesSlice:
    return ImagesSlice(seed=config.seed, name=name, images=config.images[name])


def shard_slice(config: Config, name: str) -> ShardSlice:
    zoo = config.zoos[name]
    kept = {key: getattr(zoo, key) for key in ("epochs", "keep_epochs", "init", "recipe")}
    return ShardSlice(seed=config.seed, name=name, training=config.training, **kept)


def zoo_slice(config: Config, name: str) -> ZooSlice:
    return ZooSlice(seed=config.seed, name=name, split=config.split)


def hyperrep_slice(config: Config, zoo: str, loss: Loss) -> HyperRepSlice:
    return HyperRepSlice(seed=config.seed, zoo=zoo, loss=loss, hyperrep=config.hyperrep)


def population_slice(config: Config, zoo: str, population: str) -> PopulationSlice:
    anchors = POPULATIONS[population][1]
    return PopulationSlice(seed=config.seed, zoo=zoo, population=population, anchors=anchors, sampling=config.sampling)


def pretrained_slice(config: Config, zoo: str) -> PretrainedSlice:
    """B_F: as the autoencoder's training rows at its last epoch (protocol §5)."""
    rows = config.hyperrep
    return PretrainedSlice(
        zoo=zoo,
        epoch=rows.zoo_epochs[-1],
        weight_threshold=rows.weight_threshold,
        networks=config.sampling.networks,
    )


def scratch_slice(config: Config, zoo: str) -> ScratchSlice:
    return ScratchSlice(seed=config.seed, zoo=zoo, networks=config.sampling.networks)


def finetune_slice(config: Config, zoo: str, population: str, target: str) -> FinetuneSlice:
    return FinetuneSlice(
        seed=config.seed,
        zoo=zoo,
        population=population,
        target=target,
        recipe=config.zoos[target].recipe,
        epochs=config.finetuning.epochs,
        training=config.training,
    )


def tables_slice(config: Config) -> TablesSlice:
    kept = {key: getattr(config, key) for key in ("zoos", "sources", "hyperrep", "sampling", "finetuning")}
    return TablesSlice(seed=config.seed, **kept)


def shards(zoo: Zoo) -> list[str]:
    """The seed ranges of a zoo's jobs, ``0001-0032`` …; a zoo that grows by whole shards keeps its first ones."""
    starts = range(1, zoo.networks + 1, zoo.shard)
    return [f"{first:04d}-{min(first + zoo.shard - 1, zoo.networks):04d}" for first in starts]


# Reading, with errors of one line.


def load_config(data: dict[str, Any]) -> Config:
    """The configuration as Snakemake has read it. Raises HyperpipeError for the first thing that is wrong."""
    return _validated(Config, data, "config.yaml")


def parse_slice(model: type[M], text: str) -> M:
    """A slice from a stage's ``--config``. Raises HyperpipeError."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise HyperpipeError(f"--config: not JSON ({error}); print the rule's command with snakemake -np") from None
    return _validated(model, data, "--config")


def _validated(model: type[M], data: Any, where: str) -> M:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        path = list(first["loc"])
        if path[0:1] == ["images"]:  # pydantic names the source of a data set as well, which is no key of the file
            tag = 2 if model is Config else 1
            del path[tag : tag + 1]
        raise HyperpipeError(f"{where}: {_explained(first, '.'.join(map(str, path)))}") from None


def _explained(error: Any, place: str) -> str:
    value, kind = error.get("input"), error["type"]
    if kind == "extra_forbidden":
        return f"{place}: there is no such key; see README.md for those that are"
    if kind == "missing":
        return f"{place}: is missing"
    if kind == "value_error":
        return f"{place}: {error['ctx']['error']}" if place else str(error["ctx"]["error"])
    if kind == "union_tag_invalid":
        context = error["ctx"]
        return f"{place}.source: there is no {context['tag']!r}; use one of {context['expected_tags']}"
    said = f"{place}: {value!r} is refused, {error['msg'][0].lower()}{error['msg'][1:]}"
    if isinstance(value, str) and kind in ("float_type", "int_type"):
        said += " (YAML reads 1e-3 as text: write 1.0e-3)"
    return said
