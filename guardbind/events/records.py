"""Defines the records of a guarded generation: one per slot, one per intervention, one at its end.

The order of the fields is part of the format. A record holds prompt text only in the fields that `without_text` clears.
"""

from __future__ import annotations

import json
from typing import Any, Literal, Self

from pydantic import Field

from guardbind.events.guarantees import CertificateRecord, GuaranteeRecord
from guardbind.events.outside import Bounds, CostRecord, RangesRecord
from guardbind.events.unbound import UnboundValueRecord
from guardbind.frozen import Frozen

__all__ = [
    "SCHEMA_VERSION",
    "Action",
    "BudgetRecord",
    "CandidateRecord",
    "Event",
    "FinalVerdict",
    "GenerationRecord",
    "InterventionRecord",
    "Provenance",
    "SlotRecord",
    "Verdict",
    "as_json",
]

SCHEMA_VERSION = 5

Verdict = Literal["ok", "gate_failure", "binding_failure", "unsupported", "absent", "unresolved"]
FinalVerdict = Literal["ok", "repaired", "gate_failure", "binding_failure", "unsupported", "absent", "unresolved"]
Action = str


class Provenance(Frozen):
    """What produced a record."""

    schema_version: int = SCHEMA_VERSION
    """Version of the record format."""
    guardbind: str
    """Version of guardbind."""
    transformers: str
    """Version of transformers."""
    torch: str
    """Version of torch."""
    model: str
    """Model id, or name of the folder it was loaded from."""
    dtype: str
    """Data type of the model's weights, as `float32`."""
    attention: str
    """Attention backend, as `sdpa`."""
    template_sha256: str | None
    """Hash of the tokenizer's chat template, if it has one."""
    seed: int | None
    """Seed of torch's default generator at the start of the generation."""
    generation: str
    """Random id that the records of one generation share."""
    policy: str | None = None
    """Name of the guard's policy, or of the function that is one; None where nothing was guarded."""
    started: float | None = None
    """When the generation began, in seconds since 1970 (UTC)."""
    calibration: str | None = None
    """Id of the guard's calibration; None without one, and in records of format 4 and older."""
    settings_sha256: str | None = None
    """Hash of the guard's settings as they were used (`GenerationRecord.settings`); None where nothing was guarded."""


class BudgetRecord(Frozen):
    """Bits observed against bits required, for the token that was judged."""

    null: str
    """The null that p0 was read under; the worst of the envelope if there are several."""
    p1: float
    """Probability of the token in the full context."""
    p0: float
    """Pseudo-prior: its probability with the target's evidence taken away."""
    tau: float
    """Reliability asked for."""
    observed_bits: float
    """Signed KL(Ber(p1) || Ber(p0)); negative when the evidence speaks against the token."""
    required_bits: float
    """KL(Ber(tau) || Ber(p0)), 0 when p0 reaches tau by itself."""
    margin_bits: float
    """Observed minus required."""


class CandidateRecord(Frozen):
    """One candidate at a slot."""

    index: int
    """Place among the candidates of the row."""
    probability: float | None
    """Summed probability of its forms' next tokens; None where the candidate is not alive."""
    pseudo_prior: float | None
    """The same with the target's evidence taken away."""
    evidence_bits: float | None
    """Signed log2 of the ratio of the two."""
    value: str | None = None
    """The value (prompt text)."""

    def without_text(self) -> Self:
        """Return a copy that holds no prompt text."""
        return self.model_copy(update={"value": None})


class InterventionRecord(Frozen):
    """One proposal of a policy: what was tried at a slot, and whether it was kept."""

    event: Literal["intervention"] = "intervention"
    """Kind of the record."""
    row: int
    """Row of the batch."""
    step: int
    """Tokens generated in this row before the slot."""
    action: Action
    """What was tried."""
    kept: bool
    """Whether it was carried out; if not, nothing was changed."""
    confirmed: bool | None = None
    """Whether the second readout confirmed it; a confirmed one is not carried out where a bound of the generation or
    the calibration does not let it. None in records of format 4 and older."""
    reason: str
    """Why it was kept or rolled back."""
    verdict_before: Verdict
    """Verdict of the slot."""
    verdict_after: Verdict
    """Verdict of the second readout."""
    bits_before: float | None
    """Evidence bits of the model's own token."""
    bits_after: float | None
    """Evidence bits of the proposed token."""
    gain_bits: float | None = None
    """Observed bits of the proposed token less those of the model's own, under the null of the slot."""
    tokens_inserted: int = 0
    """Tokens that the action writes besides the value."""
    tokens_vetoed: int = 0
    """Tokens that the action forbids."""
    token_before: int | None
    """The model's own token; None where a model that is asked from outside returns texts only."""
    token_after: int | None
    """The proposed token."""
    text_before: str | None = None
    """The model's own token as text (prompt text)."""
    text_after: str | None = None
    """The proposed token as text (prompt text)."""
    guarantee: GuaranteeRecord | None = None
    """The guarantee that it rests on; None in records of format 4 and older."""
    bits_range: Bounds | None = None
    """Range of the evidence bits of the proposed token, where the model was asked from outside."""
    gain_range: Bounds | None = None
    """Range of the gain, where the model was asked from outside."""
    cost: CostRecord | None = None
    """What it cost to try, where the model was asked from outside."""
    provenance: Provenance | None = None
    """What produced the record."""

    def without_text(self) -> Self:
        """Return a copy that holds no prompt text."""
        return self.model_copy(update={"text_before": None, "text_after": None})


class SlotRecord(Frozen):
    """One slot: what was read, the verdict, and the action taken."""

    event: Literal["slot"] = "slot"
    """Kind of the record."""
    row: int
    """Row of the batch."""
    step: int
    """Tokens generated in this row before the slot."""
    kind: str
    """What opened the slot: a rule of `GuardConfig.slots`, `pattern`, `continued` for a later token of a value that was
    begun before, or `reopened` after a visible checkpoint."""
    verdict: Verdict
    """Verdict on the model's own token."""
    final_verdict: FinalVerdict
    """Verdict when the value is written: `repaired` where another token was written and holds; `binding_failure` where
    what was written goes on where the target's value ends, or was drawn and is another; else equal to `verdict`."""
    action: Action
    """What was done; `none` when nothing was."""
    target: int | None
    """Index of the binding that the slot should take its value from; None when unresolved."""
    resolved_by: str
    """How the target was found: `declared`, `slot_prefix`, `sentence`, `entity`, `query`, `reading`, `only`,
    `unresolved`."""
    target_score: float
    """How well the target fits, in [0, 1]; 0 when it is unresolved."""
    grounds: str = ""
    """What the target rests on: `declared`, `words`, `reading`, `words and reading`; empty when it is unresolved."""
    replaced: int | None = None
    """Index of the binding whose value the model's own token was about to begin, where another was written in its
    place; None where nothing was replaced, or what was replaced is no value."""
    words_target: int | None = None
    """Index of the binding that the words alone say; None when they say none."""
    question_record: tuple[int, ...] = ()
    """Indices of the bindings of the record that the question, or the slot's own sentence, rests on most; empty where
    that was not read."""
    question_bits: float | None = None
    """Question bits of that record; None where it was not read."""
    question_lead: float | None = None
    """Bits by which it is ahead of every other record."""
    question_statement: tuple[int, int] | None = None
    """Where the statement stands in the decoded prompt (characters) that the question, or the slot's own sentence,
    rests on most, where that is one that no rule has read; else None."""
    gate_gap: float | None
    """Best candidate logit minus best other logit; None when no candidate is known."""
    value_gap: float | None
    """Target logit minus best other candidate logit; None when undefined."""
    tie: bool
    """Two equal best logits: the order between them carries no information."""
    margin: float | None
    """Top-1 minus top-2 logit (baseline); None where only one was returned."""
    max_probability: float
    """Largest next-token probability (baseline)."""
    entropy_bits: float | None
    """Entropy of the next-token distribution, in bits (baseline); None where not all of it was returned."""
    evidence_bits: float | None
    """Signed log2(p1/p0) of the model's own token under the target's null; None when nothing was measured."""
    rests_on: int | None
    """Index of the binding whose evidence carries most bits of the model's own token; None below the threshold."""
    bits_by_binding: tuple[float | None, ...]
    """Bits that each binding's evidence contributes to the model's own token, in the order of the bindings."""
    unbound_value: UnboundValueRecord | None = None
    """The value of the prompt that no binding holds, and that the model's own token begins and rests on; None where
    there is none, or that cannot be read (only masked columns tell it)."""
    budget: BudgetRecord | None
    """Budget of the model's own token."""
    final_budget: BudgetRecord | None
    """Budget of the token that was written in its place, if one was."""
    prompt_tokens: int | None = None
    """Tokens of the row's prompt; None in records of format 4 and older."""
    distance: int | None = None
    """Tokens between the end of the target's statement and the slot; None without a target that is stated."""
    residual_norm: float | None = None
    """Euclidean norm of what feeds the output head at the slot; None in records of format 4 and older."""
    null: str | None = None
    """The null that bits and `final_budget` were read under, `none` where nothing was; None in records of format 4 and
    older."""
    needed_bits: float | None = None
    """Evidence bits that the model's own token needed to rest on the target's evidence; None where they were not asked
    for."""
    flags: tuple[str, ...] = ()
    """Signals that the calibration flags, and `outside` where it does not hold."""
    guarantee: GuaranteeRecord | None = None
    """The guarantee that the action rests on; None in records of format 4 and older."""
    certificate: CertificateRecord | None = None
    """Of the token that was written, if its budget suffices under every null and the value is right by the verdict."""
    candidates: tuple[CandidateRecord, ...]
    """The candidates at this slot."""
    lens: dict[int, tuple[float | None, ...]]
    """Layer to log-probability (nats) of each candidate, read through the model's own head."""
    available: float | None = None
    """How far the residual names the target's value among the candidates, in [0, 1]; None where no probe read it."""
    available_layer: int | None = None
    """Layer whose residual that was read from."""
    null_forwards: int
    """Masked or re-prefill forwards that were run for this slot."""
    null_cost: str
    """What the null cost, in words."""
    at: float | None = None
    """Seconds since the generation began, when the slot was settled."""
    seconds: float | None = None
    """Seconds that decoding stood still until this slot was settled: its nulls, and what the policy tried. Rows that
    come to a slot at the same step wait together, so the seconds of a batch overlap."""
    token: int | None
    """The model's own token; None where a model that is asked from outside returns texts only."""
    final_token: int | None
    """The token written instead, or the same."""
    key: str | None = None
    """Key of the target (prompt text)."""
    token_text: str | None = None
    """The model's own token as text (prompt text)."""
    final_text: str | None = None
    """The token written as text (prompt text)."""
    reason: str = ""
    """Why the target and the verdict are what they are; no prompt text."""
    ranges: RangesRecord | None = None
    """What is known where the model was asked from outside: ranges, in place of numbers that cannot be told."""
    cost: CostRecord | None = None
    """What it cost to read and to try, where the model was asked from outside."""
    provenance: Provenance | None = None
    """What produced the record."""

    @property
    def passed(self) -> bool:
        """Whether the value that was written is the target's, by the model itself or by a repair."""
        return self.final_verdict in ("ok", "repaired")

    def without_text(self) -> Self:
        """Return a copy that holds no prompt text."""
        return self.model_copy(
            update={
                "unbound_value": None if self.unbound_value is None else self.unbound_value.without_text(),
                "candidates": tuple(c.without_text() for c in self.candidates),
                "key": None,
                "token_text": None,
                "final_text": None,
            }
        )


class GenerationRecord(Frozen):
    """The end of one guarded generation, also of one that raised."""

    event: Literal["generation"] = "generation"
    """Kind of the record."""
    rows: int
    """Rows of the batch."""
    prompt_tokens: int
    """Tokens of all prompts, without padding."""
    new_tokens: int
    """Tokens of all answers."""
    slots: int
    """Slots that were met."""
    interventions: int
    """Interventions that were kept."""
    seconds: float
    """How long it took, in seconds."""
    guard_seconds: float
    """How much of that went into reading questions and nulls, and into what the policy tried."""
    longest_hold_back: int | None
    """Most tokens that a streamer waited for at one time; None without a streamer."""
    unfinished: tuple[int, ...]
    """Rows that ended in the middle of a known value."""
    error: str | None
    """Class of the error that ended it; None where it ended by itself."""
    sink_failures: int
    """Records of this generation that a sink failed to take."""
    prompt_sha256: tuple[str, ...] = ()
    """Hash of the prompt of each row, so that who has a prompt can find its records."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Settings of the guard as they were used, where they are not the defaults, without sinks; a function stands there
    by its name, as `<name>`."""
    arguments: dict[str, bool | int | float | str | None] = Field(default_factory=dict)
    """Arguments of `generate` that are plain, by name."""
    further_arguments: tuple[str, ...] = ()
    """Names of the other arguments, apart from the prompt."""
    cost: CostRecord | None = None
    """What all of it cost, where the model was asked from outside."""
    provenance: Provenance | None = None
    """What produced the record."""

    def without_text(self) -> Self:
        """Return the record itself: it holds no prompt text."""
        return self


Event = SlotRecord | InterventionRecord | GenerationRecord


def as_json(record: Frozen) -> dict[str, Any]:
    """Return a record as JSON-ready data; infinite bits become null."""
    data: dict[str, Any] = json.loads(record.model_dump_json())
    return data
