"""Makes the records of a log by hand: slots, interventions and ends of generations, with where they come from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from guardbind.events.records import Event, GenerationRecord, InterventionRecord, Provenance, SlotRecord

__all__ = ["BEGAN", "a_generation", "a_slot", "a_source", "an_intervention", "answers", "write_log"]

BEGAN = 1_795_900_000.0
"""2026-11-28 20:26:40 UTC."""

_SLOT: dict[str, Any] = {
    "row": 0,
    "step": 0,
    "kind": "line_end",
    "verdict": "ok",
    "final_verdict": "ok",
    "action": "none",
    "target": 1,
    "resolved_by": "query",
    "target_score": 0.9,
    "grounds": "words",
    "gate_gap": 1.0,
    "value_gap": 1.0,
    "tie": False,
    "margin": 1.0,
    "max_probability": 0.5,
    "entropy_bits": 1.0,
    "evidence_bits": 4.0,
    "rests_on": 1,
    "bits_by_binding": (0.0, 4.0),
    "budget": None,
    "final_budget": None,
    "candidates": (),
    "lens": {},
    "null_forwards": 1,
    "null_cost": "1 forward",
    "token": 7,
    "final_token": 7,
    "at": 0.5,
}


def a_source(generation: str = "g0", **about: Any) -> Provenance:
    """Return where a record comes from, changed as told."""
    usual: dict[str, Any] = {
        "guardbind": "1",
        "transformers": "5",
        "torch": "2",
        "model": "tiny",
        "dtype": "float32",
        "attention": "sdpa",
        "template_sha256": None,
        "seed": None,
        "generation": generation,
        "policy": "auto",
        "started": BEGAN,
    }
    return Provenance(**{**usual, **about})


def a_slot(source: Provenance | None = None, **about: Any) -> SlotRecord:
    """Return a slot that passed, changed as told."""
    return SlotRecord(**{**_SLOT, "provenance": source or a_source(), **about})


def an_intervention(source: Provenance | None = None, **about: Any) -> InterventionRecord:
    """Return an intervention that was kept, changed as told."""
    usual: dict[str, Any] = {
        "row": 0,
        "step": 0,
        "action": "contrast",
        "kept": True,
        "reason": "it holds",
        "verdict_before": "binding_failure",
        "verdict_after": "ok",
        "bits_before": -1.0,
        "bits_after": 5.0,
        "token_before": 7,
        "token_after": 8,
    }
    return InterventionRecord(**{**usual, "provenance": source or a_source(), **about})


def a_generation(source: Provenance | None = None, **about: Any) -> GenerationRecord:
    """Return the end of a generation of one slot, changed as told."""
    usual: dict[str, Any] = {
        "rows": 1,
        "prompt_tokens": 20,
        "new_tokens": 5,
        "slots": 1,
        "interventions": 0,
        "seconds": 2.0,
        "guard_seconds": 0.5,
        "longest_hold_back": None,
        "unfinished": (),
        "error": None,
        "sink_failures": 0,
    }
    return GenerationRecord(**{**usual, "provenance": source or a_source(), **about})


def answers(count: int, *, seed: int = 0, shift: float = 0.0, **source: Any) -> list[Event]:
    """Return records of answers with a slot each, whose signals are drawn; `shift` lowers what the evidence says."""
    rng = np.random.default_rng(seed)
    found: list[Event] = []
    for number in range(count):
        bits, gap, margin, share = (float(value) for value in rng.normal(size=4))
        origin = a_source(f"{seed}-{number}", **source)
        about = {"gate_gap": gap, "margin": abs(margin), "max_probability": 1 / (1 + abs(share))}
        found.append(a_slot(origin, evidence_bits=4 + bits - shift, **about))
        found.append(a_generation(origin))
    return found


def write_log(path: Path, records: Iterable[Event]) -> Path:
    """Write records as the sink does, and return the file."""
    path.write_text("".join(record.model_dump_json() + "\n" for record in records), encoding="utf-8")
    return path
