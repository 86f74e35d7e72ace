"""Reads logs of records and sums them up."""

from __future__ import annotations

from guardbind.logs.reading import Unread, read_events

__all__ = ["Unread", "read_events"]
