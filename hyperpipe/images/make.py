"""A data set from its settings."""

from __future__ import annotations

from pathlib import Path

from hyperpipe.images.image_set import ImageSet
from hyperpipe.images.settings import ImagesSlice, Own, Standard
from hyperpipe.places import located


def raw_places(config: ImagesSlice) -> list[Path]:
    """The files that a data set is made of, or folders that these lie in."""
    settings = config.images
    if isinstance(settings, Standard):
        return [located(settings.folder)]
    if isinstance(settings, Own):
        return [located(path) for path in (settings.path, settings.test_path) if path is not None]
    if settings.source == "digits":
        import sklearn.datasets

        return [Path(sklearn.datasets.__file__).parent / "data"]
    import matplotlib

    return [Path(matplotlib.get_data_path(), "fonts")]


def make_images(config: ImagesSlice) -> ImageSet:
    """The data set that a slice of the configuration describes."""
    settings = config.images
    if isinstance(settings, Standard):
        from hyperpipe.images.standard import make_standard

        return make_standard(settings, config.name)
    if isinstance(settings, Own):
        from hyperpipe.images.own import make_own

        return make_own(settings, config.name, config.seed)
    if settings.source == "digits":
        from hyperpipe.images.digits import make_digits

        return make_digits(settings, config.name, config.seed)
    from hyperpipe.images.printed import make_printed

    return make_printed(settings, config.name, config.seed)
