"""The jobs of a run that take most of its time, and what each takes on a core.

Times are by the rates of one core of the machine of `docs/performance.md`; on two thirds of the speed they are half as
long again. What is not here takes seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from hyperpipe.cnn import Architecture
from hyperpipe.config import Config, finetunings, shards
from hyperpipe.cost.flop import FORWARD, nominal_flop, update_flop
from hyperpipe.images.settings import channels
from hyperpipe.sampling.controls import control_names
from hyperpipe.sampling.settings import OF_WEIGHTS, POPULATIONS, STANDARD_INITS
from hyperpipe.sampling.weights import sampler_names

IMAGES_A_SECOND = {1: 199_362, 3: 109_070}  # trained by `native`, by channels (hyperpipe bench population)
HYPERREP_FLOP_A_SECOND = 150e9  # in float32: 135 to 160 at the released size, up to 200 at the small ones
FLOW_UPDATES_A_SECOND = 280  # learned of 700 networks; of 300 they are 500, of 100 620
PREDICTIONS_A_SECOND = 33_000  # of the novelty stage, which goes through `stacked`
PAIRS_A_SECOND = 4_000  # of networks, whose hidden units are matched
START = 3.0  # seconds of every job


@dataclass(frozen=True)
class Job:
    """count: of what is said in `UNITS`. flop: as nominally counted, of trainings alone. seconds: on one core."""

    stage: str
    count: int
    flop: float
    seconds: float


UNITS = {
    "zoo_shard": "training images",
    "hyperrep": "updates",
    "weights": "updates",
    "finetune": "training images",
    "novelty": "pairs",
}


def jobs(config: Config) -> list[Job]:
    """All of them, in the order of the workflow."""
    found = [shard_job(config, name, shard) for name, zoo in config.zoos.items() for shard in shards(zoo)]
    found += [hyperrep_job(config, name) for name in config.sources for _ in config.autoencoders()]
    found += [weights_job(config) for _ in config.sources if config.alignment.flows]
    found += [finetune_job(config, *run) for run in finetunings(config)]
    return found + [novelty_job(config, name) for name in config.sources]


def shard_job(config: Config, zoo: str, shard: str) -> Job:
    first, last = map(int, shard.split("-"))
    return _training("zoo_shard", config, zoo, last - first + 1, config.zoos[zoo].epochs)


def finetune_job(config: Config, zoo: str, population: str, target: str) -> Job:
    networks = _networks(config, zoo, population)
    return _training("finetune", config, target, networks, config.finetuning.epochs)


def hyperrep_job(config: Config, zoo: str) -> Job:
    """Of any autoencoder. Networks that are left out (`weight_threshold`) are unknown before and counted in."""
    settings = config.hyperrep
    rows = config.split.counts(config.zoos[zoo].networks)[0] * len(settings.zoo_epochs)
    updates = rows // settings.batch_size * settings.epochs
    flop = float(updates * update_flop(Architecture(_channels(config, zoo)), settings))
    return Job("hyperrep", updates, flop, START + flop / HYPERREP_FLOP_A_SECOND)


def weights_job(config: Config) -> Job:
    """Of flows; whatever else is sampled among weights takes no time."""
    updates = sum(config.alignment.flows)
    return Job("weights", updates, math.nan, START + updates / FLOW_UPDATES_A_SECOND)


def novelty_job(config: Config, zoo: str) -> Job:
    """Every network of every population beside every training network, and beside the others of its population."""
    train, _, test = config.split.counts(config.zoos[zoo].networks)
    stores = [*config.populations(), "B_F", "controls", "scratch"]
    sizes = [test, *(_networks(config, zoo, store) for store in stores)]
    alike = (min(networks, config.sampling.networks) for networks in sizes[1:])  # of one sampler
    pairs = sum(sizes) * train + sum(
        networks * (each - 1) // 2 for networks, each in zip(sizes, (test, *alike), strict=True)
    )
    predictions = 2 * sum(sizes) * config.images[config.zoos[zoo].images].test
    return Job("novelty", pairs, math.nan, START + pairs / PAIRS_A_SECOND + predictions / PREDICTIONS_A_SECOND)


def minutes(job: Job) -> int:
    """To ask a cluster for: four times what it takes on the core that was measured, and 20."""
    return 20 + math.ceil(4 * job.seconds / 60)


def _training(stage: str, config: Config, zoo: str, networks: int, epochs: int) -> Job:
    """On the images of a zoo; all of them are looked at before the first epoch and after each."""
    images, colours = config.images[config.zoos[zoo].images], _channels(config, zoo)
    trained = networks * epochs * images.train
    looked_at = networks * ((epochs + 1) * (images.validation + images.test) + images.train)
    equivalent = trained + FORWARD * looked_at
    rate = IMAGES_A_SECOND[3 if colours == 3 else 1]
    return Job(stage, trained, equivalent * nominal_flop(Architecture(colours)), START + equivalent / rate)


def _networks(config: Config, zoo: str, population: str) -> int:
    """Of a store of populations."""
    sampling = config.sampling
    if population in POPULATIONS:
        return sampling.networks * (len(sampling.samplers) + 1)  # and reconstructions
    if population == OF_WEIGHTS:
        return sampling.networks * len(sampler_names(config.alignment))
    if population == "B_F":
        return min(sampling.networks, config.split.counts(config.zoos[zoo].networks)[0])
    return sampling.networks * len({"controls": control_names(config.controls), "scratch": STANDARD_INITS}[population])


def _channels(config: Config, zoo: str) -> int:
    """Of images; three where their files alone say so."""
    return channels(config.images[config.zoos[zoo].images]) or 3
