"""Reads logs of records, sums them up, and verifies what they say."""

from __future__ import annotations

from guardbind.logs.reading import Unread, read_events
from guardbind.logs.verifying import Fault, Verifier

__all__ = ["Fault", "Unread", "Verifier", "read_events"]
