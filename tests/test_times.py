from __future__ import annotations

import re

import pytest

from hyperpipe.errors import HyperpipeError
from hyperpipe.provenance.record import SUFFIX, read_record
from hyperpipe.results.times import times


def test_each_stage_has_its_jobs_and_their_seconds(run):
    page = times(run / "results/benchmarks")
    found = {row[0]: row[1:] for row in re.findall(r"\| (\w+) +\| (\d+) +\| (\d+) ", page)}
    assert found["zoo_shard"][0] == "3" and found["finetune"][0] == "14" and found["all"][0] == "49"
    assert int(found["all"][1]) == pytest.approx(sum(int(row[1]) for row in found.values()) / 2, abs=5)

    records = [read_record(str(path).removesuffix(SUFFIX)) for path in run.glob(f"results/**/*{SUFFIX}")]
    took = {tuple(file.path for file in record.outputs): record.recording_seconds for record in records}
    said = re.search(r"Hashing and records: (\d+\.\d) s, (\d+\.\d)%, by the records of 49 jobs\.$", page)
    assert float(said[1]) == pytest.approx(sum(took.values()), abs=0.06) and 0 < float(said[2]) < 100


def test_benchmarks_that_are_none_are_one_line(tmp_path):
    with pytest.raises(HyperpipeError, match="there are no benchmarks"):
        times(tmp_path)
    (tmp_path / "x.jsonl").write_text('{"s": 1}\n')
    with pytest.raises(HyperpipeError, match=r"x\.jsonl: no benchmark"):
        times(tmp_path)
