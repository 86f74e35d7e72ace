"""Audits a written answer or trace: `audit`, and `aaudit` for event loops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from guardbind._version import __version__
from guardbind.auditing.bound import BoundValues
from guardbind.auditing.checking import checked_by
from guardbind.auditing.context import context_texts
from guardbind.auditing.executing import executed
from guardbind.auditing.judged import ClaimReading, ClaimVerdict, JudgedClaim
from guardbind.auditing.judging import final_verdict, verifier_verdict
from guardbind.auditing.measuring import readings_of, tested_spans
from guardbind.auditing.names import SpanNames
from guardbind.auditing.reading import GivenTrace, given_trace, read_trace
from guardbind.auditing.recording import AuditRecorder
from guardbind.auditing.report import AuditCost, AuditReport, VerifierRecord
from guardbind.auditing.settings import AuditConfig
from guardbind.auditing.spans import Context, cut_context
from guardbind.auditing.trace import TraceClaim
from guardbind.auditing.verifier import VerifierAsker
from guardbind.backends import Backend, Spent
from guardbind.backends.local import LocalBackend
from guardbind.errors import ConfigError

__all__ = ["aaudit", "audit"]


def audit(
    trace: Any,
    context: Any = None,
    *,
    verifier: Backend | None = None,
    config: AuditConfig | None = None,
    checked: VerifierRecord | None = None,
    question: str | None = None,
) -> AuditReport:
    """Judge each claim of a trace against the spans of its context.

    Args:
        trace: JSON with claims, a text with citations like `[2]`, the messages of a chat, or an `AuditTrace`.
        context: A text, documents, or messages; None where the trace brings its own.
        verifier: A backend that judges; None for the exact judgement alone, without a model.
        config: The settings.
        checked: What `check_verifier` said of this verifier, so that it is not asked the calibration items again.
        question: What was asked; None where the trace says it, or nobody does.

    Returns:
        The report.

    Raises:
        ConfigError: The trace or the context cannot be used, or there is no context; the null `mask` is asked of a
            verifier that is no model of this process; or a sink cannot use its argument.
        UnknownNameError: A sink is not registered.
        BackendError: The verifier stopped answering before it had answered the calibration items, or answered none of
            them. Where it stops later, what was judged is returned, and `stopped` says so.

    Example:
        >>> report = audit("Bob's badge is 8213. [1]", "Bob's badge is 4417. Alice's badge is 8213.")
        >>> report.claims[0].verdict, report.claims[0].reason
        ('contradicted', 'it is the value of something else in the context')
    """

    def run() -> AuditReport:
        return asyncio.run(aaudit(trace, context, verifier=verifier, config=config, checked=checked, question=question))

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run()
    with ThreadPoolExecutor(1) as pool:  # a notebook runs in a loop already
        return pool.submit(run).result()


async def aaudit(
    trace: Any,
    context: Any = None,
    *,
    verifier: Backend | None = None,
    config: AuditConfig | None = None,
    checked: VerifierRecord | None = None,
    question: str | None = None,
) -> AuditReport:
    """Judge each claim of a trace, in an event loop; see `audit`."""
    config = config or AuditConfig()
    recorder = AuditRecorder(config, verifier)
    try:
        given = given_trace(trace)
        if question is not None:
            given = given.asking(question)
        report = await _audited(given, context, verifier, config, checked, recorder)
    except BaseException as error:
        recorder.failed(error)
        raise
    recorder.end(report)
    return report


async def _audited(
    given: GivenTrace,
    context: Any,
    verifier: Backend | None,
    config: AuditConfig,
    checked: VerifierRecord | None,
    recorder: AuditRecorder,
) -> AuditReport:
    if "mask" in config.nulls and verifier is not None and not isinstance(verifier, LocalBackend):
        raise ConfigError(
            f"the null 'mask' needs a model of this process; the verifier is a backend {verifier.name!r}.",
            hint="Leave it out of nulls, or give a LocalBackend.",
        )
    own = given.context if context is None else context
    if own is None or (isinstance(own, (str, list, tuple, dict)) and not own):
        raise ConfigError("there is no context.", hint="Give what the claims are to be held against as `context`.")
    spans = cut_context(context_texts(own), config)
    names = SpanNames(spans.spans)
    read = read_trace(given, names, spans.language, config)
    bound = BoundValues(spans, read, names)
    asker = VerifierAsker(verifier, chat=config.chat) if verifier is not None else None
    record = checked if asker is not None else None
    if asker is not None and record is None:
        record = await checked_by(asker, config, spans.language)
    if (
        asker is not None
        and record is not None
        and (record.backend, record.model)
        != (
            asker.backend.name,
            asker.backend.model,
        )
    ):
        raise ConfigError(f"`checked` is of {record.model!r}, and the verifier is {asker.backend.model!r}.")
    recorder.began(len(spans.spans), record)
    able = record is not None and record.able
    judged: list[JudgedClaim] = []
    readings = _unread(len(read.claims)) if asker is None else readings_of(asker, read.claims, spans.spans, config)
    async for reading in readings:
        claim = read.claims[len(judged)]
        judged.append(_judged(claim, reading, bound, spans, config, verifier=asker is not None, able=able))
        recorder.claim(judged[-1])
    answer = await executed(read, judged, asker, config, able=able)
    lost = None if asker is None else asker.lost
    return AuditReport(
        trace=read,
        spans=spans.spans,
        claims=tuple(judged),
        verifier=record,
        answer=answer,
        tau=config.tau,
        language=spans.language.name,
        cost=_cost(asker.spent if asker is not None else Spent()),
        settings=config.changed(),
        stopped=None if lost is None else f"{type(lost).__name__}: {lost}",
        notes=tuple(
            dict.fromkeys(
                (*_of_language(spans, record), *spans.notes, *read.notes, *bound.notes, *(asker.notes if asker else ()))
            )
        ),
        guardbind=__version__,
    )


def _of_language(context: Context, checked: VerifierRecord | None) -> tuple[str, ...]:
    if checked is None or not checked.items or checked.language == context.language.name:
        return ()
    return (
        f"the calibration items are {checked.language.title()} and the context is read as "
        f"{context.language.name.title()}: how well the verifier judges that was not measured.",
    )


async def _unread(count: int) -> AsyncIterator[ClaimReading | None]:
    for _ in range(count):
        yield None


def _judged(
    claim: TraceClaim,
    reading: ClaimReading | None,
    bound: BoundValues,
    context: Context,
    config: AuditConfig,
    *,
    verifier: bool,
    able: bool,
) -> JudgedClaim:
    binding = bound.judge(claim)
    verdict: ClaimVerdict = "undecided"
    nothing = "binds nothing that it states" if binding.state == "none" else "leaves it open"
    unasked = "no verifier was asked" if not verifier else "the verifier could not be asked"
    reason = f"{unasked}, and the binding table {nothing}"
    if reading is not None and able:
        verdict, reason = verifier_verdict(reading, config.least_bits)
    elif reading is not None:
        reason = "the verifier is not shown to be better than chance, so it certifies nothing"
    by_verifier = verdict
    if claim.cites and not claim.citations:
        verdict, reason, differ = "unsupported", "it cites only what is not in the context", False
        if binding.state == "differs":
            verdict, reason = "contradicted", binding.reason
    else:
        verdict, reason, differ = final_verdict(
            verdict, reason, binding, says_more=bound.says_more(claim, binding), able=reading is not None and able
        )
    if not claim.cites:
        reason += "; it cites nothing, and was held against the whole context"
    elif claim.unknown and claim.citations:
        reason += "; some of what it cites is not in the context"
    tested = tuple(span.id for span in tested_spans(claim, context.spans))
    return JudgedClaim(
        claim=claim,
        verdict=verdict,
        reason=reason,
        tested=tested,
        reading=reading,
        binding=binding,
        by_verifier=by_verifier,
        differ=differ,
    )


def _cost(spent: Spent) -> AuditCost:
    return AuditCost(
        requests=spent.requests,
        prompt_tokens=spent.prompt_tokens,
        new_tokens=spent.new_tokens,
        cached=spent.cached,
        seconds=spent.seconds,
        lookups=spent.lookups,
    )
