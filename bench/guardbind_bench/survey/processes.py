"""Surveys model types one after the other, each in a process of its own that may run out of time or memory."""

from __future__ import annotations

import logging
import multiprocessing
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import transformers

from guardbind.errors import GuardbindError, UnsupportedGenerationError
from guardbind_bench.running.files import read_record, write_atomic
from guardbind_bench.survey.record import FAMILY_VERSION, FamilyRecord
from guardbind_bench.survey.trying import survey_family

__all__ = ["survey"]

_GIB = 2**30


def survey(
    model_types: Sequence[str],
    folder: Path,
    *,
    seconds: float = 120.0,
    gib: int = 8,
    told: Callable[[FamilyRecord], None] = lambda _: None,
    attempt: Callable[[str], FamilyRecord] = survey_family,
) -> list[FamilyRecord]:
    """Try model types one by one and keep a file for each; those whose file is there are not tried again.

    Args:
        model_types: As transformers registers them.
        folder: Where the files are.
        seconds: How long one may take.
        gib: Address space that one may use beyond what is in use at its start, in GiB.
        told: Called with each record, those of an earlier run included.
        attempt: What is run in the process.

    Raises:
        UnsupportedGenerationError: The system cannot fork.
    """
    if "fork" not in multiprocessing.get_all_start_methods():
        raise UnsupportedGenerationError(
            f"the survey forks a process for each family, which {sys.platform} cannot do.", hint="Run it on Linux."
        )
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for model_type in model_types:
        path = folder / f"{model_type}.json"
        record = _kept(path)
        if record is None:
            _forked(attempt, model_type, path, seconds, gib)
            record = _kept(path)
        assert record is not None
        told(record)
        found.append(record)
    return found


def _kept(path: Path) -> FamilyRecord | None:
    if not path.is_file():
        return None
    try:
        return read_record(FamilyRecord, path, version=FAMILY_VERSION)
    except GuardbindError:
        return None


def _forked(attempt: Callable[[str], FamilyRecord], model_type: str, path: Path, seconds: float, gib: int) -> None:
    start = time.monotonic()
    process = multiprocessing.get_context("fork").Process(target=_child, args=(attempt, model_type, path, gib))
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
        why = f"stopped after {seconds:.0f} s"
    else:
        why = f"the process ended with {process.exitcode}"
    if not path.is_file():
        took = round(time.monotonic() - start, 2)
        _write(path, FamilyRecord(model_type=model_type, outcome="error", message=why, seconds=took))


def _child(attempt: Callable[[str], FamilyRecord], model_type: str, path: Path, gib: int) -> None:
    _limit(gib)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    transformers.logging.set_verbosity_error()
    _write(path, attempt(model_type))


def _write(path: Path, record: FamilyRecord) -> None:
    write_atomic(path, record.model_dump_json(indent=2).encode())


def _limit(gib: int) -> None:
    import resource  # on systems that fork only

    pages = Path("/proc/self/statm")
    used = int(pages.read_text().split()[0]) * resource.getpagesize() if pages.is_file() else 0
    most = used + gib * _GIB
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
