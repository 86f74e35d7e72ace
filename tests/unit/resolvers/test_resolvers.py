"""Resolvers: what words and reading say together, on tables written by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guardbind.config import GuardConfig
from guardbind.errors import ConfigError
from guardbind.evidence import EvidenceTable, Located, Mention, Record
from guardbind.registry import RESOLVERS
from guardbind.resolvers.lineage import has_rivals, within
from guardbind.targets import AskedRecord, QuestionBits, Resolution, UnreadStatement
from guardbind.text.typed_values import TypedValue

MENTION = Mention(range(1, 2), range(1, 2), (0, 1), (0, 1), "span")


def table(*fields: tuple[str, str, str | None]) -> EvidenceTable:
    """A table of (attribute, record, the record it stands in); every value is another."""
    return EvidenceTable(
        tuple(
            Located(at, f"{record}.{name}", f"v{at}", (), (MENTION,), name, (record,), Record(record, (record,), outer))
            for at, (name, record, outer) in enumerate(fields)
        )
    )


ORDERS = table(
    ("status", "A", None), ("total", "A", None), ("status", "B", None), ("total", "B", None), ("due", "B", None)
)


def words(index: int | None, *, open_: tuple[int, ...] = (), how: Any = "query") -> Resolution:
    if index is None:
        return Resolution(None, "unresolved", "the words cannot tell", None, 0.0, open_)
    return Resolution(index, how, "the query names it", ORDERS.items[index].key, 0.9, open_)


def rests(*items: int, clear: bool = True, leads: bool = True) -> QuestionBits:
    return QuestionBits(AskedRecord(items, 9.0), 8.0 if clear else 1.2, 4.0, clear, leads or clear)


OF_A, OF_B = rests(0, 1), rests(2, 3, 4)
FAINTLY_A = rests(0, 1, clear=False)
NOWHERE = rests(0, 1, clear=False, leads=False)
STATEMENT = UnreadStatement((0, 20), (TypedValue("5528", (4, 8), "number"),))
ON_UNREAD = QuestionBits(AskedRecord((), 9.0, STATEMENT), 8.0, 4.0, clear=True, leads=True)

BOTH_SAY = {
    "the same": (words(0), OF_A, 0),
    "the same, and the reading only leads": (words(0), FAINTLY_A, 0),
    "another record": (words(0), OF_B, None),
    "another record, which the caller believes less": (replace(words(0), outranked=(2,)), OF_B, 0),
    "another record, which only leads": (words(2), FAINTLY_A, None),
    "nothing clearly, of what several records have": (words(0), NOWHERE, None),
    "nothing clearly, of what one record has": (words(4), NOWHERE, 4),
    "clearly another than the only one that has it": (words(4), OF_A, None),
    "which of those that the words leave open": (words(None, open_=(0, 2)), OF_B, 2),
    "faintly which of those": (words(None, open_=(0, 2)), FAINTLY_A, None),
    "none of those": (words(None, open_=(4,)), OF_A, None),
    "two fields of one record": (words(None, open_=(0, 1, 2)), OF_A, None),
    "that words refuse": (words(None), OF_A, None),
    "nothing, because nothing was read": (words(0), None, 0),
    "a statement that no rule has read": (words(0), ON_UNREAD, None),
    "such a statement, where no other record has it": (words(4), ON_UNREAD, None),
    "such a statement, where the words leave several open": (words(None, open_=(0, 2)), ON_UNREAD, None),
}


@pytest.mark.parametrize("resolver", ["reading", "both"])
def test_that_a_statement_was_not_read_is_the_reason(resolver: str) -> None:
    found = RESOLVERS.get(resolver)(words(0), ON_UNREAD, ORDERS)
    assert found.index is None
    assert "a statement that no rule has read" in found.reason


@pytest.mark.parametrize("case", BOTH_SAY)
def test_both_take_what_words_and_reading_agree_on(case: str) -> None:
    said, read, target = BOTH_SAY[case]
    found = RESOLVERS.get("both")(said, read, ORDERS)
    assert found.index == target
    assert found.key == (None if target is None else ORDERS.items[target].key)
    assert (found.how == "unresolved") == (target is None)
    assert found.how == "reading" or said.index is not None or target is None


def test_a_sentence_that_names_whose_value_follows_is_followed() -> None:
    both, said = RESOLVERS.get("both"), words(2, how="sentence")
    assert both(said, OF_A, ORDERS, sentence=OF_B, named=True).confirmed
    followed = both(said, OF_A, ORDERS, sentence=NOWHERE, named=True)
    assert followed.index == 2
    assert not followed.confirmed
    assert "not what the question rests on" in followed.reason
    assert both(said, OF_A, ORDERS, sentence=OF_A, named=True).index is None
    assert both(said, OF_A, ORDERS, sentence=NOWHERE, named=False).index is None


def test_reading_takes_the_record_and_of_it_the_field_that_the_words_name() -> None:
    reading = RESOLVERS.get("reading")
    assert reading(words(2), OF_B, ORDERS).index == 2
    assert reading(words(None, open_=(0, 2)), OF_A, ORDERS).index == 0
    assert reading(words(0), None, ORDERS).index is None
    assert reading(words(0), FAINTLY_A, ORDERS).index is None
    assert reading(words(0), OF_B, ORDERS).index is None


def test_words_take_no_reading() -> None:
    resolver = RESOLVERS.get("words")
    assert not resolver.reads
    assert resolver(words(0), OF_B, ORDERS) == words(0)


def test_a_question_about_a_record_may_mean_what_stands_in_it_if_that_is_one_thing() -> None:
    nested = table(
        ("id", "A", None), ("amount", "A.pay", "A"), ("id", "B", None), ("amount", "B.1", "B"), ("amount", "B.2", "B")
    )
    assert within(nested, 1, (0,))
    assert not within(nested, 1, (2,))
    assert not within(nested, 3, (2,))
    assert within(nested, 3, (3,))
    assert has_rivals(nested, 1)
    assert not has_rivals(ORDERS, 4)


def test_an_unknown_resolver_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="word"):
        GuardConfig(resolver="word")
