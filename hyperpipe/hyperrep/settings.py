"""Settings of hyper-representations (protocol §3)."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from hyperpipe.hyperrep.presets import PRESETS
from hyperpipe.settings import Count, Epoch, Model, Name, with_preset

Loss = Literal["lwln", "plain"]  # layer-wise loss normalisation, or the plain mean squared error
AutoencoderName = Literal["lwln", "plain", "aligned"]
# Autoencoders of a zoo: their loss, and whether they learn of its networks in one frame. The first two are the paper's.
AUTOENCODERS: dict[AutoencoderName, tuple[Loss, bool]] = {
    "lwln": ("lwln", False),
    "plain": ("plain", False),
    "aligned": ("lwln", True),
}
OF_PAPER: tuple[AutoencoderName, ...] = ("lwln", "plain")
Selection = Literal["best_validation", "last"]  # which of the two checkpoints
Precision = Literal["float32", "tf32", "bfloat16"]
SAVING = "10 minutes"
REASONS = ("not finite", "too large")  # why a row, a network at an epoch, is left out


def interval(text: str) -> tuple[int, str]:
    """``10 minutes`` → 10, ``minute``. Raises ValueError where it is no number of minutes or epochs."""
    found = re.fullmatch(r"([1-9]\d*) (minute|epoch)s?", text)
    if found is None:
        raise ValueError(f"{text!r} is refused, it must be like 10 minutes or 50 epochs")
    return int(found[1]), found[2]


def _an_interval(text: str) -> str:
    interval(text)
    return text


class HyperRep(Model):
    """The autoencoder over weights and its training; the defaults are the released MNIST values (protocol §3)."""

    preset: Literal[*PRESETS] | None = Field(
        None, exclude=True, description="an autoencoder by name, whose values stand where none are set"
    )
    zoo_epochs: list[Epoch] = Field(
        [21, 22, 23, 24, 25], min_length=1, description="the zoo's epochs it learns from, among each zoo's keep_epochs"
    )
    weight_threshold: float = Field(5.0, gt=0, description="a network with a larger |weight| at an epoch is left out")
    width: Count = Field(1428, description="of a token, a multiple of heads")
    heads: Count = Field(12, description="attention heads of a block")
    feed_forward: Count = Field(1380, description="hidden units of a block's feed-forward part")
    encoder_blocks: Count = Field(2, description="transformer blocks of the encoder")
    decoder_blocks: Count = Field(2, description="transformer blocks of the decoder")
    dropout: float = Field(0.1, ge=0, lt=1, description="in every block")
    latent: Count = Field(700, description="dimensions of an embedding")
    projection_layers: Count = Field(4, description="hidden layers of the projection head, for the contrast")
    projection_width: Count = Field(400, description="units of each of these")
    projection_outputs: Count = Field(50, description="dimensions in which views are contrasted")
    projection_norm: bool = Field(False, description="batch norm after each of its hidden layers too")
    permute: bool = Field(True, description="views are permuted at random, which leaves their function as it is")
    permutation_pool: Count | None = Field(
        None, description="as released, permutations are drawn once and views take one of so many; else each its own"
    )
    erase_probability: float = Field(0.5, ge=0, le=1, description="share of views in which a block is set to zero")
    erase_shares: tuple[float, float] = Field(
        (0.02, 0.33), strict=False, description="the least and the largest share of a view that is set to zero"
    )
    target: Literal["view", "clean"] = Field(
        "view", description="what is to be reconstructed: the view, erased as it is (released), or without the erasing"
    )
    contrast: Literal["nt_xent", "released"] = Field(
        "nt_xent", description="the contrastive loss; `released` pulls the cosine of two views of a network to zero"
    )
    beta: float = Field(
        0.9004, gt=0, le=1, description="weight of the reconstruction, the contrast has the rest; 1: no contrast"
    )
    temperature: float = Field(0.1, gt=0, description="of the contrastive loss: cosines are divided by it")
    epochs: Count = Field(1750, description="training epochs of the autoencoder")
    batch_size: int = Field(500, ge=2, description="rows of a step, a row being a network at an epoch")
    learning_rate: float = Field(1e-4, gt=0, description="of Adam, at its highest")
    weight_decay: float = Field(1e-9, ge=0, description="of Adam")
    precision: Precision = Field(
        "float32",
        description="of the matrix products of a training step; `tf32` on CUDA devices, `bfloat16` also on CPUs that"
        " have it; all else is float32",
    )
    schedule: Literal["plateau", "warmup_cosine"] = Field(
        "plateau",
        description="of the learning rate: times 0.3 after 10 epochs in which the training loss did not fall"
        " (released), or up from zero, then down to zero along a cosine, for short runs",
    )
    warmup: float = Field(0.05, ge=0, lt=1, description="share of the updates in which `warmup_cosine` goes up")
    check_every: Count = Field(
        5, description="epochs from one look at training and validation rows to the next; checkpoints are chosen there"
    )
    early_stopping: Count | None = Field(
        None, description="training stops after so many epochs without a lower validation error; else at `epochs`"
    )
    saving: Annotated[str, AfterValidator(_an_interval)] = Field(
        SAVING,
        exclude=True,  # it changes no result, so it is in no slice
        description="how often a training under way is saved, to go on from there after a kill: `50 epochs`, say",
    )

    @model_validator(mode="before")
    @classmethod
    def _preset(cls, data: Any) -> Any:
        return with_preset(data, PRESETS)

    @model_validator(mode="after")
    def _fits(self) -> HyperRep:
        if self.width % self.heads:
            raise ValueError(f"width: {self.width} is not a multiple of {self.heads} heads")
        if sorted(set(self.zoo_epochs)) != self.zoo_epochs:
            raise ValueError("zoo_epochs: must ascend")
        if not 0 <= self.erase_shares[0] <= self.erase_shares[1] < 1:
            raise ValueError("erase_shares: must be two shares, ascending, between 0 and 1")
        return self


class RowsSlice(Model):
    zoo: Name
    zoo_epochs: list[int]
    weight_threshold: float


class HyperRepSlice(Model):
    seed: int
    zoo: Name
    autoencoder: AutoencoderName
    loss: Loss
    hyperrep: HyperRep
    device: Literal["auto", "cpu", "cuda"]
