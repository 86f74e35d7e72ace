"""Labelled prompts: how files of them are read, how they are dealt to splits, and what of an answer is right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from guardbind.calibrating.collecting import dealt, drawn, split_seed
from guardbind.calibrating.judging import is_right, lost, settled
from guardbind.calibrating.labelled import LabelledPrompt, read_labelled
from guardbind.calibration.outcome import Split
from guardbind.errors import CalibrationError, ConfigError
from guardbind.registry import LABELLED
from guardbind.testing.tiny import tiny_tokenizer


def written(folder: Path, *lines: object) -> Path:
    path = folder / "labelled.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return path


def test_a_file_gives_texts_chats_ids_and_prompts_without_an_answer(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {"prompt": "Bo has 7. Bo's number is", "begun": " ", "answers": ["7"]},
        "",
        {"prompt": [{"role": "user", "content": "Whose?"}], "answers": [], "task": "mine", "group": "chat"},
        {"prompt": [5, 6, 7], "answers": ["x"], "tokens": 1, "bindings": [{"key": "k", "value": "x"}], "target": "k"},
    )
    (one, text), (three, chat), (four, ids) = read_labelled(path)
    assert (one, three, four) == (1, 3, 4)
    assert text.due and text.at_value and not chat.due and not chat.at_value and ids.at_value
    assert ids.prompt == (5, 6, 7) and ids.wrong == () and ids.target == "k"


@pytest.mark.parametrize(
    ("line", "fragments"),
    [
        ("{", ["line 2", "not JSON"]),
        ("[1]", ["line 2", "list"]),
        ({"prompt": "x"}, ["line 2", "answers"]),
        ({"prompt": "", "answers": ["1"]}, ["line 2", "the prompt is empty"]),
        ({"prompt": "x", "answers": [" "]}, ["line 2", "answers", "blank"]),
        ({"prompt": "x", "answers": ["1"], "answer": "1"}, ["line 2", "answer:", "The fields are prompt, answers"]),
        ({"prompt": "x", "answers": ["1"], "target": "k"}, ["line 2", "'k' is no key"]),
        ({"prompt": [{"role": "user"}], "answers": ["1"]}, ["line 2", "content"]),
    ],
)
def test_a_fault_of_a_file_names_line_and_field(line: object, fragments: list[str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_labelled(written(tmp_path, {"prompt": "x", "answers": ["1"]}, line))
    assert [fragment for fragment in fragments if fragment not in str(caught.value)] == []


def test_a_file_without_a_prompt_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no labelled prompt"):
        read_labelled(written(tmp_path, "", " "))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_labelled(tmp_path / "none.jsonl")


BEGUN = LabelledPrompt(
    prompt="...", begun="The badge is", answers=("4821", "$4821"), others=("48215", "4829", "Ann Lee", "Ann")
)
FREE = LabelledPrompt(prompt="...", answers=("9370",), others=("4821", "12.5"))


@pytest.mark.parametrize(
    ("text", "right", "over"),
    [
        (" 4821\n", True, True),
        (" 4821", True, False),
        (" 4821.", True, False),
        (" 4821. It", True, True),
        (" 4821.5", False, True),
        (" 48215", False, False),
        (" 4821-B", False, True),
        (' "$4821" ', True, True),
        (" 482", False, False),
        (" not 4821", False, True),
        (" ann", False, False),
        ("", False, False),
    ],
)
def test_a_value_that_is_due_is_judged_whole(text: str, right: bool, over: bool) -> None:
    assert (is_right(BEGUN, text), settled(BEGUN, text)) == (right, over)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("The badge is 9370.", True),
        ("Not 4821 but 9370.", False),
        ("9370, not 4821", True),
        ("It is 19370.", False),
        ("It is 9370-B.", False),
        ("id9370 and 4821", False),
        ("I don't know.", False),
        ("12.55 9370 x", True),
    ],
)
def test_of_a_free_answer_the_first_whole_value_decides(text: str, right: bool) -> None:
    assert is_right(FREE, text) is right


def test_a_word_counts_in_any_case_and_a_longer_value_before_a_shorter() -> None:
    named = LabelledPrompt(prompt="...", begun="It is", answers=("Ann",), others=("Ann Lee",))
    assert is_right(named, " ANN.\n") and not is_right(named, " Ann Lee")
    assert is_right(named, " Ann\n") and not settled(named, " Ann")


@pytest.mark.parametrize("answers", [("48",), ("-4", "48"), ("a4",), ("A",), ("4.8",)])
def test_an_answer_that_is_lost_is_never_right_again(answers: tuple[str, ...]) -> None:
    asked = LabelledPrompt(prompt="...", begun="It is", answers=answers, others=("84", "4", "-8", "ab"))
    early = 0
    for signs in product(" 48-.a", repeat=5):
        text = "".join(signs)
        ends = [end for end in range(len(text) + 1) if lost(asked, text[:end])]
        if ends:
            assert not any(is_right(asked, text[:end]) for end in range(ends[0], len(text) + 1)), text
            assert ends == list(range(ends[0], len(text) + 1)), text
            early += not settled(asked, text[: ends[0]])
    assert early
    assert not lost(LabelledPrompt(prompt="...", answers=answers), "no value here")


def test_what_is_settled_is_not_changed_by_what_follows() -> None:
    for prompt in (BEGUN, FREE):
        for text in (" 4821. So 9370", "9370 4821", " 48215 4821", "$4821-B", "Ann Leeds 9370", "12.5 or 9370"):
            ends = [is_right(prompt, text[:end]) for end in range(len(text) + 1) if settled(prompt, text[:end])]
            assert len(set(ends)) <= 1, (text, ends)


def test_prompts_are_dealt_at_random_and_equal_ones_together(tmp_path: Path) -> None:
    lines = [{"prompt": f"prompt {i % 40}", "answers": [str(i)]} for i in range(80)]
    shares: dict[Split, float] = {"choose": 0.25, "report": 0.25}
    trials = dealt(written(tmp_path, *lines), shares, seed=0)
    assert sorted(trial.name for trial in trials) == sorted(f"labelled.jsonl:{i}" for i in range(1, 81))
    by_prompt: dict[Any, set[str]] = {}
    for trial in trials:
        by_prompt.setdefault(trial.prompt.prompt, set()).add(trial.split)
    assert all(len(splits) == 1 for splits in by_prompt.values())
    assert [sum(t.split == split for t in trials) for split in ("choose", "fit", "report")] == [20, 40, 20]
    assert trials == dealt(tmp_path / "labelled.jsonl", shares, seed=0)
    assert trials != dealt(tmp_path / "labelled.jsonl", shares, seed=1)
    with pytest.raises(CalibrationError, match="2 different prompts"):
        dealt(written(tmp_path, lines[0], lines[1]), shares, seed=0)


def counted(tokenizer: object, *, seed: int) -> Iterator[LabelledPrompt]:
    for number in range(6):
        yield LabelledPrompt(prompt=f"{seed} {number}", answers=("1",))


def test_splits_of_a_task_share_no_draw_and_more_trials_only_add(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = tiny_tokenizer()
    LABELLED.register("counted", counted)
    try:
        few = drawn(["counted"], tokenizer, {"choose": 1, "fit": 3, "report": 1}, seed=0)
        more = drawn(["counted"], tokenizer, {"choose": 2, "fit": 5, "report": 2}, seed=0)
        with pytest.raises(CalibrationError, match="'counted' has 6 prompts, of 7"):
            drawn(["counted"], tokenizer, {"choose": 1, "fit": 7, "report": 1}, seed=0)
    finally:
        LABELLED.unregister("counted")
    assert {trial.name: trial for trial in few}.items() <= {trial.name: trial for trial in more}.items()
    assert len({trial.prompt.prompt for trial in more}) == 9
    assert {trial.prompt.task for trial in more} == {"counted"}
    assert split_seed(0, "a", "fit") != split_seed(1, "a", "fit") != split_seed(1, "b", "fit")
