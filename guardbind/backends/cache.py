"""Keeps answers by what was asked, in memory and, where a folder is named, beyond the process."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from guardbind.errors import ConfigError

__all__ = ["AnswerCache", "request_key"]

_FORMAT = 1


def request_key(address: str, path: str, body: Any) -> str:
    """Return the name of a request: a hash of where it goes and of its body; no header and no key is in it."""
    text = json.dumps([_FORMAT, address, path, body], sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


class AnswerCache:
    """Answers of a server by the name of the request.

    Only answers that were read without a fault are put in. Several processes may share a folder; a damaged file is
    taken for a missing one, and written anew.

    Args:
        size: Answers in memory; the one that was not used for the longest time goes first.
        folder: Folder of files; made where it is missing.

    Raises:
        ConfigError: The folder cannot be made.
    """

    def __init__(self, size: int = 1024, folder: Path | None = None) -> None:
        self._size, self._folder = size, folder
        self._kept: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.Lock()
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ConfigError(f"the folder of the cache cannot be made: {error}.", hint="Name another.") from error

    def get(self, key: str) -> Any | None:
        """Return the answer to a request, or None."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        if self._folder is None:
            return None
        try:
            held = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(held, dict) or held.get("key") != key or "answer" not in held:
            return None
        self._keep(key, held["answer"])
        return held["answer"]

    def put(self, key: str, answer: Any) -> None:
        """Keep an answer.

        Raises:
            ConfigError: The folder cannot be written to.
        """
        self._keep(key, answer)
        if self._folder is None:
            return
        path = self._path(key)
        try:
            path.parent.mkdir(exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"key": key, "answer": answer}, file)
            os.replace(temporary, path)
        except OSError as error:
            raise ConfigError(f"the cache cannot be written: {error}.", hint="Name another folder.") from error

    def _keep(self, key: str, answer: Any) -> None:
        if self._size == 0:
            return
        with self._lock:
            self._kept[key] = answer
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)

    def _path(self, key: str) -> Path:
        assert self._folder is not None
        return self._folder / key[:2] / f"{key}.json"
