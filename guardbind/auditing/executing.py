"""Answers from the supported claims only, and says whether the written answer follows from them."""

from __future__ import annotations

from collections.abc import Sequence

from guardbind.auditing.judged import JudgedClaim
from guardbind.auditing.prompts import contained
from guardbind.auditing.report import AnswerJudgement
from guardbind.auditing.settings import AuditConfig
from guardbind.auditing.trace import AuditTrace, ContextSpan
from guardbind.auditing.verifier import VerifierAsker
from guardbind.backends import PromptRequest
from guardbind.errors import GuardbindError
from guardbind.information.partial import decide
from guardbind.text.layout import occurrences

__all__ = ["executed"]

_ANSWER = """Answer the QUESTION by the FACTS alone, in one short sentence. If they do not say it, write: not stated.

FACTS
{facts}

QUESTION
{question}

Answer:"""
_LONGEST = 48


async def executed(
    trace: AuditTrace, claims: Sequence[JudgedClaim], asker: VerifierAsker | None, config: AuditConfig, *, able: bool
) -> AnswerJudgement:
    """Return whether the answer follows from the claims that are supported.

    An answer that is its claims follows where all of them are supported. Of a conclusion apart, every supported claim
    is a premise: a verifier that can do the task says whether it follows; without one it follows only where a premise
    states it word by word.

    Args:
        trace: What was audited.
        claims: Its claims, judged.
        asker: The verifier; None without one.
        config: The settings.
        able: The verifier can do the task.
    """
    premises = [judged for judged in claims if judged.verdict == "supported"]
    ids = tuple(judged.claim.id for judged in premises)
    if not claims:
        return AnswerJudgement(follows="undecided", reason="there is no claim")
    written = None
    if premises and asker is not None and asker.lost is None and able and trace.question and config.execute:
        written = await _written(asker, trace.question, [judged.claim.text for judged in premises])
    if trace.final is None:
        against = [judged for judged in claims if judged.verdict in ("contradicted", "unsupported", "under_budget")]
        if against:
            return AnswerJudgement(
                follows="no", reason="claims of the answer are not supported", premises=ids, executed=written
            )
        follows = len(premises) == len(claims)
        reason = "every claim of the answer is supported" if follows else "claims of the answer are undecided"
        return AnswerJudgement(follows="yes" if follows else "undecided", reason=reason, premises=ids, executed=written)
    if not premises:
        open_ = any(judged.verdict == "undecided" for judged in claims)
        reason = "no claim is supported" + (", and some are undecided" if open_ else "")
        return AnswerJudgement(follows="undecided" if open_ else "no", reason=reason)
    bare = trace.final.strip().rstrip(".")
    if bare and any(occurrences(judged.claim.text, [bare]) for judged in premises):
        return AnswerJudgement(
            follows="yes", reason="a supported claim states it word by word", premises=ids, executed=written
        )
    if asker is None or not able:
        return AnswerJudgement(
            follows="undecided",
            reason="no supported claim states it word by word",
            premises=ids,
        )
    spans = [ContextSpan(id=judged.claim.id, text=judged.claim.text) for judged in premises]
    claim = trace.final if trace.question is None else f"Asked {trace.question!r}, the answer is: {trace.final}"
    (reading,) = await asker.read([(spans, claim, None)])
    if reading is None:
        return AnswerJudgement(follows="undecided", reason="it could not be asked", premises=ids, executed=written)
    if decide(reading.yes, config.tau) == "yes":
        return AnswerJudgement(
            follows="yes",
            reason="the verifier says that it follows from the supported claims",
            premises=ids,
            executed=written,
        )
    said = decide(reading.yes, config.tau) == "no" and reading.best in ("NO", "UNSURE")
    return AnswerJudgement(
        follows="no" if said else "undecided",
        reason="the verifier does not say that it follows from the supported claims",
        premises=ids,
        executed=written,
    )


async def _written(asker: VerifierAsker, question: str, facts: Sequence[str]) -> str | None:
    text = _ANSWER.format(facts="\n".join(map(contained, facts)), question=contained(question))
    request = (
        PromptRequest(messages=({"role": "user", "content": text},))
        if await asker.in_chat()
        else PromptRequest(text=text)
    )
    try:
        answer = await asker.backend.write(request, max_new_tokens=_LONGEST, stop=("\n\n",))
    except GuardbindError as error:
        asker.notes.append(f"the executor did not answer: {type(error).__name__}.")
        return None
    asker.spent = asker.spent + answer.spent
    return answer.text.strip()
