"""Finds the places where a value is about to be written: one rule per file."""

from __future__ import annotations

from guardbind.slots.moment import Moment
from guardbind.slots.rule import SlotFinder, SlotRule, slot_rule

__all__ = ["Moment", "SlotFinder", "SlotRule", "slot_rule"]
