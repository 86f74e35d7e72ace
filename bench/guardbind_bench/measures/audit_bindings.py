"""Measures `audit_bindings`: what the binding table says of claims with known labels, exactly and without a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from guardbind.auditing.audit import audit
from guardbind.errors import GuardbindError
from guardbind_bench.experiments.options import read_options
from guardbind_bench.measures.audits import AuditOptions
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.measure import Measure
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.prompts.audits.item import AuditItem, AuditTask
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.registry import AUDIT_TASKS

__all__ = ["MEASURE", "BoundClaimRecord"]


class BoundClaimRecord(TrialRecord):
    """What is said of one claim without a model."""

    claim: int
    """Which claim of the item."""
    kind: str
    """What it is."""
    language: str
    """What the item is written in."""
    form: str
    """How its facts are written."""
    domain: str
    """What it is about."""
    right: bool
    """Whether the context says so, and where it is cited."""
    stated: bool
    """Whether the context says so, wherever."""
    state: str = "none"
    """What the binding table says: `agrees`, `differs`, `unresolved` or `none`."""
    cited: bool | None = None
    """Whether a span is cited that states the bound value; None where nothing is bound."""
    verdict: str = "undecided"
    """The verdict of the audit without a verifier."""


@dataclass(frozen=True, slots=True, eq=False)
class _BoundSession:
    task: AuditTask
    tokens: int = 400

    def run(self, indices: Sequence[int]) -> list[BoundClaimRecord]:
        return [record for index in indices for record in self._records(self.task.item(index))]

    def _records(self, item: AuditItem) -> list[BoundClaimRecord]:
        about: list[dict[str, Any]] = [
            {
                "index": item.index,
                "claim": place,
                "kind": claim.kind,
                "language": item.language,
                "form": item.form,
                "domain": item.domain,
                "right": not claim.is_error,
                "stated": claim.stated,
            }
            for place, claim in enumerate(item.claims)
        ]
        # Names of their own: the audit numbers its spans by itself.
        context = [{"id": f"D{span.id[1:]}", "text": span.text} for span in item.spans]
        trace = {
            "claims": [
                {"claim": claim.text, "citations": [f"D{cite[1:]}" for cite in claim.cites]} for claim in item.claims
            ]
        }
        try:
            judged = audit(trace, context).claims
        except GuardbindError as error:
            return [BoundClaimRecord(**one, failed=str(error)) for one in about]
        records = []
        for one, claim in zip(about, judged, strict=True):
            binding = claim.binding
            if binding is not None:
                one |= {"state": binding.state, "cited": binding.cited}
            records.append(BoundClaimRecord(**one, verdict=claim.verdict))
        return records


class AuditBindingsMeasure:
    """Holds each claim against the bindings of its context; it needs neither model nor tokenizer."""

    name = "audit_bindings"
    version = 1
    record = BoundClaimRecord

    def prepare(self, lab: Lab, cell: BenchCell) -> _BoundSession:
        """Make ready for a cell; of `AuditOptions`, those about items count.

        Raises:
            ConfigError: An option is unknown, or the task does not take it.
            UnknownNameError: There is no such audit task.
        """
        options = read_options(AuditOptions, cell.options, self.name)
        task = AUDIT_TASKS.get(cell.task)(k=cell.k, seed=cell.seed, file=options.file, languages=options.languages)
        return _BoundSession(task)


MEASURE: Measure = AuditBindingsMeasure()
