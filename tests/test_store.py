from __future__ import annotations

import os

import h5py
import numpy as np
import pandas as pd
import pytest

from hyperpipe.errors import HyperpipeError
from hyperpipe.store import content_hash, read_store, read_table, remove, write_store, write_table, writing

ARRAYS = {
    "weights": np.arange(6000, dtype=np.float32).reshape(2, 300, 10),
    "group/seeds": np.arange(3),
    "empty": np.zeros((0, 4), np.float32),
    "bytes": np.frombuffer(b"abc", np.uint8),
}
ATTRS = {"name": "digits", "kept": [1, 2], "rate": 0.003, "nested": {"a": None}}


@pytest.fixture
def path(tmp_path):
    write_store(tmp_path / "x.h5", "zoo", ARRAYS, ATTRS)
    return tmp_path / "x.h5"


def test_a_store_comes_back_as_it_went_in(path):
    store = read_store(path, "zoo")
    assert store.attrs == ATTRS
    for name, array in ARRAYS.items():
        assert store[name].dtype == array.dtype and (store[name] == array).all()
    assert list(path.parent.iterdir()) == [path], "nothing is left beside it"


def test_the_content_hash_is_of_the_content(path, tmp_path):
    write_store(tmp_path / "same.h5", "zoo", dict(reversed(ARRAYS.items())), ATTRS)
    write_store(tmp_path / "data.h5", "zoo", {**ARRAYS, "bytes": np.frombuffer(b"abd", np.uint8)}, ATTRS)
    write_store(tmp_path / "attr.h5", "zoo", ARRAYS, {**ATTRS, "rate": 0.004})
    same, data, attr = (read_store(tmp_path / f"{n}.h5", "zoo").content for n in ("same", "data", "attr"))
    content = read_store(path, "zoo").content
    assert same == content and len({content, data, attr}) == 3


def test_another_kind_a_missing_dataset_and_a_missing_file_are_one_line_each(path):
    with pytest.raises(HyperpipeError, match=r"x\.h5: a zoo store where a images store is needed"):
        read_store(path, "images")
    with pytest.raises(HyperpipeError, match="without 'biases'"):
        read_store(path, "zoo")["biases"]
    with pytest.raises(HyperpipeError, match="there is no such file"):
        read_store(path.with_name("y.h5"), "zoo")


@pytest.mark.parametrize("share", [0, 0.3, 0.9, 0.999])
def test_a_truncated_store_is_refused(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(HyperpipeError, match=r"x\.h5: damaged .* delete it and make it anew"):
        store = read_store(path, "zoo")
        for name in ARRAYS:
            store[name]


def test_changed_data_are_refused(path):
    import h5py

    with h5py.File(path, "r+") as file:
        file["weights"][1, 7, 3] += 1
    with pytest.raises(HyperpipeError, match="the data of weights have changed"):
        read_store(path, "zoo")["weights"]
    with h5py.File(path, "r+") as file:
        file.attrs["hyperpipe"] = file.attrs["hyperpipe"].replace("0.003", "0.004")
    with pytest.raises(HyperpipeError, match="its attributes have changed"):
        read_store(path, "zoo")


def test_an_error_while_writing_leaves_what_was_there(path):
    before = path.read_bytes()
    with pytest.raises(RuntimeError), writing(path) as part:
        part.write_text("half")
        raise RuntimeError
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_of_two_that_write_one_file_at_a_time_neither_disturbs_the_other(tmp_path):
    """As where Snakemake was killed and its job on a cluster was not."""
    path = tmp_path / "t.txt"
    with writing(path) as first, writing(path) as second:
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first", "the last to finish"
    assert list(tmp_path.iterdir()) == [path]


def test_what_killed_writes_have_left_goes_with_the_next_one_or_with_the_file(tmp_path):
    path, old, fresh, others = (tmp_path / name for name in ("t", "t.0a1b.part", "t.2c3d.part", "t2.4e5f.part"))
    for part in (old, fresh, others):
        part.write_text("half")
    os.utime(old, (0, 0))
    with writing(path) as part:
        part.write_text("whole")
    assert sorted(tmp_path.iterdir()) == [path, fresh, others]
    remove(path)
    remove(path)
    assert list(tmp_path.iterdir()) == [others]


def test_a_table_comes_back_and_a_damaged_one_is_refused(tmp_path):
    frame = pd.DataFrame({"network": [1, 2], "accuracy": [0.1, 0.2], "split": ["train", "test"]})
    path = tmp_path / "t.parquet"
    write_table(path, frame)
    pd.testing.assert_frame_equal(read_table(path), frame)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(HyperpipeError, match=r"t\.parquet: damaged"):
        read_table(path)


def test_no_flipped_byte_of_a_table_changes_a_number(tmp_path):
    frame = pd.DataFrame({"network": range(9), "accuracy": np.linspace(0, 1, 9), "split": ["train", "test", "x"] * 3})
    path = tmp_path / "t.parquet"
    write_table(path, frame)
    data, refused = path.read_bytes(), 0
    for place in range(0, len(data), 3):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        try:
            pd.testing.assert_frame_equal(read_table(path), frame, check_dtype=False, check_names=False)
        except HyperpipeError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize("shape", [(), (0,), (7,), (3, 0), (3, 5, 4), (2, 1, 30)])
def test_data_are_checked_a_piece_at_a_time(tmp_path, monkeypatch, shape):
    monkeypatch.setattr("hyperpipe.store._PIECE_BYTES", 50)
    path, array = tmp_path / "a.h5", np.arange(int(np.prod(shape)), dtype=np.int32).reshape(shape)
    write_store(path, "zoo", {"x": array, "flags": array > 3}, {})
    read_store(path).check()
    if array.size:
        with h5py.File(path, "r+") as file:
            file["x"][(-1,) * array.ndim] = 99
        with pytest.raises(HyperpipeError, match="the data of x have changed"):
            content_hash(path)
