"""Makes labelled prompts of the bench's tasks, for `guardbind calibrate`: of tokens, and of texts with their twins.

Every fifth prompt of a text task is a twin, which has no answer; it is drawn for itself, not made of its neighbour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from transformers import PreTrainedTokenizerBase

from guardbind.calibrating.labelled import ChatMessage, LabelledPrompt, StatedBinding
from guardbind.text.decode import decode
from guardbind_bench.prompts.harm.building import ChosenTask, built
from guardbind_bench.prompts.text_trial import TextTrial
from guardbind_bench.prompts.trial import Trial
from guardbind_bench.registry import TASKS

__all__ = [
    "CARDS",
    "COMPETING_VARS",
    "CORRECTIONS",
    "KV_UUID",
    "PRIMACY_RECENCY",
    "SECTIONS",
    "TOOL_RECORDS",
    "UNKNOWN_OWNER",
    "LabelledTexts",
    "LabelledTokens",
]

_TWIN_EVERY = 5


@dataclass(frozen=True, slots=True)
class LabelledTokens:
    """Prompts of a task of tokens, with natural filler; the first token of an answer decides.

    The guard is told what the prompt binds, and not which of it is asked for.

    Attributes:
        task: A registered task.
        sizes: Tokens of filler per block; prompts take them in turn.
    """

    task: str
    sizes: Sequence[int] = (8, 32)

    def __call__(self, tokenizer: PreTrainedTokenizerBase, *, seed: int) -> Iterator[LabelledPrompt]:
        """Yield prompts without an end; see `guardbind.calibrating.labelled.LabelledTask`.

        Raises:
            CandidateError: The tokenizer writes too few values as one token.
        """
        tasks = [TASKS.get(self.task)(tokenizer, filler="natural", k=size, seed=seed) for size in self.sizes]
        for index in count():
            size = index % len(tasks)
            yield _of_tokens(tasks[size].trial(index), tokenizer, f"natural k={self.sizes[size]}")


def _of_tokens(trial: Trial, tokenizer: PreTrainedTokenizerBase, group: str) -> LabelledPrompt:
    written = {value.token: decode(tokenizer, [value.token]).strip() for value in trial.candidates}
    right = written[trial.target.value.token]
    return LabelledPrompt(
        prompt=trial.ids,
        answers=(right,),
        others=tuple(dict.fromkeys(word for word in written.values() if word != right)),
        bindings=tuple(StatedBinding(key=bound.key, value=bound.value.word) for bound in trial.bound),
        group=group,
        tokens=1,
    )


@dataclass(frozen=True, slots=True)
class LabelledTexts:
    """Prompts of a text task, in the wordings that rules are made by; the guard is told nothing but the prompt.

    Attributes:
        task: A registered text task.
        languages: Codes of the languages that are kept.
        most_records: Prompts of more records are passed over.
    """

    task: str
    languages: Sequence[str] = ("en",)
    most_records: int = 6

    def __call__(self, tokenizer: PreTrainedTokenizerBase, *, seed: int) -> Iterator[LabelledPrompt]:
        """Yield prompts without an end; see `guardbind.calibrating.labelled.LabelledTask`."""
        task = ChosenTask(built(self.task, k=0, seed=seed), self.most_records, self.languages)
        for index in count():
            yield _of_text(task.trial(index, answerable=index % _TWIN_EVERY != _TWIN_EVERY - 1))


def _of_text(trial: TextTrial) -> LabelledPrompt:
    known = [form for forms in trial.others for form in forms]
    stated = [fact.value for fact in trial.facts]
    fine = {*trial.answer, *trial.fine}
    return LabelledPrompt(
        prompt=tuple(ChatMessage(role=message["role"], content=message["content"]) for message in trial.messages),
        answers=trial.answer,
        others=tuple(dict.fromkeys(value for value in (*known, *stated) if value not in fine)),
        begun=trial.begun,
        group=trial.form if trial.answer else f"{trial.form}, twin",
    )


COMPETING_VARS = LabelledTokens("competing_vars", (8, 32, 8, 32, 96))
"""Two variables, and a question for one of them."""
PRIMACY_RECENCY = LabelledTokens("primacy_recency")
"""One variable with three values, and a question for the first or the last."""
TOOL_RECORDS = LabelledTexts("tool_records")
"""Records that a tool returned."""
CARDS = LabelledTexts("cards")
"""Cards with fields."""
SECTIONS = LabelledTexts("sections")
"""Sections with headings."""
KV_UUID = LabelledTexts("kv_uuid")
"""Keys and values that are UUIDs."""
CORRECTIONS = LabelledTexts("corrections")
"""Statements that later ones correct."""
UNKNOWN_OWNER = LabelledTexts("unknown_owner")
"""Few owners, and questions for one that there is not."""
