"""Which binding a slot in running text should take its value from: what is asked, and of whom."""

from __future__ import annotations

from guardbind.targets.agreement import Agreement
from guardbind.targets.query import Query, read_query
from guardbind.targets.types import Place

__all__ = ["Agreement", "Place", "Query", "read_query"]
