"""Reads the summaries that a command is given: a run's folder, a folder of summary files, or single ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guardbind.errors import RunFolderError

if TYPE_CHECKING:
    from guardbind_bench.running.summary import Summary

__all__ = ["read_summaries"]


def read_summaries(paths: Sequence[Path]) -> list[Summary]:
    """Return all summaries of some folders and files, in the order given; those of a folder by name.

    A folder is that of a run, or one that holds nothing but summary files (and pages made of them). Which experiments
    of a run were not finished is said on standard error.

    Raises:
        RunFolderError: A path holds no summary, or one of another version.
    """
    from guardbind_bench.running.folder import MANIFEST, RunFolder
    from guardbind_bench.running.summary import Summary

    summaries: list[Summary] = []
    for path in paths:
        if path.is_file():
            summaries.append(Summary.read(path))
        elif not (path / MANIFEST).is_file() and (files := sorted(path.glob("*.json"))):
            summaries += map(Summary.read, files)
        else:
            folder = RunFolder.read(path)
            found = folder.summaries()
            if not found:
                raise RunFolderError(
                    f"{path} holds no summary yet; no experiment was finished there.",
                    hint="Let the run come to its end: start the same command again.",
                )
            states = folder.manifest.experiments
            if left := [name for name, state in states.items() if state.status != "done"]:
                click.echo(f"{path}: {', '.join(left)} did not come to an end; the same command goes on.", err=True)
            summaries += found
    return summaries
