"""Stores a calibration in a folder, at once or not at all, and finds at reading any bit that has changed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guardbind.calibration.artefact import FORMAT, Calibration
from guardbind.errors import CalibrationError, nearest
from guardbind.registry import CALIBRATIONS

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["FILE", "calibration_id", "find_calibration", "load_calibration", "load_probes", "save_calibration"]

FILE = "calibration.json"
"""Name of the file that makes a folder a calibration; it is written last."""
_AGAIN = "Take it from a backup, or make it again with `guardbind calibrate`."


def calibration_id(calibration: Calibration) -> str:
    """Return what a calibration is called in records: 16 hexadecimal digits of the hash of all that it says."""
    return _digest(_canonical(calibration))[:16]


def save_calibration(
    calibration: Calibration, folder: str | Path, probes: Mapping[str, Tensor] | None = None
) -> Calibration:
    """Write a calibration into a folder; what was there stays whole until the new one is.

    The tensors go into a file that is named by their hash, and then the JSON file that names it takes the place of the
    old one in one step.

    Args:
        calibration: What to write.
        folder: Where; made if it is not there. Files that are not of a calibration are left alone.
        probes: Tensors of the probes, by name.

    Returns:
        The calibration as it was written, with the hash of the tensors.

    Raises:
        CalibrationError: The folder cannot be written, or the calibration holds what JSON cannot.
    """
    folder = Path(folder)
    tensors = _packed(probes) if probes else None
    named = calibration.model_copy(update={"probes_sha256": None if tensors is None else _digest(tensors)})
    try:
        data = _written(named)
    except ValueError as error:
        raise CalibrationError(
            f"the calibration holds what JSON cannot: {error}.", hint="Give finite numbers and whole texts."
        ) from error
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _put(folder, named, data, tensors)
    except OSError as error:
        raise CalibrationError(f"{folder} cannot be written: {error}.", hint="Name a folder that can be.") from error
    return named


def _packed(probes: Mapping[str, Tensor]) -> bytes:
    from safetensors.torch import save

    return bytes(save({name: tensor.detach().cpu().contiguous() for name, tensor in sorted(probes.items())}))


def _put(folder: Path, named: Calibration, data: bytes, tensors: bytes | None) -> None:
    beside = folder / _probes_file(named)
    new = tensors is not None and not beside.exists()
    try:
        if tensors is not None:
            _replace(beside, tensors)
        _replace(folder / FILE, data)
    except BaseException:
        if new:
            beside.unlink(missing_ok=True)
        raise
    for old in folder.glob("probes-*.safetensors"):
        if old.name != beside.name:
            old.unlink(missing_ok=True)


def find_calibration(name: str | Path) -> Path:
    """Return the folder of a calibration: that of a registered name, else the folder itself.

    Raises:
        CalibrationError: There is neither such a name nor such a folder.
    """
    if isinstance(name, str) and name in CALIBRATIONS:
        found = CALIBRATIONS.get(name)
        return Path(found() if callable(found) else found)
    folder = Path(name)
    if (folder / FILE).is_file():
        return folder
    known = CALIBRATIONS.names()
    raise CalibrationError(
        f"{str(name)!r} is neither a folder with a {FILE} nor a known calibration ({', '.join(known) or 'none'}).",
        hint=nearest(str(name), known) or "Make one with `guardbind calibrate`.",
    )


def load_calibration(name: str | Path) -> Calibration:
    """Read a calibration and check its files.

    Args:
        name: A registered name, or a folder.

    Raises:
        CalibrationError: It is not there, is damaged, is no calibration, or is of a newer guardbind.
    """
    folder = find_calibration(name)
    path = folder / FILE
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CalibrationError(f"{path} cannot be read: {error}.", hint=_AGAIN) from error
    calibration = _read(path, data)
    if calibration.probes_sha256 is not None:
        _probes_bytes(folder, calibration)
    return calibration


def load_probes(name: str | Path, calibration: Calibration) -> dict[str, Tensor]:
    """Read the tensors of a calibration's probes; none where it has none.

    Raises:
        CalibrationError: The file is not there or is damaged.
    """
    if calibration.probes_sha256 is None:
        return {}
    from safetensors.torch import load

    tensors: dict[str, Tensor] = load(_probes_bytes(find_calibration(name), calibration))
    return tensors


def _read(path: Path, data: bytes) -> Calibration:
    try:
        held = json.loads(data)
        content, digest = held["calibration"], held["sha256"]
        version = content["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CalibrationError(f"{path} is no calibration, or damaged: {error!r}.", hint=_AGAIN) from error
    if not isinstance(version, int) or version > FORMAT:
        raise CalibrationError(
            f"{path} has format {version}; this guardbind reads up to {FORMAT}.", hint="Update guardbind."
        )
    try:
        calibration = Calibration.model_validate(content)
        # What was written is canonical, so that a changed blank is found as well as a changed number.
        whole = digest == _digest(_canonical(calibration)) and data == _written(calibration)
    except ValueError as error:  # of pydantic, or of a number or text that is never written
        raise CalibrationError(f"{path} is no calibration, or damaged: {error}.", hint=_AGAIN) from error
    if not whole:
        raise CalibrationError(f"{path} is damaged: its content does not have the hash that it names.", hint=_AGAIN)
    return calibration


def _probes_bytes(folder: Path, calibration: Calibration) -> bytes:
    path = folder / _probes_file(calibration)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CalibrationError(f"{path}, which {FILE} names, cannot be read: {error}.", hint=_AGAIN) from error
    if _digest(data) != calibration.probes_sha256:
        raise CalibrationError(f"{path} is damaged: it does not have the hash that {FILE} names.", hint=_AGAIN)
    return data


def _probes_file(calibration: Calibration) -> str:
    return f"probes-{(calibration.probes_sha256 or '')[:16]}.safetensors"


def _canonical(calibration: Calibration) -> bytes:
    data: Any = calibration.model_dump(mode="json")
    return json.dumps(data, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _written(calibration: Calibration) -> bytes:
    held = {"calibration": calibration.model_dump(mode="json"), "sha256": _digest(_canonical(calibration))}
    return (json.dumps(held, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
