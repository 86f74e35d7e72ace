from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
import torch
from bench_tiny import bench_tokenizer
from families import speaking
from torch import Tensor

from guardbind.errors import ConfigError, ContextLengthError
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.reading import MEASURE as READING
from guardbind_bench.measures.self_checkpoint import MEASURE, SelfCheckpointRecord
from guardbind_bench.prompts.cell import BenchCell, PromptForm
from guardbind_bench.prompts.pool import encode
from guardbind_bench.prompts.tasks.binding import BindingTask
from guardbind_bench.registry import MEASURES

TOKENIZER = bench_tokenizer()
TINY = speaking("llama", TOKENIZER)
LAB = Lab(TINY, TOKENIZER)
NAMES = {
    "competing_vars": (("KEY1", 0), ("KEY2", 1)),
    "decoy_injection": (("KEY", 0),),
    "primacy_recency": (("FIRST(KEY)", 0), ("LAST(KEY)", 2)),
}


def cell(task: str = "competing_vars", every: int = 8, k: int = 20, **form: str) -> BenchCell:
    written = PromptForm.model_validate({"layout": "C", **form})
    return BenchCell(measure="self_checkpoint", task=task, k=k, form=written, options={"every": every})


def measured(lab: Lab, cell: BenchCell, indices: Sequence[int]) -> list[SelfCheckpointRecord]:
    records = MEASURE.prepare(lab, cell).run(indices)
    assert all(isinstance(record, SelfCheckpointRecord) for record in records)
    return [record for record in records if isinstance(record, SelfCheckpointRecord)]


@dataclass(eq=False)
class Scripted(Lab):
    """A lab whose model writes what a function of the prompt's text says: the best words, in falling order."""

    says: Callable[[str], Sequence[str]] = lambda text: ()

    def logits(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        rows = torch.zeros(len(prompts), len(TOKENIZER))
        for row, prompt in zip(rows, prompts, strict=True):
            text = str(TOKENIZER.decode(list(prompt), clean_up_tokenization_spaces=False))
            for place, word in enumerate(self.says(text)):
                row[encode(TOKENIZER, word)[0]] = 9.0 - place
        return rows


def stated(text: str, key: str) -> str:
    return " " + text.split(f"{key}=[ ")[1].split("]")[0]


def asked(text: str) -> str:
    return text.rsplit("KEY", 1)[1][0]


@pytest.mark.parametrize(("task", "names"), NAMES.items())
@pytest.mark.parametrize("style", ["bracket", "eq"])
def test_each_value_is_the_best_candidate_behind_all_before_it(
    task: str, names: tuple[tuple[str, int], ...], style: str
) -> None:
    condition = cell(task, style=style)
    records = measured(LAB, condition, range(4))
    built = LAB.task(condition)
    assert isinstance(built, BindingTask)
    opening, between, close = {"bracket": ("=[", "] ", "]\n"), "eq": (" is", " ; ", ".\n")}[style]
    for record in records:
        trial = built.trial(record.index)
        tail = trial.ids[trial.question.start - 20 : trial.question.start]
        ids = list(trial.ids[: trial.question.start - 20])
        right = outside = target_right = 0
        for start in (0, 8):
            ids += tail[start : start + 8]
            for i, (name, binding) in enumerate(names):
                ids += encode(TOKENIZER, ("\nCHECKPOINT: " if i == 0 else between) + name + opening)
                z = LAB.logits([ids])[0].tolist()
                best = min((value.token for value in trial.candidates), key=lambda token: (-z[token], token))
                ids.append(best)
                right += best == trial.bound[binding].value.token
                target_right += binding == trial.asked and best == trial.target.value.token
                outside += max(z) not in {z[value.token] for value in trial.candidates}
            ids += encode(TOKENIZER, close)
        ids += [*tail[16:], *trial.ids[trial.question.start :]]
        z = LAB.logits([ids])[0].tolist()
        assert (record.checkpoints, record.values) == (2, 2 * len(names))
        assert (record.values_right, record.target_right, record.values_outside) == (right, target_right, outside)
        assert (record.prompt_tokens, record.token) == (len(ids), max(range(len(z)), key=lambda token: z[token]))
        assert record.distance == len(ids) - 1 - trial.target.position
        assert record.key == trial.target.key


def test_a_batch_is_its_trials() -> None:
    together = measured(LAB, cell(), range(5))
    alone = [measured(LAB, cell(), [index])[0] for index in range(5)]
    exact = {"index", "values_right", "values_outside", "target_right", "token", "best_index", "prompt_tokens"}
    for one, other in zip(together, alone, strict=True):
        assert one.model_dump(include=exact) == other.model_dump(include=exact)
        assert one.gate_gap == pytest.approx(other.gate_gap, abs=1e-4)


def test_true_values_make_the_oracle() -> None:
    def says(text: str) -> list[str]:
        return [stated(text, f"KEY{asked(text)}")]

    condition = cell()
    records = measured(Scripted(TINY, TOKENIZER, says=says), condition, range(6))
    oracle = BenchCell(measure="reading", task="competing_vars", k=20, form=PromptForm(layout="C", arm="oracle:8"))
    readings = READING.prepare(LAB, oracle).run(range(6))
    for record, reading in zip(records, readings, strict=True):
        assert (record.checkpoints, record.values, record.values_right, record.target_right) == (2, 4, 4, 2)
        assert (record.values_outside, record.stage) == (0, "right")
        assert record.prompt_tokens == reading.model_dump()["prompt_tokens"]
    assert MEASURE.prepare(LAB, condition).tokens == records[0].prompt_tokens


def test_wrong_values_are_counted_and_read_on() -> None:
    """The first key is always right, the second never; the answer repeats the latest checkpoint."""

    def says(text: str) -> list[str]:
        if "Question" in text:
            return [" " + text.rsplit(f"KEY{asked(text)}=[ ", 1)[1].split("]")[0]]
        return [stated(text, "KEY1")]

    records = measured(Scripted(TINY, TOKENIZER, says=says), cell(), range(12))
    assert {record.key for record in records} == {"KEY1", "KEY2"}
    for record in records:
        assert (record.values, record.values_right) == (4, 2)
        assert record.target_right == (2 if record.key == "KEY1" else 0)
        assert record.stage == ("right" if record.key == "KEY1" else "2B")


def test_a_value_is_written_though_another_token_is_better() -> None:
    def says(text: str) -> list[str]:
        return [" the", stated(text, f"KEY{asked(text)}")]

    for record in measured(Scripted(TINY, TOKENIZER, says=says), cell(), range(4)):
        assert (record.values, record.values_right, record.values_outside) == (4, 4, 4)
        assert record.stage == "2A"


def test_numbers_that_are_none_fail() -> None:
    class Broken(Scripted):
        def logits(self, prompts: Sequence[Sequence[int]]) -> Tensor:
            return torch.full((len(prompts), len(TOKENIZER)), torch.nan)

    for record in measured(Broken(TINY, TOKENIZER), cell(), range(2)):
        assert record.failed is not None
        assert record.stage is None


def test_the_measure_is_registered() -> None:
    assert MEASURES.get("self_checkpoint") is MEASURE
    assert MEASURE.record is SelfCheckpointRecord


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"checkpoint every 20 tokens .* in 20 tokens of filler; fewer than 20"):
        MEASURE.prepare(LAB, cell(every=20))
    with pytest.raises(ConfigError, match=r"on arm 'oracle'; only 'baseline'"):
        MEASURE.prepare(LAB, cell(arm="oracle"))
    for options in ({"every": 0}, {"evry": 8}):
        with pytest.raises(ConfigError, match=r"options of `self_checkpoint` .*every="):
            MEASURE.prepare(LAB, cell().model_copy(update={"options": options}))
    with pytest.raises(ContextLengthError, match="the prompts have"):
        MEASURE.prepare(LAB, cell(k=4000))
