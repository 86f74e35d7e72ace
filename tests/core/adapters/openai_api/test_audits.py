"""Audits over a server that fails: it is not taken for a bad verifier, and is not asked over and over."""

from __future__ import annotations

import pytest
from api_servers import Connects, Starts

from guardbind import AuditConfig, audit
from guardbind.auditing import VerifierRecord
from guardbind.backends import Backend
from guardbind.errors import BackendError

CONTEXT = "The pool opens at dawn.\n\nThe gym opens at noon."
CONFIG = AuditConfig(nulls=("redact", "delete", "same_length", "no_evidence"))
MANY = "".join(f"The pool opens at dawn [1], on day {day}. " for day in range(30))


def trusted(backend: Backend) -> VerifierRecord:
    """A record, so that the toy model is not asked the items."""
    empty = dict.fromkeys(("accuracy", "interval", "p_value"))
    return VerifierRecord.model_validate(
        {"backend": backend.name, "model": backend.model, "items": 0, "correct": 0, "chance": 1 / 3, "able": True}
        | empty
    )


@pytest.mark.parametrize(("fault", "said"), [("quota", "429"), ("500", "500"), ("401", "401"), ("reset", "cut off")])
def test_a_server_that_does_not_answer_the_items_is_said_to(
    fault: str, said: str, start: Starts, connect: Connects
) -> None:
    server = start(extras=False)
    backend = connect(server, attempts=1)
    server.seen.clear()
    server.always = fault
    with pytest.raises(BackendError, match=said):
        audit("The pool opens at dawn [1].", CONTEXT, verifier=backend)
    assert len(server.seen) == 1


def test_a_server_that_dies_is_asked_for_one_batch_more(start: Starts, connect: Connects) -> None:
    server = start(extras=False)
    backend = connect(server, attempts=1)
    server.harm = ("day 12", "500")
    server.seen.clear()
    report = audit(MANY, CONTEXT, verifier=backend, config=CONFIG, checked=trusted(backend))
    assert report.stopped is not None and "500" in report.stopped
    read = [judged.reading is not None for judged in report.claims]
    assert read[:7] == [True] * 7 and not any(read[12:])
    assert len(server.seen) <= 1 + 30 * 5 / 2  # the chat, and the claims up to the batch of the twelfth


def test_a_prompt_that_is_refused_is_left_out_alone(start: Starts, connect: Connects) -> None:
    server = start(extras=False)
    backend = connect(server, attempts=1)
    server.harm = ("day 12", "400")
    report = audit(MANY, CONTEXT, verifier=backend, config=CONFIG, checked=trusted(backend))
    assert report.stopped is None
    assert [place for place, judged in enumerate(report.claims) if judged.reading is None] == [12]
