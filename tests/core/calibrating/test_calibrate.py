"""Making a calibration: on a tiny model every step, and on the demo weights what it finds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import guardbind
from guardbind import CalibrationConfig, CheckpointConfig, ConfigError, Guard, GuardConfig
from guardbind.calibrating.answering import LabelledRun, LabelledTrial
from guardbind.calibrating.calibrate import MadeCalibration, make_calibration
from guardbind.calibrating.collecting import dealt
from guardbind.calibrating.labelled import ChatMessage, LabelledPrompt
from guardbind.calibrating.summary import way_summaries
from guardbind.calibrating.tuning import TriedSettings, variations
from guardbind.calibrating.work_file import WORK, WorkFile
from guardbind.calibration.bounds import trials_needed
from guardbind.calibration.store import load_calibration
from guardbind.cli import main
from guardbind.errors import CalibrationError
from guardbind.testing.tiny import tiny_model, tiny_tokenizer

BADGES = [("Ann", "4821"), ("Bo", "9370"), ("Cy", "5504")]


def badge_prompt(number: int) -> dict[str, Any]:
    """A question for one badge of three; every fourth for one that there is not."""
    asked = number % 3
    names = [f"{name}{number}" for name, _ in BADGES]
    values = [str(int(value) + number) for _, value in BADGES]
    told = " ".join(f"{name} has badge {value}." for name, value in zip(names, values, strict=True))
    due = number % 4 != 3
    name = names[asked] if due else f"Di{number}"
    return {
        "prompt": f"{told}\nWhat is the badge of {name}?\n",
        "begun": f"The badge of {name} is",
        "answers": [values[asked]] if due else [],
        "others": [value for value in values if not due or value != values[asked]],
    }


def labelled_file(folder: Path, count: int, *further: Mapping[str, Any]) -> Path:
    path = folder / "badges.jsonl"
    lines = [*(badge_prompt(number) for number in range(count)), *further]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def tiny() -> tuple[Any, Any]:
    tokenizer = tiny_tokenizer()
    return tiny_model(tokenizer), tokenizer


def made_of(tiny: tuple[Any, Any], config: CalibrationConfig, seen: list[str] | None = None) -> MadeCalibration:
    steps = [] if seen is None else seen
    return make_calibration(*tiny, config, made="a test", progress=lambda step, done, total: steps.append(step))


def test_a_calibration_is_made_kept_and_gone_on_with(
    tiny: tuple[Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    too_long = {"prompt": "x" * 600, "answers": ["1"], "begun": "It is"}
    prompts = labelled_file(tmp_path, 12, too_long)
    config = CalibrationConfig(out=tmp_path / "out", prompts=prompts, tuning=2, probes=False, choose=0.2, report=0.2)
    steps: list[str] = []
    made = made_of(tiny, config, steps)
    assert set(steps) == {"settings", "trials"}
    assert list(made.failures) == ["badges.jsonl:13"] and "ContextLengthError" in made.failures["badges.jsonl:13"]
    assert made.calibration.trials == 12 == len(made.outcomes)
    assert load_calibration(config.out) == made.calibration
    assert sum(outcome.due for outcome in made.outcomes) == 9
    assert all(not outcome.own_right and not outcome.written_right for outcome in made.outcomes if not outcome.due)
    assert 7 <= made.calibration.settings.tried <= 8
    Guard(*tiny, calibration=made.calibration)

    def not_again(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("it was measured already")

    monkeypatch.setattr(LabelledRun, "__post_init__", not_again)
    again = made_of(tiny, config.model_copy(update={"risk": 0.5, "confidence": 0.5}))
    assert again.outcomes == made.outcomes and again.calibration.risk == 0.5
    assert made.before == () and again.before == ("12 trials, risk 0.01, confidence 0.95",)
    with pytest.raises(CalibrationError, match="of another calibration: guard differs"):
        made_of(tiny, config.model_copy(update={"guard": GuardConfig(resolver="words")}))
    assert load_calibration(config.out) == again.calibration


def test_one_that_is_stopped_goes_on_to_the_same(tiny: tuple[Any, Any], tmp_path: Path) -> None:
    prompts = labelled_file(tmp_path, 8)
    whole = CalibrationConfig(out=tmp_path / "whole", prompts=prompts, tuning=0, probes=False)
    stopped = whole.model_copy(update={"out": tmp_path / "stopped"})

    def stop(step: str, done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_calibration(*tiny, stopped, made="a test", progress=stop)
    assert len((stopped.out / WORK).read_text(encoding="utf-8").splitlines()) == 1 + 1 + 5
    assert made_of(tiny, stopped).calibration == made_of(tiny, whole).calibration


def test_where_most_trials_fail_it_ends(tiny: tuple[Any, Any], tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    lines = [{"prompt": f"{number}" + "x" * 600, "answers": ["1"]} for number in range(40)]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    config = CalibrationConfig(out=tmp_path / "out", prompts=path, tuning=0, probes=False)
    with pytest.raises(CalibrationError, match="20 of 20 trials failed, the last one by ContextLengthError"):
        made_of(tiny, config)


def test_lines_that_say_the_same_are_one_trial(tmp_path: Path) -> None:
    again = [badge_prompt(number % 5) | {"group": str(number)} for number in range(400)]
    found = dealt(labelled_file(tmp_path, 5, *again), {"choose": 0.2, "report": 0.2}, 0)
    assert sorted(trial.name for trial in found) == [f"badges.jsonl:{line}" for line in range(1, 6)]


def test_a_folder_that_cannot_be_written_and_prompts_that_all_fail_are_told(
    tiny: tuple[Any, Any], tmp_path: Path
) -> None:
    prompts = labelled_file(tmp_path, 8)
    config = CalibrationConfig(out=prompts, prompts=prompts, tuning=0, probes=False)
    with pytest.raises(CalibrationError, match="cannot be written"):
        made_of(tiny, config)
    path = tmp_path / "ids.jsonl"
    path.write_text(
        "\n".join(json.dumps({"prompt": [10**7 + n], "answers": ["1"]}) for n in range(4)), encoding="utf-8"
    )
    with pytest.raises(CalibrationError, match="all 4 trials failed, the last one by"):
        made_of(tiny, config.model_copy(update={"out": tmp_path / "out", "prompts": path}))


@pytest.mark.parametrize(
    ("settings", "fragment"),
    [
        ({}, "either tasks"),
        ({"tasks": ("a",), "prompts": "b"}, "either tasks"),
        ({"tasks": ("competing_var",)}, "no labelled task"),
        ({"prompts": "b", "risk": 1.0}, "risk"),
        ({"prompts": "b", "trial": 3}, "trial"),
        (
            {"prompts": "b", "guard": GuardConfig(checkpoint=CheckpointConfig(visible=True, placement="slot"))},
            "visible",
        ),
    ],
)
def test_what_cannot_be_asked_for_is_refused(settings: dict[str, Any], fragment: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=fragment):
        CalibrationConfig(out=tmp_path, **settings)


def test_settings_that_are_tried_differ_from_the_defaults_in_one() -> None:
    default = TriedSettings.of(GuardConfig(alpha=1.0))
    for settings in variations(default):
        differing = [f for f in TriedSettings.model_fields if getattr(settings, f) != getattr(default, f)]
        assert len(differing) == 1
        assert TriedSettings.of(settings.applied(GuardConfig(policy="contrast"))) == settings
    assert len({settings.name for settings in variations(default)}) == len(variations(default)) == 5


def test_the_summary_says_how_many_trials_more_it_would_take(tiny: tuple[Any, Any], tmp_path: Path) -> None:
    config = CalibrationConfig(out=tmp_path / "out", prompts=labelled_file(tmp_path, 12), tuning=0, probes=False)
    made = made_of(tiny, config)
    acted = [
        outcome.model_copy(
            update={"pushed": outcome.due, "way": "query", "own_right": False, "written_right": outcome.due}
        )
        for outcome in made.outcomes
    ]
    (way,) = way_summaries(made.calibration, acted)
    fit = [outcome for outcome in acted if outcome.split == "fit" and outcome.pushed]
    assert (way.way, way.n, way.wrong, way.rule) == ("query", len(fit), 0, None)
    assert way.more is not None
    needed = trials_needed(0.01, 0.05)
    assert (way.more + len(acted) - 1) * way.n / len(acted) < needed <= (way.more + len(acted)) * way.n / len(acted)
    harmful = [o.model_copy(update={"own_right": o.pushed, "written_right": False}) for o in acted]
    assert way_summaries(made.calibration, harmful)[0].more is None


def test_the_command_prints_a_summary_and_data(tiny: tuple[Any, Any], tmp_path: Path) -> None:
    model, tokenizer = tiny
    folder = tmp_path / "tiny"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    prompts = labelled_file(tmp_path, 8)
    asked = ["calibrate", str(folder), "--prompts", str(prompts), "--tuning", "0", "--no-probes", "--out"]
    shown = CliRunner().invoke(main, [*asked, str(tmp_path / "out")])
    assert shown.exit_code == 0, shown.output
    assert "8 trials (choose 1, fit 6, report 1)" in shown.stdout and "May be acted on" in shown.stdout
    assert "trials: 8 of 8" in shown.stderr
    assert re.search(r"0 of 1 errors repaired \(0 % \[0 %, 97.5 %\]\)|0 of 0 errors repaired,", shown.stdout)
    data = json.loads(CliRunner().invoke(main, [*asked, str(tmp_path / "out"), "--json"]).stdout)
    assert data["trials"] == 8 and data["risk"] == 0.01
    assert data["reported"]["right_to_wrong"] == 0
    calibration = load_calibration(tmp_path / "out")
    assert calibration.made.startswith("guardbind calibrate tiny --prompts badges.jsonl --risk 0.01")
    assert str(tmp_path) not in calibration.model_dump_json()


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (["--out", "o"], "Either --task or --prompts"),
        (["--task", "competing_var", "--out", "o"], "no labelled task"),
        (["--task", "x"], "Missing option '--out'"),
    ],
)
def test_the_command_refuses_wrong_usage(arguments: list[str], fragment: str) -> None:
    result = CliRunner().invoke(main, ["calibrate", "smollm2-135m", *arguments])
    assert result.exit_code == 2 and (fragment in result.stderr or "Invalid value" in result.stderr)


@pytest.mark.real_model
def test_the_demo_weights_show_what_a_trial_should(tmp_path: Path) -> None:
    model, tokenizer = guardbind.load("smollm2-135m")
    guard = Guard(model, tokenizer, GuardConfig(trust="every", capture_text=True))
    found = []
    for number in (0, 1, 3, 4):
        told = badge_prompt(number)
        chat = (ChatMessage(role="user", content=told.pop("prompt").strip()),)
        prompt = LabelledPrompt(prompt=chat, task="badges", **told)
        found.append(LabelledRun(model, tokenizer, LabelledTrial(f"{number}", "fit", prompt)).outcome(guard))
    due = [outcome for outcome in found if outcome.due]
    assert [outcome.due for outcome in found] == [True, True, False, True]
    assert all(outcome.target_right and outcome.way for outcome in due)
    assert all(outcome.written_right and not outcome.harmful for outcome in due)
    assert all(outcome.pushed == (not outcome.own_right) for outcome in due)
    assert all("evidence_bits" in outcome.signals and outcome.residual_norm for outcome in due)
    acted = [outcome for outcome in due if outcome.pushed]
    assert all((outcome.evidence_bits or 0) > 0 and (outcome.gain_bits or 0) > 0 for outcome in acted)
    with WorkFile.open(tmp_path, {}, resume=True) as work:
        work.add_outcome("default", due[0])
    with WorkFile.open(tmp_path, {}, resume=True) as work:
        assert work.outcome("default", "0") == due[0]
