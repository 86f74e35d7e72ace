"""Which nulls may stand in for one: said by the null itself."""

from __future__ import annotations

import pytest

from guardbind.config import GuardConfig
from guardbind.nulls import Null
from guardbind.registry import NULLS


@pytest.mark.parametrize("name", NULLS.names())
def test_a_null_knows_its_name_and_what_may_stand_in_for_it(name: str) -> None:
    null: Null = NULLS.get(name)
    assert null.name == name
    assert name not in null.stand_ins
    assert all(other in NULLS for other in null.stand_ins)
    assert len(set(null.stand_ins)) == len(null.stand_ins)


def test_the_default_has_some_and_the_cheaper_comes_first() -> None:
    default = NULLS.get(GuardConfig().null)
    assert list(default.stand_ins).index("mask_rows") < list(default.stand_ins).index("mask_prefill")
