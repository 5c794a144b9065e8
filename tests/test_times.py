from __future__ import annotations

import re

import pytest

from hyperpipe.errors import HyperpipeError
from hyperpipe.results.times import times


def test_each_stage_has_its_jobs_and_their_seconds(run):
    found = {row[0]: row[1:] for row in re.findall(r"\| (\w+) +\| (\d+) +\| (\d+) ", times(run / "results/benchmarks"))}
    assert found["zoo_shard"][0] == "3" and found["finetune"][0] == "10" and found["all"][0] == "39"
    assert int(found["all"][1]) == pytest.approx(sum(int(row[1]) for row in found.values()) / 2, abs=5)


def test_benchmarks_that_are_none_are_one_line(tmp_path):
    with pytest.raises(HyperpipeError, match="there are no benchmarks"):
        times(tmp_path)
    (tmp_path / "x.jsonl").write_text('{"s": 1}\n')
    with pytest.raises(HyperpipeError, match=r"x\.jsonl: no benchmark"):
        times(tmp_path)
