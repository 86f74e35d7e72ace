"""A calibration is stored whole, is read as it was written, and no changed bit goes unseen."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest
import torch
from calibrated import a_calibration
from hypothesis import given
from hypothesis import strategies as st

from guardbind.calibration import store
from guardbind.calibration.artefact import FORMAT, Calibration
from guardbind.calibration.store import calibration_id, load_calibration, load_probes, save_calibration
from guardbind.errors import CalibrationError
from guardbind.registry import CALIBRATIONS

PROBES = {"layer.03.left": torch.arange(6.0).view(2, 3), "layer.03.right": torch.ones(2, 3)}


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return a_calibration()


@pytest.fixture
def folder(tmp_path: Path, calibration: Calibration) -> Path:
    save_calibration(calibration, tmp_path / "made", PROBES)
    return tmp_path / "made"


def test_what_is_written_is_read(folder: Path, calibration: Calibration) -> None:
    read = load_calibration(folder)
    assert read.model_copy(update={"probes_sha256": None}) == calibration
    probes = load_probes(folder, read)
    assert probes.keys() == PROBES.keys()
    assert all(torch.equal(probes[name], PROBES[name]) for name in PROBES)


@given(st.floats(0.001, 0.5), st.floats(-1e6, 1e6), st.text(max_size=20))
def test_any_numbers_and_texts_come_back(
    tmp_path_factory: pytest.TempPathFactory, risk: float, cut: float, made: str
) -> None:
    rule = a_small().acting[0].model_copy(update={"min_evidence_bits": cut})
    changed = a_small().model_copy(update={"risk": risk, "made": made, "acting": (rule,)})
    folder = tmp_path_factory.mktemp("any")
    save_calibration(changed, folder)
    assert load_calibration(folder) == changed


_SMALL: list[Calibration] = []


def a_small() -> Calibration:
    if not _SMALL:
        _SMALL.append(a_calibration())
    return _SMALL[0]


def test_every_changed_bit_is_found(folder: Path) -> None:
    for path in folder.iterdir():
        data = path.read_bytes()
        # All of the tensors' file; of the other one, which is longer, every seventh byte, and both ends.
        places = range(len(data)) if len(data) < 600 else [*range(0, len(data), 7), len(data) - 1]
        for place in places:
            path.write_bytes(data[:place] + bytes([data[place] ^ (1 << place % 8)]) + data[place + 1 :])
            with pytest.raises(CalibrationError):
                load_calibration(folder)
        for cut in (data[: len(data) // 2], b"", data + b"\n"):
            path.write_bytes(cut)
            with pytest.raises(CalibrationError):
                load_calibration(folder)
        path.write_bytes(data)
    load_calibration(folder)


def test_a_newer_format_says_so(folder: Path) -> None:
    path = folder / store.FILE
    held = json.loads(path.read_text(encoding="utf-8"))
    held["calibration"]["format"] = FORMAT + 1
    path.write_text(json.dumps(held), encoding="utf-8")
    with pytest.raises(CalibrationError, match="Update guardbind"):
        load_calibration(folder)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"calibration": {"format": 1}, "sha256": ""}', "\x00\x01", "[" * 100_000]
)
def test_foreign_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / store.FILE).write_text(text, encoding="utf-8")
    with pytest.raises(CalibrationError, match="guardbind calibrate"):
        load_calibration(tmp_path)


def test_a_missing_file_of_probes_is_named(folder: Path) -> None:
    next(folder.glob("probes-*")).unlink()
    with pytest.raises(CalibrationError, match="probes-"):
        load_calibration(folder)


def test_an_interrupted_writing_leaves_the_old_one_whole(
    folder: Path, calibration: Calibration, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load_calibration(folder)
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    replace = os.replace

    def break_off(source: Path, place: Path) -> None:
        if Path(place).name == store.FILE:
            raise OSError("the disk is full")
        replace(source, place)

    monkeypatch.setattr(os, "replace", break_off)
    other = {name: tensor + 1 for name, tensor in PROBES.items()}
    with pytest.raises(CalibrationError, match="disk is full"):
        save_calibration(calibration.model_copy(update={"risk": 0.2}), folder, other)
    monkeypatch.undo()
    assert load_calibration(folder) == before
    assert len(list(folder.glob("probes-*"))) == 1
    assert torch.equal(load_probes(folder, before)["layer.03.left"], PROBES["layer.03.left"])
    save_calibration(calibration.model_copy(update={"risk": 0.2}), folder, other)
    assert len(list(folder.glob("probes-*"))) == 1
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert not list(folder.glob("*.tmp"))


def test_names_say_the_content_and_registered_ones_are_found(
    folder: Path, calibration: Calibration, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert calibration_id(calibration) != calibration_id(calibration.model_copy(update={"risk": 0.02}))
    assert len(calibration_id(calibration)) == 16
    CALIBRATIONS.register("made-up", lambda: folder)
    CALIBRATIONS.register("made-path", Path(folder))
    try:
        assert load_calibration("made-up") == load_calibration("made-path") == load_calibration(folder)
        with pytest.raises(CalibrationError, match="made-up"):
            load_calibration("made-ip")
    finally:
        CALIBRATIONS.unregister("made-up")
        CALIBRATIONS.unregister("made-path")


@pytest.mark.parametrize("change", [{"risk": math.inf}, {"confidence": math.nan}, {"made": "\udcff"}])
def test_what_json_cannot_hold_is_refused_before_anything_is_written(
    folder: Path, calibration: Calibration, change: dict[str, object]
) -> None:
    before = load_calibration(folder)
    with pytest.raises(CalibrationError, match="what JSON cannot"):
        save_calibration(calibration.model_copy(update=change), folder)
    assert load_calibration(folder) == before


@pytest.mark.parametrize("number", ["1e999", "Infinity", "NaN"])
def test_numbers_that_are_never_written_are_refused(folder: Path, number: str) -> None:
    path = folder / store.FILE
    text = path.read_text(encoding="utf-8")
    low = text.index('"low": ') + len('"low": ')
    path.write_text(text[:low] + number + text[text.index(",", low) :], encoding="utf-8")
    with pytest.raises(CalibrationError, match="damaged"):
        load_calibration(folder)
