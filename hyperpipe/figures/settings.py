"""What the figures may see of the configuration."""

from __future__ import annotations

from hyperpipe.hyperrep.settings import AutoencoderName, Selection
from hyperpipe.settings import Model, Name


class LearningSlice(Model):
    zoo: Name
    autoencoder: AutoencoderName


class FigureSlice(Model):
    """Of all figures of a source zoo."""

    zoo: Name
    targets: list[Name]
    epoch: int  # the last that the autoencoders learn from
    selection: Selection
