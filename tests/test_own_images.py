"""Anyone's own images: arrays and folders, grey and colour, any number of classes; what is wrong is one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hyperpipe.cli import main
from hyperpipe.errors import HyperpipeError
from hyperpipe.images.image_set import SPLITS, read_images
from hyperpipe.images.own import make_own
from hyperpipe.images.settings import Own
from hyperpipe.zoo.settings import Recipe
from hyperpipe.zoo.trainer import architecture_for, train_population

SIZES = {"train": 15, "validation": 9, "test": 6}


def pixels(count: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *shape), np.uint8)


def own(path: Path, source: str = "npz", **changes):
    return make_own(Own(source=source, path=str(path), **{**SIZES, **changes}), "x", 0)


def arrays(path: Path, images: np.ndarray, labels: np.ndarray) -> Path:
    np.savez(path, images=images, labels=labels)
    return path


def folders(path: Path, images: dict[str, np.ndarray], ending: str = "png") -> Path:
    for name, of_class in images.items():
        (path / name).mkdir(parents=True)
        for number, image in enumerate(of_class):
            Image.fromarray(image).save(path / name / f"{number:03d}.{ending}")
    return path


def test_arrays_of_28_by_28_come_through_as_they_are(tmp_path):
    images, labels = pixels(60, 28, 28), np.arange(60) % 3 * 10 + 5
    made = own(arrays(tmp_path / "x.npz", images, labels), train=30, validation=18, test=12)
    assert made.classes == ("5", "15", "25") and made.channels == 1
    assert [len(made.splits[split]) for split in SPLITS] == [30, 18, 12]
    indices = np.concatenate([made.splits[split].indices for split in SPLITS])
    assert sorted(indices) == list(range(60))
    for part in made.splits.values():
        assert (part.images[:, 0] == images[part.indices]).all()
        assert (part.labels == part.indices % 3).all() and part.labels.dtype == np.int64


def test_classes_may_be_text_and_labels_a_column(tmp_path):
    labels = np.array(["cat", "dog"] * 15)[:, None]
    made = own(arrays(tmp_path / "x.npz", pixels(30, 28, 28, 1), labels))
    assert made.classes == ("cat", "dog")
    assert (made.splits["train"].labels == made.splits["train"].indices % 2).all()


@pytest.mark.parametrize("fit", ["resize", "crop"])
def test_colour_images_of_another_size_are_resized_or_cropped(tmp_path, fit):
    images = pixels(30, 40, 32, 3)
    made = own(arrays(tmp_path / "x.npz", images, np.arange(30) % 2), fit=fit, mean=[0.1, 0.2, 0.3], std=[0.5])
    assert made.mean == (0.1, 0.2, 0.3) and made.std == (0.5,) * 3
    for part in made.splits.values():
        for image, index in zip(part.images, part.indices, strict=True):
            if fit == "crop":
                expected = images[index, 6:34, 2:30]
            else:
                expected = np.asarray(Image.fromarray(images[index]).resize((28, 28), Image.Resampling.BILINEAR))
            assert (image == expected.transpose(2, 0, 1)).all()


def test_a_folder_for_each_class(tmp_path):
    names = ["apple", "Bear", "cow"]
    images = {name: pixels(10, 28, 28) // 4 + 80 * number for number, name in enumerate(names)}
    made = own(folders(tmp_path / "all", images), "folder")
    assert sorted(made.classes) == sorted(names)
    for part in made.splits.values():
        for image, label in zip(part.images, part.labels, strict=True):
            assert image.min() // 80 == names.index(made.classes[label])


def test_test_images_may_have_a_place_of_their_own(tmp_path):
    images = {"a": pixels(15, 28, 28) // 2, "b": pixels(15, 28, 28) // 2}
    first = folders(tmp_path / "train", images)
    second = folders(tmp_path / "test", {name: 255 - of_class for name, of_class in images.items()})
    made = own(first, "folder", test_path=str(second), train=20, validation=10, test=30)
    assert made.splits["train"].images.max() < 128 <= made.splits["test"].images.min()
    assert sorted(made.splits["test"].indices) == list(range(30))


def test_colour_becomes_grey_where_asked(tmp_path):
    mixed = {"a": pixels(15, 28, 28), "b": pixels(15, 28, 28, 3)}
    path = folders(tmp_path / "x", mixed)
    assert own(path, "folder", colour="grey").channels == 1
    both = own(path, "folder", colour="rgb")
    assert both.channels == 3
    grey = both.splits["train"].labels == 0
    spread = np.ptp(both.splits["train"].images.astype(int), axis=1)
    assert not spread[grey].any() and spread[~grey].any()


def test_networks_train_on_five_classes_in_colour_by_config_alone(tmp_path):
    """What the stage `images` leaves is what the trainer takes."""
    path = arrays(tmp_path / "x.npz", pixels(60, 30, 30, 3), np.arange(60) % 5)
    part = f'"source": "npz", "path": "{path}", "train": 30, "validation": 15, "test": 15'
    main_arguments = ["images", "--config", f'{{"seed": 0, "name": "x", "images": {{{part}}}}}']
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["hyperpipe", *main_arguments, "--store-output", str(tmp_path / "x.h5")])
        with pytest.raises(SystemExit) as ended:
            main()
    assert not ended.value.code
    images = read_images(tmp_path / "x.h5")
    architecture = architecture_for(images)
    assert (architecture.in_channels, architecture.classes) == (3, 5)
    start = np.random.default_rng(0).uniform(-0.1, 0.1, (2, architecture.size)).astype(np.float32)
    recipe = Recipe(learning_rate=1e-3)
    trained = train_population(start, images, recipe, root_seed=0, purpose="t", seeds=[1, 2], epochs=1)
    assert np.isfinite(trained.loss["train"]).all()


GREY, LABELS = pixels(30, 28, 28), np.arange(30) % 2


@pytest.mark.parametrize(
    ("images", "labels", "changes", "said"),
    [
        (GREY / 255, LABELS, {}, r"x\.path: .* images are float64 \[30, 28, 28\], uint8 \[N, H, W\]"),
        (pixels(30, 28, 28, 4), LABELS, {}, r"images are uint8 \[30, 28, 28, 4\], uint8"),
        (GREY, LABELS[1:], {}, r"labels are int64 \[29\], whole numbers or text, \[30\], are needed"),
        (GREY, LABELS / 2, {}, r"labels are float64"),
        (GREY, LABELS * 0, {}, "has images of 1 class; at least two are needed"),
        (GREY, np.arange(30) // 29, {}, r"x\.(train|validation|test): \d+ \w+ images have none of class 1;"),
        (GREY, LABELS, {"train": 16}, r"images\.x: 16 train \+ 9 validation \+ 6 test images .* 30 are there"),
        (GREY[:, 1:], LABELS, {"fit": "crop"}, r"image \d+ is less than 28×28 pixels; set images\.x\.fit: resize"),
        (GREY, LABELS, {"mean": [0.1, 0.2]}, r"x\.mean: 2 numbers for images of 1 channels; give one, or"),
    ],
)
def test_arrays_that_do_not_fit_are_one_line(tmp_path, images, labels, changes, said):
    path = arrays(tmp_path / "x.npz", images, labels)
    with pytest.raises(HyperpipeError, match=said) as refused:
        own(path, **changes)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [None, b"hello", b"PK\x03\x04 cut off"])
def test_a_file_that_is_no_npz_is_one_line(tmp_path, content):
    if content is not None:
        (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(HyperpipeError, match=r"images\.x\.path: .*x\.npz cannot be read .*; it must be an .npz file"):
        own(tmp_path / "x.npz")
    np.savez(tmp_path / "x.npz", pictures=pixels(3, 28, 28))
    with pytest.raises(HyperpipeError, match=r"cannot be read \(.*images.* with the arrays images and labels"):
        own(tmp_path / "x.npz")


def break_one(path: Path, how: str) -> None:
    file = path / "b" / "003.png"
    if how == "cut off":
        file.write_bytes(file.read_bytes()[:200])
    elif how == "no image":
        file.write_text("hello")
    elif how == "other size":
        Image.fromarray(pixels(1, 28, 30)[0]).save(file)
    elif how == "colour":
        Image.fromarray(pixels(1, 28, 28, 3)[0]).save(file)
    elif how == "transparent":
        Image.fromarray(pixels(1, 28, 28, 4)[0]).save(file)
    else:
        Image.fromarray(pixels(1, 28, 28)[0].astype(np.uint16) * 200).save(file)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("cut off", r"b/003\.png: cannot be read \(.*\); replace it or take it out"),
        ("no image", r"b/003\.png: cannot be read \(.*\); replace it or take it out"),
        ("other size", r"images\.x: .*\.png is \d+×28 pixels and .*\.png \d+×28; bring all to one size"),
        ("colour", r"images\.x: .*\.png is (grey|colour) and .*\.png (grey|colour); set images\.x\.colour to grey or"),
        ("transparent", r"b/003\.png is neither grey nor RGB \(RGBA\); set images\.x\.colour to grey or rgb"),
        ("deep", r"b/003\.png has more than 8 bits a channel \(I;16\); make it 8 bits"),
    ],
)
def test_an_image_that_cannot_be_used_is_named_in_one_line(tmp_path, how, said):
    path = folders(tmp_path / "x", {"a": pixels(15, 28, 28), "b": pixels(15, 28, 28)})
    break_one(path, how)
    with pytest.raises(HyperpipeError, match=said) as refused:
        own(path, "folder")
    assert "\n" not in str(refused.value)


def test_folders_that_do_not_fit_are_one_line(tmp_path):
    with pytest.raises(HyperpipeError, match=r"images\.x\.path: .*none cannot be read as a folder of images for each"):
        own(tmp_path / "none", "folder")
    path = folders(tmp_path / "x", {"a": pixels(15, 28, 28), "b": pixels(15, 28, 28)})
    other = folders(tmp_path / "y", {"a": pixels(15, 28, 28)})
    with pytest.raises(HyperpipeError, match=r"images\.x\.test_path: .* has images of 1 class"):
        own(path, "folder", test_path=str(other))
    folders(tmp_path / "y", {"c": pixels(15, 28, 28)})
    with pytest.raises(HyperpipeError, match=r"images\.x\.test_path: only one of .*x and .*y has b"):
        own(path, "folder", test_path=str(other))
    (path / "empty").mkdir()
    with pytest.raises(HyperpipeError, match=r"images\.x\.path: .*no valid file for the classes empty"):
        own(path, "folder")


def test_the_real_stl10_at_28_by_28(real, tmp_path):
    from conftest import DATA

    with np.load(DATA / "STL10" / "train28.npz") as file:
        path = arrays(tmp_path / "stl.npz", file["x_train"], file["y_train"])
        made = own(path, train=4000, validation=500, test=500)
    assert made.channels == 3 and len(made.classes) == 10
    assert (np.bincount(made.splits["test"].labels) > 20).all()
