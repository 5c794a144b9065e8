"""config.yaml as a whole, and the slice of it that each stage may see.

Each room has the models of its part in its own settings.py, defaults included. A stage never reads the configuration
file: its rule hands it a slice, so that Snakemake reruns it when that slice changes and only then. No stage imports
this file, so that a new key of one part is no change of the code of another.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from hyperpipe.alignment.settings import Alignment, AlignSlice, Samples, WeightsSlice
from hyperpipe.evaluation.settings import (
    AccuraciesSlice,
    Bootstrap,
    FinetuneSlice,
    Finetuning,
    NoveltySlice,
    ReconstructionsSlice,
)
from hyperpipe.figures.settings import FigureSlice, LearningSlice
from hyperpipe.hyperrep.settings import AUTOENCODERS, OF_PAPER, AutoencoderName, HyperRep, HyperRepSlice, RowsSlice
from hyperpipe.images.settings import Images, ImagesSlice, Own, channels
from hyperpipe.results.differences import differences
from hyperpipe.results.settings import DataSet, FidelitySlice, TablesSlice
from hyperpipe.sampling.samplers import check_samplers
from hyperpipe.sampling.settings import (
    ANCHORS_OF_CONTROLS,
    POPULATIONS,
    SAMPLED,
    TRANSFERRED,
    Controls,
    ControlsSlice,
    PopulationSlice,
    PretrainedSlice,
    Sampling,
    ScratchSlice,
)
from hyperpipe.settings import Model, Name
from hyperpipe.validation import validated
from hyperpipe.zoo.settings import ShardSlice, Split, Training, Zoo, ZooSlice


class Config(Model):
    """The whole of config.yaml."""

    seed: int = Field(0, ge=0, description="the root of all randomness")
    images: dict[Name, Images] = Field(min_length=1)
    zoos: dict[Name, Zoo] = Field(min_length=1)
    sources: dict[Name, list[Name] | Literal["others"]] = Field(
        description="the zoos that hyper-representations are learnt of, each with the zoos it is transferred to;"
        " `others`: to every other one on images of as many channels",
        min_length=1,
    )
    split: Split = Split()
    hyperrep: HyperRep = HyperRep()
    sampling: Sampling = Sampling()
    alignment: Alignment = Alignment()
    controls: Controls = Controls()
    finetuning: Finetuning = Finetuning()
    bootstrap: Bootstrap = Bootstrap()
    training: Training = Training()

    @model_validator(mode="after")
    def _parts_fit(self) -> Config:
        for name, zoo in self.zoos.items():
            if zoo.images not in self.images:
                raise ValueError(f"zoos.{name}.images: there is no data set {zoo.images!r} under images")
            try:
                self.split.counts(zoo.networks)
            except ValueError as error:
                raise ValueError(f"zoos.{name}.networks: {error}") from None
        for source, targets in self.sources.items():
            self._check_source(source, [] if targets == "others" else targets)
        check_samplers(self.sampling.samplers)
        return self

    def _check_source(self, source: str, named: list[str]) -> None:
        for zoo in (source, *named):
            if zoo not in self.zoos:
                raise ValueError(f"sources.{source}: there is no zoo {zoo!r} under zoos")
        if source in named or len(set(named)) < len(named):
            raise ValueError(f"sources.{source}: each zoo that it is transferred to is another one, named once")
        for epoch in self.hyperrep.zoo_epochs:
            if epoch not in self.zoos[source].keep_epochs:
                raise ValueError(f"hyperrep.zoo_epochs: epoch {epoch} is not among zoos.{source}.keep_epochs")
        networks, epochs = self.split.counts(self.zoos[source].networks)[0], len(self.hyperrep.zoo_epochs)
        if networks * epochs < self.hyperrep.batch_size:
            said = (
                f"{networks} networks to train at {epochs} epochs are too few for a batch of {self.hyperrep.batch_size}"
            )
            raise ValueError(f"sources.{source}: {said}; lower hyperrep.batch_size or raise zoos.{source}.networks")
        if networks < self.alignment.mixed:
            said = f"{self.alignment.mixed} networks cannot be mixed of the {networks} of {source} to train; lower it"
            raise ValueError(f"alignment.mixed: {said}")
        known = self._channels()
        for zoo in named:
            if None not in (known[source], known[zoo]) and known[source] != known[zoo]:
                said = f"its images and those of {zoo} have {known[source]} and {known[zoo]} channels"
                raise ValueError(f"sources.{source}: {said}; take {zoo} out")
        if self.sources[source] == "others" and None in known.values():
            images = next(self.zoos[zoo].images for zoo in known if known[zoo] is None)
            said = f"images.{images}.colour leaves open whether they have as many channels; set it to grey or rgb"
            raise ValueError(f"sources.{source}: others: {said}, or name the zoos")

    def _channels(self) -> dict[str, int | None]:
        return {name: channels(self.images[zoo.images]) for name, zoo in self.zoos.items()}

    def transfers(self) -> dict[str, list[str]]:
        """The zoos that each source is transferred to, by name."""
        known = self._channels()

        def others(source: str) -> list[str]:
            return [zoo for zoo in self.zoos if zoo != source and known[zoo] == known[source]]

        return {source: others(source) if zoos == "others" else zoos for source, zoos in self.sources.items()}

    def autoencoders(self) -> list[AutoencoderName]:
        """Those that are trained of each source."""
        return [name for name in AUTOENCODERS if name in OF_PAPER or self.alignment.autoencoder]

    def populations(self) -> list[str]:
        """What is sampled of each source, from its autoencoders and without."""
        return [name for name in SAMPLED if name not in POPULATIONS or POPULATIONS[name][0] in self.autoencoders()]


def load_config(data: dict[str, Any], where: str = "config.yaml") -> Config:
    """The configuration as Snakemake has read it from the file `where`. Raises HyperpipeError for the first mistake."""
    return validated(Config, data, where)


def images_slice(config: Config, name: str) -> ImagesSlice:
    return ImagesSlice(seed=config.seed, name=name, images=config.images[name])


def shard_slice(config: Config, name: str) -> ShardSlice:
    zoo = config.zoos[name]
    kept = {key: getattr(zoo, key) for key in ("epochs", "keep_epochs", "init", "recipe")}
    return ShardSlice(seed=config.seed, name=name, training=config.training, **kept)


def zoo_slice(config: Config, name: str) -> ZooSlice:
    return ZooSlice(seed=config.seed, name=name, split=config.split)


def rows_slice(config: Config, zoo: str) -> RowsSlice:
    kept = {key: getattr(config.hyperrep, key) for key in ("zoo_epochs", "weight_threshold")}
    return RowsSlice(zoo=zoo, **kept)


def hyperrep_slice(config: Config, zoo: str, autoencoder: AutoencoderName) -> HyperRepSlice:
    """Views of aligned networks are not permuted: that would take them out of their frame."""
    loss, aligned = AUTOENCODERS[autoencoder]
    settings = config.hyperrep.model_copy(update={"permute": False}) if aligned else config.hyperrep
    kept = {"autoencoder": autoencoder, "loss": loss, "hyperrep": settings}
    return HyperRepSlice(seed=config.seed, zoo=zoo, device=config.training.device, **kept)


def reconstructions_slice(config: Config, zoo: str, autoencoder: AutoencoderName) -> ReconstructionsSlice:
    """At the last of the epochs that the autoencoder learns from."""
    epoch, recipe = config.hyperrep.zoo_epochs[-1], config.zoos[zoo].recipe
    kept = {"autoencoder": autoencoder, "epoch": epoch, "recipe": recipe}
    return ReconstructionsSlice(zoo=zoo, training=config.training, **kept)


def learning_slice(zoo: str, autoencoder: AutoencoderName) -> LearningSlice:
    return LearningSlice(zoo=zoo, autoencoder=autoencoder)


def figure_slice(config: Config, zoo: str) -> FigureSlice:
    epoch, selection = config.hyperrep.zoo_epochs[-1], config.sampling.selection
    return FigureSlice(zoo=zoo, targets=config.transfers()[zoo], epoch=epoch, selection=selection)


def population_slice(config: Config, zoo: str, population: str) -> PopulationSlice:
    anchors = POPULATIONS[population][1]
    return PopulationSlice(seed=config.seed, zoo=zoo, population=population, anchors=anchors, sampling=config.sampling)


def align_slice(config: Config, zoo: str) -> AlignSlice:
    """At the last of the epochs that the autoencoder learns from."""
    kept = {key: getattr(config.alignment, key) for key in ("signs", "restarts")}
    epoch, activation = config.hyperrep.zoo_epochs[-1], config.zoos[zoo].recipe.activation
    return AlignSlice(seed=config.seed, zoo=zoo, epoch=epoch, activation=activation, **kept)


def weights_slice(config: Config, zoo: str) -> WeightsSlice:
    kept = {key: getattr(config.alignment, key) for key in Samples.model_fields}
    epoch, networks = config.hyperrep.zoo_epochs[-1], config.sampling.networks
    return WeightsSlice(seed=config.seed, zoo=zoo, epoch=epoch, networks=networks, **kept)


def controls_slice(config: Config, zoo: str) -> ControlsSlice:
    anchors = POPULATIONS[ANCHORS_OF_CONTROLS][1]
    kept = {key: getattr(config.sampling, key) for key in ("best", "networks", "selection")}
    return ControlsSlice(seed=config.seed, zoo=zoo, anchors=anchors, controls=config.controls, **kept)


def pretrained_slice(config: Config, zoo: str) -> PretrainedSlice:
    """B_F: as the autoencoder's training rows at its last epoch (protocol §5)."""
    return PretrainedSlice(zoo=zoo, epoch=config.hyperrep.zoo_epochs[-1], networks=config.sampling.networks)


def scratch_slice(config: Config, zoo: str) -> ScratchSlice:
    return ScratchSlice(seed=config.seed, zoo=zoo, networks=config.sampling.networks)


def finetune_slice(config: Config, zoo: str, population: str, target: str) -> FinetuneSlice:
    return FinetuneSlice(
        seed=config.seed,
        zoo=zoo,
        population=population,
        target=target,
        recipe=config.finetuning.recipe_on(config.zoos[zoo].recipe, config.zoos[target].recipe),
        epochs=config.finetuning.epochs,
        orders=config.finetuning.orders,
        training=config.training,
    )


def novelty_slice(config: Config, zoo: str) -> NoveltySlice:
    """Training networks are told apart at the last of the epochs that the autoencoder learns from."""
    epoch, recipe = config.hyperrep.zoo_epochs[-1], config.zoos[zoo].recipe
    kept = {"selection": config.sampling.selection, "autoencoders": config.autoencoders()}
    return NoveltySlice(zoo=zoo, epoch=epoch, recipe=recipe, **kept)


def accuracies_slice(config: Config) -> AccuraciesSlice:
    return AccuraciesSlice(seed=config.seed, bootstrap=config.bootstrap)


def tables_slice(config: Config) -> TablesSlice:
    parts = ("zoos", "hyperrep", "sampling", "alignment", "controls", "finetuning", "bootstrap")
    kept = {key: getattr(config, key) for key in parts}
    images = {name: config.images[zoo.images] for name, zoo in config.zoos.items()}
    data_sets = {
        name: DataSet(source=of_zoo.source, channels=channels(of_zoo), own=isinstance(of_zoo, Own))
        for name, of_zoo in images.items()
    }
    found = differences(config)
    kept |= {"sources": config.transfers(), "autoencoders": config.autoencoders()}
    return TablesSlice(data_sets=data_sets, differences=found, **kept)


def fidelity_slice(config: Config) -> FidelitySlice:
    return FidelitySlice(zoos={name: config.images[zoo.images].source for name, zoo in config.zoos.items()})


def finetunings(config: Config) -> list[tuple[str, str, str]]:
    """What is fine-tuned: (zoo, population, target), each a job."""
    sampled = config.populations()
    own = [(zoo, population, zoo) for zoo in config.sources for population in (*sampled, "controls")]
    transferred = [
        (source, population, target)
        for source, targets in config.transfers().items()
        for population in TRANSFERRED
        if population in (*sampled, "B_F", "controls")
        for target in targets
    ]
    return own + transferred + [(zoo, "scratch", zoo) for zoo in config.zoos]


def shards(zoo: Zoo) -> list[str]:
    """The seed ranges of a zoo's jobs, ``0001-0032`` …; a zoo that grows by whole shards keeps its first ones."""
    starts = range(1, zoo.networks + 1, zoo.shard)
    return [f"{first:04d}-{min(first + zoo.shard - 1, zoo.networks):04d}" for first in starts]
