"""Makes outcomes of labelled trials and calibrations by hand, with known risks."""

from __future__ import annotations

from typing import Any

import numpy as np

from guardbind.calibration.artefact import Calibration, ChosenSettings
from guardbind.calibration.fit import calibrated_range, fit_calibration
from guardbind.calibration.outcome import Outcome, Split

__all__ = ["SETTINGS", "a_calibration", "an_outcome", "drawn"]

SETTINGS = ChosenSettings(
    alpha=2.0,
    tail_tokens=6,
    max_nulls=16,
    checkpoint_template="{evidence}\n",
    tried=1,
    n=10,
    right_default=5,
    right_chosen=5,
)


def an_outcome(trial: str, split: Split = "fit", **about: Any) -> Outcome:
    """Return a wrong answer that the guard repairs by a target of the query, changed as told."""
    usual: dict[str, Any] = {
        "task": "made_up",
        "due": True,
        "own_right": False,
        "written_right": True,
        "way": "query",
        "target_right": True,
        "target_score": 0.9,
        "verdict": "binding_failure",
        "action": "contrast",
        "pushed": True,
        "evidence_bits": 6.0,
        "gain_bits": 4.0,
        "signals": {"margin": 1.0},
        "prompt_tokens": 100,
        "distance": 40,
        "bindings": 3,
        "residual_norm": 20.0,
    }
    return Outcome(trial=trial, split=split, **{**usual, **about})


def drawn(rng: np.random.Generator, split: Split, n: int, harm: float, *, way: str = "query") -> list[Outcome]:
    """Return trials of one way: interventions that are harmful with the given chance, whatever their bits."""
    outcomes = []
    for place in range(n):
        harmful = bool(rng.random() < harm)
        outcomes.append(
            an_outcome(
                f"{split}-{way}-{place}",
                split,
                way=way,
                own_right=harmful,
                written_right=not harmful,
                target_right=not harmful,
                evidence_bits=float(rng.uniform(3, 12)),
                gain_bits=float(rng.uniform(0, 8)),
                signals={"margin": float(rng.exponential())},
            )
        )
    return outcomes


def a_calibration(n: int = 600, *, risk: float = 0.01, seed: int = 0, harm: float = 0.0) -> Calibration:
    """Return a calibration of trials of one way, `n` in each split, `harm` of whose interventions are harmful."""
    rng = np.random.default_rng(seed)
    outcomes = [*drawn(rng, "choose", n, harm), *drawn(rng, "fit", n, harm), *drawn(rng, "report", n, harm)]
    outcomes += [
        an_outcome(f"right-{place}", "fit", own_right=True, pushed=False, action=None, verdict="ok", evidence_bits=8.0)
        for place in range(100)
    ]
    within = calibrated_range(
        outcomes, model="tiny", weights="0" * 16, dtype="float32", attention="sdpa", template_sha256=None
    )
    return fit_calibration(
        outcomes, risk=risk, confidence=0.95, alpha=0.05, settings=SETTINGS, within=within, made="by hand"
    )
