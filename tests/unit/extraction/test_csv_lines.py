"""A line of CSV without quotes is cut as the csv module cuts it."""

from __future__ import annotations

import csv

from hypothesis import given
from hypothesis import strategies as st

from guardbind.extraction.csv_text import _cells


@given(st.text(alphabet="ab1 ,;\t'\\\u00a0\u00e9.", min_size=1, max_size=20), st.sampled_from(",;\t"))
def test_plain_lines_are_cut_as_the_module_cuts_them(line: str, delimiter: str) -> None:
    cells = _cells(f"x{line}", (1, 1 + len(line)), delimiter)
    if delimiter not in line:
        assert cells is None
        return
    (read,) = csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True)
    assert cells is not None
    assert [cell.content for cell in cells] == [content.strip() for content in read]
    assert all(f"x{line}"[slice(*cell.span)] == cell.content for cell in cells)
