"""Keeps what an escape stands for only where it can be written."""

from __future__ import annotations

__all__ = ["writable"]


def writable(said: str, written: str) -> str:
    r"""Return what is said without escapes, or as it is written where that is no text: `\ud800` is half a character.

    >>> writable("\ud800", "\\ud800")
    '\\ud800'
    """
    try:
        said.encode()
    except UnicodeEncodeError:
        return written
    return said
