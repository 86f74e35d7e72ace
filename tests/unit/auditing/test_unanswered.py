"""Verifiers that do not answer: what was judged is kept and said, and nobody is taken for a bad verifier by mistake."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fake_verifier import FakeVerifier

from guardbind import AuditConfig, aaudit, audit
from guardbind.auditing.checking import check_verifier
from guardbind.auditing.report import VerifierRecord
from guardbind.cli.main import main
from guardbind.errors import BackendError
from guardbind.registry import BACKENDS

CONTEXT = "The badge number of Bob is 4417.\n\nThe pool opens at dawn.\n\nThe gym opens at noon."
ANSWER = "The pool opens at dawn [2]. The gym opens at noon [3]. "


def able() -> VerifierRecord:
    return asyncio.run(check_verifier(FakeVerifier()))


@pytest.mark.parametrize("dies", [0, 1, 40])
@pytest.mark.parametrize("chat", [None, True])
def test_a_verifier_that_does_not_answer_the_items_is_no_bad_verifier(dies: int, chat: bool | None) -> None:
    verifier = FakeVerifier(dies=dies)
    with pytest.raises(BackendError, match="was not reached"):
        audit(ANSWER, CONTEXT, verifier=verifier, config=AuditConfig(chat=chat))
    assert verifier.calls <= 3  # the chat, a batch that is answered, and the one that is not


def test_a_verifier_that_refuses_every_item_is_no_bad_verifier_either() -> None:
    with pytest.raises(BackendError, match="none of 90 calibration items"):
        audit(ANSWER, CONTEXT, verifier=FakeVerifier(refuses="One word"))


def test_only_a_refusal_of_the_chat_means_that_there_is_none() -> None:
    plain = FakeVerifier(chats=False, knows=False)
    assert any("plain text" in note for note in audit(ANSWER, CONTEXT, verifier=plain).notes)
    with pytest.raises(BackendError, match="was not reached"):
        asyncio.run(check_verifier(FakeVerifier(chats=True, dies=0)))


def test_a_verifier_that_dies_is_asked_no_more_and_what_was_judged_is_kept() -> None:
    verifier = FakeVerifier(dies=91 + 45)
    many = "".join(f"The pool opens at dawn [2], on day {day}. " for day in range(40))
    report = audit(ANSWER + many, CONTEXT, verifier=verifier)
    assert report.stopped == "BackendError: the server was not reached."
    assert [judged.verdict for judged in report.claims[:2]] == ["supported", "supported"]
    read = [judged.reading is not None for judged in report.claims]
    assert 2 <= sum(read) < 40 and read == sorted(read, reverse=True)
    assert report.claims[-1].reason.startswith("the verifier could not be asked")
    assert verifier.calls < 10 and "this audit is not whole" in report.to_html()


def test_a_prompt_that_is_refused_takes_no_other_with_it() -> None:
    verifier = FakeVerifier(refuses="gym")
    report = audit(ANSWER, CONTEXT, verifier=verifier)
    assert report.stopped is None
    assert [judged.reading is not None for judged in report.claims] == [True, False]
    assert any("could not be asked" in note for note in report.notes)


@pytest.fixture
def dying() -> Iterator[FakeVerifier]:
    verifier = FakeVerifier(dies=91 + 5)

    def connect(address: str, model: str | None, **settings: Any) -> FakeVerifier:
        return verifier

    BACKENDS.register("dying", connect)
    yield verifier
    BACKENDS.unregister("dying")


def test_the_command_shows_what_was_judged_and_fails(dying: FakeVerifier, tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text(CONTEXT)
    (tmp_path / "a.txt").write_text("The pool opens at dawn [2]. " + "The gym opens at noon [3], and at ten. " * 9)
    asked = ["audit", str(tmp_path / "a.txt"), "--context", str(tmp_path / "c.txt"), "--api", "dying:x"]
    result = CliRunner().invoke(main, [*asked, "--fail-on", "never"])
    assert result.exit_code == 1
    assert "The pool opens at dawn" in result.stdout and "stopped answering" in result.stderr


def test_claims_are_handed_on_as_they_are_judged() -> None:
    """A cancelled audit keeps the records of its finished claims."""
    seen: list[Any] = []
    record = able()

    class Slow(FakeVerifier):
        async def next_tokens(self, asked: Any, **how: Any) -> Any:
            if any("day 30" in request.messages[0]["content"] for request in asked):
                await asyncio.sleep(60)
            return await super().next_tokens(asked, **how)

    async def cancelled() -> None:
        many = "".join(f"The pool opens at dawn [2], on day {day}. " for day in range(40))
        config = AuditConfig(sinks=(seen.append,), chat=True)
        task = asyncio.create_task(aaudit(many, CONTEXT, verifier=Slow(), config=config, checked=record))
        while len(seen) < 5:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    *claims, end = seen
    assert 5 <= len(claims) < 31 and {each.event for each in claims} == {"audit_claim"}
    assert (end.error, end.claims, end.able) == ("CancelledError", len(claims), True)
    assert sum(end.verdicts.values()) == len(claims) and end.spans == 3
