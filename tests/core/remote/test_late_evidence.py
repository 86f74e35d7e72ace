"""Evidence that may be moved stands late, so that nulls share most of a prompt; the verdicts are those of before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from toy_backend import BADGES, FACTS, ToyBackend

from guardbind import ApiGuard, ApiGuardConfig, ApiOutput, ConfigError
from guardbind.backends import Completion, NextToken, PromptRequest
from guardbind.events.records import Event, GenerationRecord

RULES = "Be brief, and answer in one sentence. " * 20
ASKS = "What is the badge number of Boris?"
CHAT = [
    {"role": "user", "content": FACTS},
    {"role": "user", "content": RULES},
    {"role": "user", "content": ASKS},
]


def flat(asked: PromptRequest) -> str:
    return "".join(f"<{one['role']}>{one['content']}" for one in asked.messages) + asked.text + asked.begun


def shared(one: str, other: str) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


@dataclass
class PrefixCachingToy(ToyBackend):
    """Reads all turns, and counts the characters that none of the prompts before began with, as a prefix cache does."""

    read: int = 0
    known: list[str] = field(default_factory=list)

    def _chances(self, asked: PromptRequest) -> dict[str, float]:
        return super()._chances(
            PromptRequest(text="\n".join(one["content"] for one in asked.messages), begun=asked.begun)
        )

    def _note(self, asked: Sequence[PromptRequest]) -> None:
        for one in asked:
            text = flat(one)
            self.read += len(text) - max((shared(text, before) for before in self.known), default=0)
            self.known.append(text)

    async def next_tokens(
        self, asked: Sequence[PromptRequest], *, top: int | None = None, values: Sequence[str] = ()
    ) -> list[NextToken]:
        self._note(asked)
        return await super().next_tokens(asked, top=top, values=values)

    async def write(self, asked: PromptRequest, **how: Any) -> Completion:
        self._note([asked])
        return await super().write(asked, **how)


def guarded(
    backend: ToyBackend, where: str, evidence: Sequence[int] = (0,), chat: Any = None, **settings: Any
) -> tuple[ApiOutput, Any]:
    records: list[Event] = []
    guard = ApiGuard(backend, ApiGuardConfig(**{"evidence": where, "sinks": (records.append,), **settings}))
    output = guard.generate(CHAT if chat is None else chat, evidence=evidence, max_new_tokens=16)
    (end,) = [record for record in records if isinstance(record, GenerationRecord)]
    assert end.settings is not None
    return output, end


@pytest.mark.parametrize("rival", [0.05, 0.6])
def test_late_evidence_reads_less_and_says_the_same(rival: float) -> None:
    there, here = PrefixCachingToy(own=0.3, rival=rival), PrefixCachingToy(own=0.3, rival=rival)
    early, first = guarded(there, "in_place")
    late, second = guarded(here, "late")
    assert early.text == late.text and len(early.report.slots) == 1
    for a, b in zip(early.report.slots, late.report.slots, strict=True):
        assert (a.verdict, a.final_verdict, a.target) == (b.verdict, b.final_verdict, b.target)
        assert a.evidence_bits == pytest.approx(b.evidence_bits)
    assert here.read < there.read - len(RULES)
    assert [one["content"] for one in here.asked[0].messages] == [RULES, FACTS, ASKS]
    assert [one["content"] for one in there.asked[0].messages] == [FACTS, RULES, ASKS]
    assert (first.arguments["evidence"], second.arguments["evidence"]) == ("in place", "late")


def test_nulls_go_in_the_order_of_what_they_share_with_the_prompt() -> None:
    backend = PrefixCachingToy(own=0.3, rival=0.6)
    guarded(backend, "late", envelope=("no_evidence", "delete"), policy="observe")
    whole, *nulls = [flat(one) for one in backend.asked]
    lengths = [shared(whole, null) for null in nulls]
    assert len(set(lengths)) > 1 and lengths == sorted(lengths, reverse=True)
    backend = PrefixCachingToy(own=0.3, rival=0.6)
    guarded(backend, "in_place", envelope=("no_evidence", "delete"), policy="observe")
    whole, *nulls = [flat(one) for one in backend.asked]
    lengths = [shared(whole, null) for null in nulls]
    assert lengths != sorted(lengths, reverse=True)  # the test above could fail


def test_nothing_is_moved_where_no_message_is_marked_and_that_is_recorded() -> None:
    backend = PrefixCachingToy()
    _, end = guarded(backend, "late", ())
    assert [one["content"] for one in backend.asked[0].messages] == [FACTS, RULES, ASKS]
    assert end.arguments["evidence"] == "in place: no message is marked as evidence"


def test_evidence_that_is_late_already_stays() -> None:
    backend = PrefixCachingToy()
    _, end = guarded(backend, "late", (1,), [CHAT[1], CHAT[0], CHAT[2]])
    assert end.arguments["evidence"] == "late already"
    assert [one["content"] for one in backend.asked[0].messages] == [RULES, FACTS, ASKS]


NAMED = "in place: it would pass a message that names what it states"
OTHERWISE = "in place: the prompt would say something else"


@pytest.mark.parametrize(
    ("between", "said"),
    [
        ("Correction: the badge number of Boris is 1111.", NAMED),
        ("I was told 9370, is that so?", NAMED),
        ("BORIS has a new one since then.", NAMED),
        ("The numbers above are invented.", OTHERWISE),
    ],
)
def test_evidence_passes_no_message_on_which_it_depends_what_holds(between: str, said: str) -> None:
    backend = PrefixCachingToy()
    chat = [CHAT[0], {"role": "user", "content": between}, CHAT[2]]
    output, end = guarded(backend, "late", (0,), chat)
    assert backend.known and all(text.index(f"<user>{FACTS[:20]}") == 0 for text in backend.known)
    assert between in backend.known[0]
    assert end.arguments["evidence"] == said
    plain = guarded(PrefixCachingToy(), "in_place", (0,), chat)[0]
    assert [slot.verdict for slot in output.report.slots] == [slot.verdict for slot in plain.report.slots]


@pytest.mark.parametrize(
    ("chat", "evidence", "said"),
    [
        (FACTS + ASKS, (0,), "the prompt is a text"),
        (CHAT, (2,), "indices of the 3 messages before the last"),
        (CHAT, (-1,), "indices of the 3 messages"),
        ([{"role": "tool", "content": FACTS}, *CHAT[1:]], (0,), "role 'tool'"),
    ],
)
@pytest.mark.parametrize("where", ["in_place", "late"])
def test_marks_that_cannot_be_meant_are_refused(where: str, chat: Any, evidence: tuple[int, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        guarded(PrefixCachingToy(), where, evidence, chat)


def test_values_of_the_toy_are_those_of_the_facts() -> None:
    assert all(badge in FACTS for badge in BADGES.values())
