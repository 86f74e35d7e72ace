"""Claims and citations of inputs of other domains."""

from __future__ import annotations

import pytest
from unit.auditing.foreign_traces import FOREIGN_TRACES, LATER_TRACES, ForeignTrace

from guardbind.auditing.context import context_texts
from guardbind.auditing.names import SpanNames
from guardbind.auditing.reading import given_trace, read_trace
from guardbind.auditing.settings import AuditConfig
from guardbind.auditing.spans import cut_context
from guardbind.auditing.trace import AuditTrace


def read(case: ForeignTrace) -> AuditTrace:
    given = given_trace(case.given)
    context = cut_context(context_texts(given.context if case.context is None else case.context), AuditConfig())
    return read_trace(given, SpanNames(context.spans), context.language, AuditConfig())


@pytest.mark.parametrize("case", [*FOREIGN_TRACES, *LATER_TRACES], ids=lambda case: case.name)
def test_claims_and_what_they_cite_are_read(case: ForeignTrace) -> None:
    found = read(case).claims
    assert [(claim.citations, claim.unknown) for claim in found] == [wanted[1:] for wanted in case.claims]
    for claim, (begins, _, _) in zip(found, case.claims, strict=True):
        assert claim.text.startswith(begins)
