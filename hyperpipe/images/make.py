"""A data set from its settings."""

from __future__ import annotations

from hyperpipe.images.image_set import ImageSet
from hyperpipe.images.settings import Cifar10, ImagesSlice, Mnist


def make_images(config: ImagesSlice) -> ImageSet:
    """The data set that a slice of the configuration describes."""
    settings = config.images
    if isinstance(settings, Mnist):
        from hyperpipe.images.mnist import make_mnist

        return make_mnist(settings, config.name, config.seed)
    if isinstance(settings, Cifar10):
        from hyperpipe.images.cifar10 import make_cifar10

        return make_cifar10(settings, config.name, config.seed)
    if settings.source == "digits":
        from hyperpipe.images.digits import make_digits

        return make_digits(settings, config.name, config.seed)
    from hyperpipe.images.printed import make_printed

    return make_printed(settings, config.name, config.seed)
