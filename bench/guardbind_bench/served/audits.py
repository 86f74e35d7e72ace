"""Audits claims with known labels over a server and by the same model in this process, and compares the two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from guardbind.auditing import AuditConfig, AuditReport, ClaimReading, JudgedClaim, VerifierRecord, aaudit
from guardbind.auditing.checking import check_verifier
from guardbind.auditing.judging import verifier_verdict
from guardbind.auditing.report import AuditCost
from guardbind.backends import Backend
from guardbind_bench.experiments.table import Estimate
from guardbind_bench.prompts.audits.documents import Documents
from guardbind_bench.prompts.audits.item import AuditItem
from guardbind_bench.stats.statistics import share

__all__ = ["AuditArm", "AuditedClaim", "ServedAudit", "arm_of", "measure_audits", "reading_decides"]

NEAR = 1e-4
"""What may lie between two reads of one distribution in other batches, as a probability."""
_FLAGS = ("contradicted", "unsupported", "under_budget")


@dataclass(frozen=True, slots=True)
class AuditedClaim:
    """One claim, judged twice.

    Attributes:
        right: Whether its document says so, and where it is cited.
        served: What the audit over the server says.
        exact: What the audit with the same model in this process says.
    """

    right: bool
    served: JudgedClaim
    exact: JudgedClaim


@dataclass(frozen=True, slots=True)
class AuditArm:
    """What one audit makes of the claims.

    Attributes:
        decided: Share of them that the readings decide, whatever they decide.
        verdicts: Verdicts of right and of wrong claims.
        by_readings: The same, by the readings alone, as if the verifier could do the task.
        wrong_supported: Share of the wrong claims whose verdict is `supported`.
        wrong_flagged: Share of the wrong claims that are flagged: contradicted, unsupported or under budget.
        right_flagged: Share of the right claims that are.
    """

    decided: Estimate
    verdicts: tuple[Counter[str], Counter[str]]
    by_readings: tuple[Counter[str], Counter[str]]
    wrong_supported: Estimate
    wrong_flagged: Estimate
    right_flagged: Estimate


@dataclass(frozen=True, slots=True)
class ServedAudit:
    """What audits over a server and in this process say of the same claims.

    Attributes:
        claims: Those that both judged and read.
        checked: The verifier's own accuracy, over the server and in this process.
        cost: What the audits over the server cost, the check of the verifier left out.
        stopped: The error after which the server was asked no more; None where it answered to the end.
        unread: Claims that the server was asked about and could not be read.
        notes: What the audits over the server had to say.
    """

    claims: tuple[AuditedClaim, ...]
    checked: tuple[VerifierRecord, VerifierRecord]
    cost: AuditCost
    stopped: str | None
    unread: int
    notes: tuple[str, ...]

    @property
    def same_verdict(self) -> Estimate:
        """Share of claims with the same verdict."""
        return share([claim.served.verdict == claim.exact.verdict for claim in self.claims])

    @property
    def same_reading(self) -> Estimate:
        """Share of those that the server's ranges decide at which the exact readings say the same."""
        pairs = [(_reading(claim.served), _reading(claim.exact)) for claim in self.claims]
        return share([_said(a) == _said(b) for a, b in pairs if reading_decides(a)])

    @property
    def held(self) -> tuple[Estimate, Estimate]:
        """Share of claims whose exact p1 lies in the server's range, and of nulls of claims whose exact p0 does."""
        shown, absent = [], []
        for claim in self.claims:
            ranged, exact = _reading(claim.served), _reading(claim.exact)
            shown.append(ranged.p1.low - NEAR <= exact.p1.low and exact.p1.high <= ranged.p1.high + NEAR)
            points = {budget.null: budget.p0 for budget in exact.nulls}
            for budget in ranged.nulls:
                point = points[budget.null]
                absent.append(budget.p0.low - NEAR <= point.low and point.high <= budget.p0.high + NEAR)
        return share(shown), share(absent)

    @property
    def widths(self) -> tuple[float, float]:
        """Median and largest width of the server's ranges of p1; NaN without claims."""
        found = [reading.p1.high - reading.p1.low for reading in (_reading(claim.served) for claim in self.claims)]
        return (float(np.median(found)), max(found)) if found else (float("nan"), float("nan"))


def reading_decides(reading: ClaimReading) -> bool:
    """Whether what was returned decides the verdict of a claim; exact readings always do."""
    if reading.refuted == "yes":
        return True
    if reading.sufficient == "yes":
        return reading.relies != "undecided" and (reading.relies == "yes" or reading.refuted == "no")
    return reading.sufficient == "no" and reading.refuted == "no"


def arm_of(rights: Sequence[bool], judged: Sequence[JudgedClaim]) -> AuditArm:
    """Return what one audit makes of claims.

    Args:
        rights: Whether each is right.
        judged: What is said of each, with its readings.
    """
    read = [_reading(claim) for claim in judged]
    pairs = list(zip(rights, judged, strict=True))
    return AuditArm(
        share([reading_decides(reading) for reading in read]),
        _counted(rights, [claim.verdict for claim in judged]),
        _counted(rights, [_said(reading) for reading in read]),
        share([claim.verdict == "supported" for right, claim in pairs if not right]),
        share([claim.verdict in _FLAGS for right, claim in pairs if not right]),
        share([claim.verdict in _FLAGS for right, claim in pairs if right]),
    )


async def measure_audits(
    served: Backend, exact: Backend, n: int, seed: int, *, languages: Sequence[str] = ("en",), items: int = 60
) -> ServedAudit:
    """Return what audits of documents with known claims say, over a server and in this process.

    Documents are audited over the server first, one by one; where it stops answering, what it judged is compared.

    Args:
        served: The server.
        exact: The same model in this process.
        n: Claims; two of a document.
        seed: Draws the documents.
        languages: Their languages.
        items: Calibration items that both are asked.

    Raises:
        BackendError: The server stopped answering before it had answered the calibration items.
    """
    config = AuditConfig(calibration_items=items, seed=seed, execute=False)
    checked = (await check_verifier(served, config), await check_verifier(exact, config))
    task = Documents(seed=seed, languages=languages)
    documents, reports = [task.item(index) for index in range(-(-n // 2))], []
    for document in documents:
        reports.append(await _audited(document, served, checked[0], config))
        if reports[-1].stopped is not None:
            break
    claims: list[AuditedClaim] = []
    unread = 0
    for document, report in zip(documents, reports, strict=False):
        if all(judged.reading is None for judged in report.claims):
            unread += len(report.claims)
            continue
        ours = await _audited(document, exact, checked[1], config)
        for known, over, here in zip(document.claims, report.claims, ours.claims, strict=True):
            if over.reading is None or here.reading is None:
                unread += 1
            else:
                claims.append(AuditedClaim(not known.is_error, over, here))
    notes = tuple(dict.fromkeys(note for report in reports for note in report.notes))
    return ServedAudit(tuple(claims), checked, _summed(reports), reports[-1].stopped, unread, notes)


async def _audited(document: AuditItem, verifier: Backend, checked: VerifierRecord, config: AuditConfig) -> AuditReport:
    # Names of their own: the audit numbers its spans by itself.
    context = [{"id": f"D{span.id[1:]}", "text": span.text} for span in document.spans]
    claims = [{"claim": claim.text, "citations": [f"D{cite[1:]}" for cite in claim.cites]} for claim in document.claims]
    return await aaudit({"claims": claims}, context, verifier=verifier, config=config, checked=checked)


def _reading(claim: JudgedClaim) -> ClaimReading:
    assert claim.reading is not None  # claims without one are counted as unread
    return claim.reading


def _said(reading: ClaimReading) -> str:
    if not reading_decides(reading):
        return "left open"
    return verifier_verdict(reading, AuditConfig().least_bits)[0]


def _counted(rights: Sequence[bool], said: Sequence[str]) -> tuple[Counter[str], Counter[str]]:
    right, wrong = (
        Counter(word for flag, word in zip(rights, said, strict=True) if flag is wanted) for wanted in (True, False)
    )
    return right, wrong


def _summed(reports: Sequence[AuditReport]) -> AuditCost:
    def whole(numbers: Sequence[int | None]) -> int | None:
        return None if None in numbers else sum(number or 0 for number in numbers)

    costs = [report.cost for report in reports]
    return AuditCost(
        requests=sum(cost.requests for cost in costs),
        prompt_tokens=whole([cost.prompt_tokens for cost in costs]),
        new_tokens=whole([cost.new_tokens for cost in costs]),
        cached=sum(cost.cached for cost in costs),
        seconds=sum(cost.seconds for cost in costs),
        lookups=sum(cost.lookups for cost in costs),
    )
