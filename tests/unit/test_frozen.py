"""The base of what is configured and recorded: closed, unchangeable, described under each field."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from guardbind.frozen import Frozen


class Thing(Frozen):
    """A thing."""

    size: int
    """How large it is."""
    name: str = "thing"


def test_a_field_that_is_not_declared_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"colour[\s\S]*Extra inputs are not permitted"):
        Thing.model_validate({"size": 1, "colour": "red"})


def test_no_field_is_changed_added_or_deleted() -> None:
    thing = Thing(size=1)
    with pytest.raises(ValidationError, match="frozen"):
        setattr(thing, "size", 2)  # noqa: B010
    with pytest.raises(ValidationError, match="frozen"):
        setattr(thing, "colour", "red")  # noqa: B010
    with pytest.raises(ValidationError, match="frozen"):
        delattr(thing, "name")
    assert thing == Thing(size=1)


def test_equal_things_are_one_in_a_set() -> None:
    assert len({Thing(size=1), Thing(size=1, name="thing"), Thing(size=2)}) == 2


def test_a_text_under_a_field_describes_it() -> None:
    assert Thing.model_fields["size"].description == "How large it is."
    assert Thing.model_json_schema()["properties"]["size"]["description"] == "How large it is."
    assert Thing.model_fields["name"].description is None


def test_it_is_read_back_from_what_it_writes() -> None:
    thing = Thing(size=3, name="é")
    assert Thing.model_validate_json(thing.model_dump_json()) == thing
