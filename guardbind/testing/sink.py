"""Checks the contract of a sink with records of every kind, from several threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from guardbind.events import (
    BudgetRecord,
    CandidateRecord,
    Event,
    GenerationRecord,
    InterventionRecord,
    Provenance,
    SlotRecord,
)
from guardbind.events.emit import Sink
from guardbind.testing.claims import claim

__all__ = ["check_sink", "example_records"]

_THREADS = 4
_ROUNDS = 8


def example_records() -> tuple[Event, ...]:
    """Return a slot and an intervention with text, the same without, and an end: what a sink may be given."""
    provenance = Provenance(
        guardbind="0",
        transformers="0",
        torch="0",
        model="model",
        dtype="float32",
        attention="sdpa",
        template_sha256=None,
        seed=0,
        generation="0",
        policy="auto",
        started=1e9,
    )
    budget = BudgetRecord(null="mask", p1=0.9, p0=0.1, tau=0.9, observed_bits=2.5, required_bits=2.5, margin_bits=0.0)
    candidates = (
        CandidateRecord(
            index=0, probability=0.9, pseudo_prior=0.1, evidence_bits=3.17, value='a "value"\nof two lines'
        ),
        CandidateRecord(index=1, probability=None, pseudo_prior=None, evidence_bits=None, value="wert für 値"),
    )
    slot = SlotRecord(
        row=0,
        step=0,
        kind="prompt_end",
        verdict="binding_failure",
        final_verdict="repaired",
        action="contrast",
        target=0,
        resolved_by="query",
        target_score=1.0,
        gate_gap=1.5,
        value_gap=-0.5,
        tie=False,
        margin=0.5,
        max_probability=0.6,
        entropy_bits=1.0,
        evidence_bits=-2.0,
        rests_on=1,
        bits_by_binding=(-2.0, None),
        budget=budget,
        final_budget=budget,
        candidates=candidates,
        lens={0: (-1.0, None)},
        null_forwards=1,
        null_cost="1 forward of 3 x 6 tokens",
        at=0.5,
        seconds=0.25,
        token=5,
        final_token=7,
        key="the key",
        token_text=" five",
        final_text=" seven",
        provenance=provenance,
    )
    intervention = InterventionRecord(
        row=0,
        step=0,
        action="contrast",
        kept=True,
        reason="the second readout holds",
        verdict_before="binding_failure",
        verdict_after="ok",
        bits_before=-2.0,
        bits_after=3.0,
        token_before=5,
        token_after=7,
        text_before=" five",
        text_after=" seven",
        provenance=provenance,
    )
    generation = GenerationRecord(
        rows=1,
        prompt_tokens=20,
        new_tokens=4,
        slots=1,
        interventions=1,
        seconds=2.0,
        guard_seconds=0.25,
        longest_hold_back=None,
        unfinished=(),
        error=None,
        sink_failures=0,
        provenance=provenance,
    )
    return (slot, intervention, slot.without_text(), intervention.without_text(), generation)


def check_sink(sink: Sink) -> None:
    """Check that a sink takes records of every kind, from several threads, changes none and returns nothing.

    Args:
        sink: A callable that takes one record, as a factory of the registry returns it.

    Raises:
        ContractError: A sentence of the contract that does not hold.

    Example:
        >>> seen = []
        >>> check_sink(seen.append)
        >>> {record.event for record in seen} == {"slot", "intervention", "generation"}
        True
    """
    records = example_records()
    before = [record.model_dump_json() for record in records]

    def send(record: Event) -> BaseException | None:
        try:
            returned: object = sink(record)  # type: ignore[func-returns-value]
        except Exception as error:
            return error
        claim(returned is None, "a sink returns nothing.", returned)
        return None

    for record in records:
        error = send(record)
        claim(error is None, f"a sink takes every record, {record.event} among them.", error)
    with ThreadPoolExecutor(_THREADS) as pool:
        errors = [error for error in pool.map(send, records * _ROUNDS) if error is not None]
    claim(not errors, "a sink may be called from several threads.", errors[:1])
    claim([record.model_dump_json() for record in records] == before, "a sink changes no record.")
