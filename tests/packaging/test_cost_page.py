"""What the docs say of costs is what is stored."""

from __future__ import annotations

import pytest
from paths import ROOT

from guardbind_bench.cost.folder import read_cost
from guardbind_bench.cost.page import cost_tables, readme_table, set_between
from guardbind_bench.cost.record import CellCostRecord


@pytest.fixture(scope="module")
def stored() -> CellCostRecord:
    return read_cost(ROOT / "bench" / "cost" / "smollm2-135m.json")


def test_the_page_shows_the_stored_record(stored: CellCostRecord) -> None:
    page = (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
    assert set_between(page, cost_tables(stored)) == page
    assert (ROOT / "docs" / "cost.svg").exists()


def test_the_readme_shows_the_stored_record(stored: CellCostRecord) -> None:
    assert readme_table(stored) in (ROOT / "README.md").read_text(encoding="utf-8")
