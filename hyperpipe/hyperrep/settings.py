"""Settings of hyper-representations (protocol §3)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hyperpipe.settings import Count, Epoch, Model, Name

Loss = Literal["lwln", "plain"]  # layer-wise loss normalisation, or the plain mean squared error


class HyperRep(Model):
    """The autoencoder over weights and its training; the defaults are the released MNIST values (protocol §3)."""

    zoo_epochs: list[Epoch] = Field(
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


class HyperRepSlice(Model):
    seed: int
    zoo: Name
    loss: Loss
    hyperrep: HyperRep
