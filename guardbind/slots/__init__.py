"""Finds the places where a value is about to be written: one rule per file."""

from __future__ import annotations

from guardbind.slots.moment import Moment, SlotRule

__all__ = ["Moment", "SlotRule"]
