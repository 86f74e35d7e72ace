"""The calibration that comes with the demo model: small, whole, of these weights, and used by a guard."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from guardbind import Binding, Guard
from guardbind.calibration.applying import Ran, runs_elsewhere
from guardbind.calibration.bounds import upper_bound
from guardbind.calibration.conditions import settings_differences
from guardbind.calibration.store import load_calibration
from guardbind.model.fingerprint import weights_fingerprint
from guardbind.model.provenance import attention_of, dtype_of, template_sha256
from guardbind.registry import CALIBRATIONS
from guardbind_adapters.calibrations import smollm2_135m
from guardbind_bench.demo.promise import find_promise, show_promise
from guardbind_bench.demo.story import find_story
from guardbind_bench.prompts.tasks.competing_vars import CompetingVars

NAME = "smollm2-135m"


def test_it_is_whole_small_and_says_how_it_was_made() -> None:
    calibration = load_calibration(smollm2_135m())
    assert sum(path.stat().st_size for path in smollm2_135m().iterdir()) < 300 * 1024
    assert {path.suffix for path in smollm2_135m().iterdir()} <= {".json", ".safetensors"}
    assert calibration.made.startswith(f"guardbind calibrate {NAME} --task ")
    assert calibration.reported.n > 0 and calibration.flagging and calibration.references


def test_what_it_lets_pass_is_certified() -> None:
    calibration = load_calibration(smollm2_135m())
    assert (calibration.risk, calibration.confidence) == (0.01, 0.95)
    delta = (1 - calibration.confidence) / len(calibration.tested)
    assert calibration.acting
    assert all(upper_bound(rule.wrong, rule.n, delta) <= calibration.risk for rule in calibration.acting)


@pytest.mark.real_model
def test_it_is_of_the_demo_weights_and_a_guard_acts_on_it(demo_model: Any) -> None:
    model, tokenizer = demo_model
    calibration = load_calibration(smollm2_135m())
    ran = Ran(weights_fingerprint(model), dtype_of(model), attention_of(model), template_sha256(tokenizer))
    assert runs_elsewhere(calibration.range, ran) == ()
    guard = Guard(model, tokenizer, calibration=smollm2_135m())
    assert settings_differences(calibration, guard.config) == ()
    task = CompetingVars(tokenizer, k=16, seed=11)
    statements = []
    for index in range(6):
        trial = task.trial(index)
        text = tokenizer.decode(list(trial.ids))
        output = guard.generate(
            **tokenizer(text, return_tensors="pt"),
            bindings=[Binding(bound.key, bound.value.word) for bound in trial.bound],
            max_new_tokens=1,
            do_sample=False,
        )
        slot = output.report.slots[0]
        assert slot.guarantee is not None
        if slot.action != "none":
            statements.append(slot.guarantee.kind)
            assert output.text[0].strip() == trial.target.value.word
    assert set(statements) == {"controlled"}


@pytest.mark.real_model
def test_the_demo_shows_its_promise(demo_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = demo_model
    monkeypatch.setitem(CALIBRATIONS._entries, NAME, smollm2_135m)
    story = find_story(model, tokenizer, CompetingVars(tokenizer))
    assert find_promise("another", model, tokenizer, story) is None
    promise = find_promise(NAME, model, tokenizer, story)
    assert promise is not None
    assert promise.after == story.trial.target.value.word != promise.before
    out = io.StringIO()
    show_promise(promise, Console(file=out, width=100))
    shown = " ".join(out.getvalue().replace("│", " ").split())
    assert promise.guarantee and " ".join(promise.guarantee.split()) in shown
