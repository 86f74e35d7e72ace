"""Measures `answers`: text prompts answered freely, unguarded and under each policy; the guard gets only the prompt.

Each trial is measured with its twin, which the prompt cannot answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import Field
from torch import Tensor
from transformers import StoppingCriteriaList

from guardbind.config import GuardConfig
from guardbind.errors import GuardbindError, NumericsError
from guardbind.events import SlotRecord
from guardbind.evidence import Binding, Located
from guardbind.frozen import Frozen
from guardbind.guard import Guard
from guardbind.model.cache import input_device
from guardbind.model.prefill import SharedPrefill
from guardbind.report.transcript import Transcript
from guardbind_bench.experiments.options import read_options
from guardbind_bench.measures.answers_end import ValueEnd
from guardbind_bench.measures.answers_extraction import extraction
from guardbind_bench.measures.answers_prompt import AskedBy, TextPrompt, render
from guardbind_bench.measures.answers_slots import coverage
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.measure import Measure
from guardbind_bench.measures.spending import Spending, spending
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.text_trial import Direction, TextTask, TextTrial, Which
from guardbind_bench.prompts.trial import TrialStage
from guardbind_bench.scoring.scoring import read_answer, values_in
from guardbind_bench.scoring.stating import stated_wrongly

__all__ = [
    "DEFAULT_POLICIES",
    "DIRECTIONS",
    "MEASURE",
    "OBSERVED",
    "UNGUARDED",
    "AnswerOptions",
    "AnswerRecord",
    "AnswersSession",
    "BeforeAnswer",
    "TextAnswer",
]

DIRECTIONS: tuple[Direction, ...] = ("key_value", "value_key")
UNGUARDED = "none"
"""The arm of the unguarded model, which every other arm is set beside."""
OBSERVED = "observe"
"""The policy that changes nothing, whose slots are those of the unguarded answer."""
DEFAULT_POLICIES = (OBSERVED, "contrast", "veto", "checkpoint", "abstain", "auto")
"""The policies that are compared where none is named; any other registered one can be."""


class AnswerOptions(Frozen):
    """The options of the measure."""

    policies: tuple[str, ...] = DEFAULT_POLICIES
    """Registered policies of the guard; always with the unguarded model and `observe`."""
    max_new_tokens: int = Field(default=32, ge=1)
    """Tokens of an answer, at most."""
    renaming: int = Field(default=0, ge=0)
    """Which names and values stand in the same wording, positions and question."""
    begun: bool = False
    """Whether each answer is begun for the model, up to its value, where the trial says how; it ends with its value."""
    directions: tuple[Direction, ...] = Field(default=DIRECTIONS, min_length=1)
    """Which questions are measured; trials that ask in another direction do not count."""


class AnswerRecord(TrialRecord):
    """What one arm answered to a trial or to its twin; each has one record per arm."""

    arm: str
    """`none` for the unguarded model, or the policy of the guard."""
    answerable: bool
    """Whether the prompt states what is asked for; the twin of a trial does not."""
    direction: Direction
    """What the question gives and what it asks for."""
    which: Which
    """Which value of its key is asked for."""
    asked_by: AskedBy | None = None
    """How the model was asked: in its chat template, or as `Question: ...` and `Answer:` where it has none."""
    prompt_tokens: int | None = None
    """Tokens of the prompt."""
    distance: int | None = None
    """Tokens behind the value of the fact that is asked for; None for a twin."""
    facts: int | None = None
    """Facts of the prompt."""
    bound: int | None = None
    """Facts that an extracted binding states."""
    bindings: int | None = None
    """Bindings that were extracted."""
    extra: int | None = None
    """Bindings that state no fact."""
    text: str | None = None
    """The answer."""
    tokens: int | None = None
    """Its tokens, with the end of sequence where it has one."""
    stage: TrialStage | None = None
    """What the first value is that could be meant; for a twin every such value is 2B, and none is right."""
    exact: bool | None = None
    """Whether that value is right and written as in the prompt."""
    form_equivalent: bool | None = None
    """Whether it is right in some form."""
    written: tuple[str, ...] = ()
    """The values of the prompt in the answer, each by its first spelling; what the question names is left out."""
    stated_wrongly: tuple[str, ...] = ()
    """Those of them, but the right answer, that the answer does not give for what they are, whatever was asked."""
    changed: bool | None = None
    """Whether the answer differs from the unguarded one."""
    covered: int | None = None
    """How many of the values that are written have a slot; None without a guard, as for what follows."""
    found: bool | None = None
    """Whether the one that decides the stage has one; None where none does."""
    resolved: bool | None = None
    """Whether the slot of that value has a target; None where there is no slot."""
    resolved_right: bool | None = None
    """Whether the target's value is the right answer; None where there is no target, and for a twin."""
    resolved_by: str | None = None
    """How the target was found, or why there is none."""
    verdicts: tuple[str, ...] = ()
    """Verdict of each slot on the model's own token."""
    actions: tuple[str, ...] = ()
    """What was done at each slot."""
    extra_forwards: int | None = None
    """Forward passes besides one for each token of the answer."""
    extra_tokens: int | None = None
    """Tokens that the model read besides prompt and answer."""
    seconds: float | None = None
    """Time for prompt and answer. It is not the same when the trial is measured again."""


@dataclass(frozen=True, slots=True)
class TextAnswer:
    """An answer, what it cost, and, under a guard, its slots and what their targets are indices of."""

    transcript: Transcript
    tokens: int
    spent: Spending
    slots: tuple[SlotRecord, ...] = ()
    items: tuple[Located, ...] = ()

    @property
    def text(self) -> str:
        """What was written."""
        return self.transcript.text[self.transcript.prompt_end :]

    @property
    def tokens_behind(self) -> int:
        """Tokens read that are not of the answer; the last of an answer is never read."""
        return self.spent.tokens - (self.tokens - 1)


@dataclass(frozen=True, slots=True, eq=False)
class BeforeAnswer:
    """A prompt that every arm answers: read but for its end, in `before` seconds; what ends an answer besides."""

    prompt: TextPrompt
    prefill: SharedPrefill
    before: float
    end: ValueEnd | None


@dataclass(frozen=True, slots=True, eq=False)
class AnswersSession:
    """Answers trials and their twins unguarded and under some guards, from one prefill each.

    Attributes:
        lab: The model.
        task: Makes the trials.
        options: What is measured; the guards stand for its policies.
        guards: Name of an arm to its guard.
        tokens: Tokens that one trial feeds to the model at once.
        record: What the records are.
        more: What a record says besides, of a trial and its answer.
    """

    lab: Lab
    task: TextTask
    options: AnswerOptions
    guards: Mapping[str, Guard]
    tokens: int
    record: type[AnswerRecord] = AnswerRecord
    more: Callable[[TextTrial, TextAnswer], dict[str, Any]] = lambda trial, answer: {}

    def run(self, indices: Sequence[int]) -> list[AnswerRecord]:
        """Measure some trials, each with its twin."""
        return [
            record
            for index in indices
            for answerable in (True, False)
            for record in self._records(
                self.task.trial(index, answerable=answerable, renaming=self.options.renaming), answerable
            )
        ]

    def _records(self, trial: TextTrial, answerable: bool) -> list[AnswerRecord]:
        about: dict[str, Any] = {
            "index": trial.index,
            "answerable": answerable,
            "direction": trial.direction,
            "which": trial.which,
        }
        if trial.direction not in self.options.directions:
            return [self.record(**about, arm=UNGUARDED, counts=False)]
        try:
            prompt = render(trial, self.lab.tokenizer, begun=self.options.begun)
            about |= {
                "asked_by": prompt.asked_by,
                "prompt_tokens": len(prompt.ids),
                "distance": prompt.distance(trial.asked),
            }
            self.lab.check_length(len(prompt.ids) + self.options.max_new_tokens)
            about |= asdict(extraction(prompt, trial.facts))
            with spending(self.lab.model) as before:
                prefill = SharedPrefill(self.lab.model, prompt.tensor(input_device(self.lab.model)))
            asked = BeforeAnswer(prompt, prefill, before.seconds, self._end(trial, prompt))
            unguarded = self._unguarded(asked)
        except GuardbindError as error:
            return [self.record(**about, arm=arm, failed=str(error)) for arm in (UNGUARDED, *self.guards)]
        records = [self._answered(trial, unguarded, unguarded, about | {"arm": UNGUARDED})]
        for policy, guard in self.guards.items():
            try:
                answer = self._guarded(guard, asked)
            except GuardbindError as error:
                records.append(self.record(**about, arm=policy, failed=str(error)))
            else:
                about_it = {**about, **_seen(trial, answer), "arm": policy}
                records.append(self._answered(trial, answer, unguarded, about_it))
        return records

    def _answered(
        self, trial: TextTrial, answer: TextAnswer, unguarded: TextAnswer, about: dict[str, Any]
    ) -> AnswerRecord:
        return self.record(
            **about,
            **_found(trial, answer, unguarded, trial.begun if self.options.begun else ""),
            **self.more(trial, answer),
        )

    def _unguarded(self, asked: BeforeAnswer) -> TextAnswer:
        arguments = self._arguments(asked)
        generate: Any = self.lab.model.generate
        with spending(self.lab.model) as spent:
            output = generate(**arguments, return_dict_in_generate=True, output_logits=True)
        # An arg max takes NaN as the largest number.
        if not all(bool(logits.float().logsumexp(-1).isfinite()) for logits in output.logits):
            raise NumericsError("the logits of the unguarded answer are NaN or infinite.", hint="Try dtype float32.")
        return self._answer(asked.prompt, output.sequences, _with(spent, arguments, asked.before))

    def _guarded(self, guard: Guard, asked: BeforeAnswer) -> TextAnswer:
        arguments = self._arguments(asked)
        with spending(self.lab.model) as spent:
            output = guard.generate(**arguments)
        items = output.report.transcripts[0].items
        spent = _with(spent, arguments, asked.before)
        return self._answer(asked.prompt, output.sequences, spent, output.report.slots, items)

    def _arguments(self, asked: BeforeAnswer) -> dict[str, Any]:
        told = {} if asked.end is None else {"stopping_criteria": StoppingCriteriaList([asked.end])}
        about = {"max_new_tokens": self.options.max_new_tokens, "do_sample": False}
        return {**asked.prefill.arguments(), **about, **told}

    def _end(self, trial: TextTrial, prompt: TextPrompt) -> ValueEnd | None:
        begun = self.options.begun and trial.begun
        return ValueEnd(trial, self.lab.tokenizer, len(prompt.ids)) if begun else None

    def _answer(
        self,
        prompt: TextPrompt,
        sequences: Tensor,
        spent: Spending,
        slots: tuple[SlotRecord, ...] = (),
        items: tuple[Located, ...] = (),
    ) -> TextAnswer:
        ids = sequences[0, len(prompt.ids) :].tolist()
        end = next((place for place, token in enumerate(ids) if token in self.lab.ends), None)
        transcript = Transcript.from_ids(self.lab.tokenizer, 0, prompt.ids, ids[:end], ())
        return TextAnswer(transcript, len(ids) if end is None else end + 1, spent, slots, items)


def _with(spent: Spending, arguments: Mapping[str, Any], before: float) -> Spending:
    # Without a cache to share, the prompt was read again.
    shared = before if "past_key_values" in arguments else 0.0
    return Spending(spent.forwards, spent.tokens, spent.seconds + shared)


def _found(trial: TextTrial, answer: TextAnswer, unguarded: TextAnswer, begun: str) -> dict[str, Any]:
    scored = read_answer(trial, answer.text)
    return {
        "text": answer.text,
        "tokens": answer.tokens,
        "stage": scored.stage,
        "exact": scored.exact,
        "form_equivalent": scored.form_equivalent,
        "written": tuple(value.name for value in values_in(trial, answer.text)),
        "stated_wrongly": tuple(dict.fromkeys(stated_wrongly(trial, begun + answer.text))),
        "changed": answer.text != unguarded.text,
        "extra_forwards": answer.spent.forwards - answer.tokens,
        "extra_tokens": answer.tokens_behind - unguarded.tokens_behind,
        "seconds": answer.spent.seconds,
    }


def _seen(trial: TextTrial, answer: TextAnswer) -> dict[str, Any]:
    held = coverage(answer.transcript, values_in(trial, answer.text), answer.slots, answer.items, trial.answer)
    return {
        **asdict(held),
        "verdicts": tuple(slot.verdict for slot in answer.slots),
        "actions": tuple(slot.action for slot in answer.slots),
    }


class AnswersMeasure:
    """Answers each trial and its twin under every policy, one prompt at a time, from one prefill."""

    name = "answers"
    version = 3
    record = AnswerRecord

    def prepare(self, lab: Lab, cell: BenchCell) -> AnswersSession:
        """Make ready for a cell; its options are `AnswerOptions`.

        Raises:
            ConfigError: An option or policy is unknown, or the task is not of texts.
            ContextLengthError: The prompts are too long for the model.
            NullUnavailableError: The model can run no null.
        """
        options = read_options(AnswerOptions, cell.options, self.name)
        task = lab.text_task(cell)
        guards = {
            policy: Guard(lab.model, lab.tokenizer, GuardConfig(policy=policy, capture_text=True))
            for policy in dict.fromkeys((OBSERVED, *options.policies))
        }
        for guard in guards.values():
            # The first time a guard is attached it tries its null, which is not what an answer costs.
            guard.attach([Binding("key", "value")]).detach()
        tokens = len(render(task.trial(0, renaming=options.renaming), lab.tokenizer).ids) + options.max_new_tokens
        lab.check_length(tokens)
        return AnswersSession(lab, task, options, guards, tokens * 2 * (1 + len(guards)))


MEASURE: Measure = AnswersMeasure()
