"""Files of records that are rotated: nothing is lost, whoever writes, and whenever a process is killed."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from plain_records import ended, program, run_program
from pydantic import ValidationError

from guardbind.errors import ConfigError
from guardbind.events import build_sinks
from guardbind_adapters.jsonl import jsonl_sink
from guardbind_adapters.rotation import RotatedFile, Rotation

LINE = len(ended(100).model_dump_json()) + 1
DAY = 86_400.0


def read(path: Path) -> list[str]:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode().splitlines()


def put_aside(folder: Path) -> list[Path]:
    return RotatedFile(folder / "records.jsonl", Rotation()).aside()


def numbers(folder: Path) -> list[int]:
    """The records of all files in their order; a line that was broken off is left out."""
    found = []
    for path in [*put_aside(folder), folder / "records.jsonl"]:
        for line in read(path) if path.exists() else []:
            try:
                found.append(json.loads(line)["new_tokens"])
            except json.JSONDecodeError:
                continue
    return found


def test_a_file_that_is_full_is_put_aside_and_compressed(tmp_path: Path) -> None:
    write = jsonl_sink(f"{tmp_path}/records.jsonl?max_size={3 * LINE}")
    for number in range(100, 110):
        write(ended(number))
    aside = put_aside(tmp_path)
    assert [len(read(path)) for path in aside] == [3, 3, 3]
    assert {path.suffix for path in aside} == {".gz"}
    assert len(read(tmp_path / "records.jsonl")) == 1
    assert numbers(tmp_path) == list(range(100, 110))


def test_a_file_that_is_old_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write = jsonl_sink(f"{path}?max_age=1d&compress=false")
    write(ended(1))
    write(ended(2))
    assert put_aside(tmp_path) == []
    os.utime(path, (time.time() - DAY,) * 2)
    write(ended(3))
    assert [read(path)[-1] for path in put_aside(tmp_path)] == [ended(2).model_dump_json()]
    assert numbers(tmp_path) == [1, 2, 3]


def test_only_so_many_are_kept_and_only_so_long(tmp_path: Path) -> None:
    write = jsonl_sink(f"{tmp_path}/records.jsonl", Rotation(max_size=LINE, keep=3, keep_for=2 * DAY))
    for number in range(100, 106):
        write(ended(number))
    assert numbers(tmp_path) == [102, 103, 104, 105]
    for path, days in zip(put_aside(tmp_path), (3, 2.5, 1), strict=True):
        os.utime(path, (time.time() - days * DAY,) * 2)
    write(ended(106))
    assert numbers(tmp_path) == [104, 105, 106]


def test_age_counts_from_the_last_record_of_a_file_compressed_or_not(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write = jsonl_sink(f"{path}?max_age=1d&keep_for=5d")
    write(ended(1))
    os.utime(path, (time.time() - 6 * DAY,) * 2)
    write(ended(2))
    assert numbers(tmp_path) == [2]


def test_only_files_of_its_own_are_touched(tmp_path: Path) -> None:
    others = ["records.jsonl.gz", "records.old.jsonl", "records.20260101T000000.jsonl", "other.jsonl"]
    for name in others:
        (tmp_path / name).write_text("mine", encoding="utf-8")
    write = jsonl_sink(f"{tmp_path}/records.jsonl?max_size={LINE}&keep=0")
    for number in range(100, 103):
        write(ended(number))
    assert all((tmp_path / name).read_text(encoding="utf-8") == "mine" for name in others)
    assert numbers(tmp_path) == [102]


def test_what_a_killed_process_left_half_done_is_finished(tmp_path: Path) -> None:
    plain = tmp_path / "records.20260101T000000.000000Z.jsonl"
    both = tmp_path / "records.20260102T000000.000000Z.jsonl"
    for number, path in enumerate((plain, both)):
        path.write_text(ended(number).model_dump_json() + "\n", encoding="utf-8")
    Path(f"{plain}.gz.part").write_bytes(b"\x1f\x8b broken off")
    Path(f"{both}.gz").write_bytes(gzip.compress(both.read_bytes()))
    jsonl_sink(f"{tmp_path}/records.jsonl?max_size=1MB")(ended(2))
    assert [path.name for path in put_aside(tmp_path)] == [f"{plain.name}.gz", f"{both.name}.gz"]
    assert numbers(tmp_path) == [0, 1, 2]
    assert list(tmp_path.glob("*.part")) == []


def test_threads_and_processes_lose_nothing_to_each_other(tmp_path: Path) -> None:
    text = f"""
        from guardbind_adapters.jsonl import jsonl_sink
        write = jsonl_sink({f"{tmp_path}/records.jsonl?max_size={20 * LINE}"!r})
        for number in range(int(sys.argv[1]), int(sys.argv[1]) + 150):
            write(ended(number))
    """
    others = [subprocess.Popen([*program(text), str(start)]) for start in (1000, 2000)]
    sinks = [jsonl_sink(f"{tmp_path}/records.jsonl?max_size={20 * LINE}") for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: sinks[number % 2](ended(number)), range(100, 250)))
    assert [other.wait(60) for other in others] == [0, 0]
    assert sorted(numbers(tmp_path)) == [*range(100, 250), *range(1000, 1150), *range(2000, 2150)]
    assert len(put_aside(tmp_path)) >= 20


def test_a_process_that_is_killed_leaves_files_that_can_be_read(tmp_path: Path) -> None:
    text = f"""
        from itertools import count
        from guardbind_adapters.jsonl import jsonl_sink
        write = jsonl_sink({f"{tmp_path}/records.jsonl?max_size={10 * LINE}"!r})
        for number in count(100):
            write(ended(number))
    """
    writer = subprocess.Popen(program(text))
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("*.gz"))) < 10 and time.monotonic() < deadline:
        time.sleep(0.01)
    writer.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    writer.wait(60)
    left = sorted(set(numbers(tmp_path)))
    assert len(left) >= 100
    assert left == list(range(100, 100 + len(left)))
    run_program(f"""
        from guardbind_adapters.jsonl import jsonl_sink
        jsonl_sink({f"{tmp_path}/records.jsonl?max_size=1MB"!r})(ended(7))
    """)
    assert sorted(numbers(tmp_path)) == [7, *left]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("max_size=much", "max_size"),
        ("max_size=0", "max_size"),
        ("max_age=soon", "max_age"),
        ("keep=-1", "keep"),
        ("maxsize=1MB", "maxsize"),
        ("max_size=1MB&", "max_size"),
    ],
)
def test_options_that_mean_nothing_are_refused_with_those_that_do(options: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"{said}.*max_size, max_age, keep, keep_for, compress are accepted"):
        build_sinks([f"jsonl:{tmp_path}/records.jsonl?{options}"])


def test_units() -> None:
    assert Rotation.model_validate({"max_size": "64KiB", "max_age": "12h", "keep_for": "90"}) == Rotation(
        max_size=65_536, max_age=43_200.0, keep_for=90.0
    )
    with pytest.raises(ValidationError):
        Rotation.model_validate({"max_age": "inf"})


def test_a_question_mark_in_a_name_is_no_option(tmp_path: Path) -> None:
    jsonl_sink(f"{tmp_path}/what?.jsonl")(ended())
    assert (tmp_path / "what?.jsonl").exists()
