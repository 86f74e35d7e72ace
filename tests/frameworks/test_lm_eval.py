"""The model class of lm-evaluation-harness, in the harness itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from frameworks_installed import needs
from paths import ROOT

from guardbind.errors import BindingError, ConfigError, UnsupportedGenerationError

needs("lm_eval")

from lm_eval import simple_evaluate  # noqa: E402
from lm_eval.models.huggingface import HFLM  # noqa: E402
from lm_eval.tasks import TaskManager  # noqa: E402

from guardbind_adapters.lm_eval.guarded import GuardedLM  # noqa: E402  # needs the harness

BADGES = {"Alice": "4417", "Bob": "8213", "Carol": "3352", "Dave": "9076", "Erin": "6641", "Frank": "1598"}
FACTS = " ".join(f"{name}'s badge number is {number}." for name, number in BADGES.items())
TASK = """\
task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {file}}}}}
test_split: test
output_type: {kind}
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
"""


@pytest.fixture
def tasks(tmp_path: Path) -> TaskManager:
    """The task `badges`, whose answers are values of its prompts, and `likely`, which compares likelihoods."""
    rows = [
        {
            "question": f"{FACTS}\nQuestion: What is {name}'s badge number?\nAnswer: {name}'s badge number is",
            "answer": n,
        }
        for name, n in BADGES.items()
    ]
    file = tmp_path / "badges.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    generation = 'generation_kwargs: {until: ["."], max_gen_toks: 6, do_sample: false}\n'
    text = TASK.format(name="badges", file=file, kind="generate_until")
    (tmp_path / "badges.yaml").write_text(text + generation, encoding="utf-8")
    text = TASK.format(name="likely", file=file, kind="loglikelihood")
    (tmp_path / "likely.yaml").write_text(text, encoding="utf-8")
    return TaskManager(include_path=str(tmp_path))


def run(model: HFLM, tasks: TaskManager, name: str) -> tuple[list[str], dict[str, Any]]:
    found = simple_evaluate(model=model, tasks=[name], task_manager=tasks, log_samples=True, bootstrap_iters=0)
    samples = sorted(found["samples"][name], key=lambda sample: int(sample["doc_id"]))
    return [str(sample["resps"][0][0]).strip() for sample in samples], found["config"]


@pytest.mark.real_model
def test_answers_of_a_task_are_repaired_and_counted(demo_model: Any, tasks: TaskManager) -> None:
    model, tokenizer = demo_model
    plain, _ = run(HFLM(pretrained=model, tokenizer=tokenizer, batch_size=3), tasks, "badges")
    lm = GuardedLM(model, tokenizer=tokenizer, batch_size=3, policy="auto")
    guarded, config = run(lm, tasks, "badges")
    assert plain != list(BADGES.values())
    assert guarded == list(BADGES.values())
    counted = config["guardbind"]
    assert counted["policy"] == "auto"
    assert counted["slots"] == sum(counted["verdicts"].values()) == sum(counted["actions"].values()) > 0
    assert counted["slots"] - counted["actions"].get("none", 0) == counted["final_verdicts"]["repaired"] > 0
    assert "generate" not in vars(model)
    json.dumps(counted)


@pytest.mark.real_model
def test_where_there_is_no_slot_answers_are_the_same(demo_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "examples" / "harness" / "general")
    model, tokenizer = demo_model
    tasks = TaskManager(include_path=".")
    plain, _ = run(HFLM(pretrained=model, tokenizer=tokenizer, batch_size=12), tasks, "general")
    guarded, config = run(GuardedLM(model, tokenizer=tokenizer, batch_size=12), tasks, "general")
    assert len(plain) == 24
    assert guarded == plain
    assert config["guardbind"]["slots"] == 0


@pytest.mark.real_model
def test_likelihoods_are_refused_or_counted_as_unguarded(
    demo_model: Any, tasks: TaskManager, caplog: pytest.LogCaptureFixture
) -> None:
    model, tokenizer = demo_model
    with pytest.raises(UnsupportedGenerationError, match="loglikelihood=warn"):
        run(GuardedLM(model, tokenizer=tokenizer), tasks, "likely")
    _, config = run(GuardedLM(model, tokenizer=tokenizer, loglikelihood="warn"), tasks, "likely")
    assert config["guardbind"]["unguarded_requests"] == 6
    assert "answered as by the model class 'hf'" in caplog.text


@pytest.mark.real_model
def test_a_form_of_statements_is_used_and_must_be_there(demo_model: Any, tasks: TaskManager) -> None:
    model, tokenizer = demo_model
    form = r"(?P<key>\w+)'s badge number is (?P<value>\d+)"
    answers, _ = run(GuardedLM(model, tokenizer=tokenizer, batch_size=6, statements=form), tasks, "badges")
    assert answers == list(BADGES.values())
    with pytest.raises(BindingError, match="matches statements"):
        run(GuardedLM(model, tokenizer=tokenizer, statements=r"(?P<key>x+)=(?P<value>y+)"), tasks, "badges")


def test_wrong_settings_are_refused_before_a_model_is_loaded() -> None:
    for wrong in ({"policy": "contrasts"}, {"loglikelihood": "ignore"}, {"statements": "("}, {"statements": "x"}):
        with pytest.raises(ConfigError, match=r"contrasts|ignore|statements"):
            GuardedLM("no-such-model", **wrong)  # type: ignore[arg-type]
