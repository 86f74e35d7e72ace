"""Tries everything that a guard does on one model type, and compares what can be compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, PreTrainedTokenizerBase
from transformers.pytorch_utils import Conv1D

from guardbind import Binding, Guard, GuardConfig, GuardOutput
from guardbind.errors import (
    GuardbindError,
    HookBypassedError,
    NullUnavailableError,
    NumericsError,
    UnknownArchitectureError,
    UnsupportedGenerationError,
)
from guardbind.model.lens import Lens
from guardbind.policies import Proposal, Slot
from guardbind.testing.tiny import tiny_tokenizer
from guardbind_bench.survey.independent import NoReading, hidden_by_ids, hidden_by_mask, read_edited
from guardbind_bench.survey.record import FamilyOutcome, FamilyRecord
from guardbind_bench.survey.shrinking import tiny_config

__all__ = ["NATS", "POLICIES", "survey_family", "tiny_family"]

POLICIES = ("observe", "auto", "contrast", "veto", "checkpoint")
"""What is run on each family; `observe` is also compared."""

NATS = 1e-3
"""Nats by which two readings of the same thing may differ: far above rounding, far below what a verdict rests on."""

_REFUSALS = (
    NullUnavailableError,
    UnknownArchitectureError,
    UnsupportedGenerationError,
    HookBypassedError,
    NumericsError,
)
_PROMPTS = (
    "alpha = 17\nbeta = 42\ngamma = 63\nbeta = [",
    "Now then:\nalpha = 17\nbeta = 42\ngamma = 63\nSay beta.\nbeta = [",
)
_BINDINGS = (("alpha", "17"), ("beta", "42"), ("gamma", "63"))
_TARGET = 1
_NEW_TOKENS = 6
_COMPARED = 32
_REDACTED = " [REDACTED]"
_LONGEST = 240


def tiny_family(model_type: str, tokenizer: PreTrainedTokenizerBase) -> Any:
    """Return a random model of a type that fits a tokenizer.

    Its weights are so large that every token that a layer sees counts.
    """
    specials = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("pad", "bos", "eos")}
    config = tiny_config(model_type, len(tokenizer), specials)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(config).eval()
        with torch.no_grad():
            for module in model.modules():
                if isinstance(module, nn.Linear | nn.Embedding | Conv1D):
                    module.weight.normal_(0, 0.2)
    # What a family sets for sampling, length and ends is not what is tried here.
    for name in ("forced_eos_token_id", "forced_bos_token_id", "begin_suppress_tokens", "suppress_tokens"):
        setattr(model.generation_config, name, None)
    return model


def survey_family(model_type: str) -> FamilyRecord:
    """Build a model type and try the guard on it; never raises."""
    start = time.process_time()
    trial = _FamilyAttempt(model_type)
    outcome = trial.run()
    return FamilyRecord(
        model_type=model_type, outcome=outcome, seconds=round(time.process_time() - start, 2), **trial.found
    )


@dataclass
class _FamilyAttempt:
    model_type: str
    found: dict[str, Any] = field(default_factory=dict)

    def run(self) -> FamilyOutcome:
        self.tokenizer = tiny_tokenizer()
        try:
            self.model = tiny_family(self.model_type, self.tokenizer)
            self.found["model"] = type(self.model).__name__
            plain = self._stock(_PROMPTS[:1])
            pads = self._pads()
        except Exception as error:
            return self._ends("not run", error)
        doing = "lens"
        try:
            self.found["lens"] = self._lens()
            outputs = {}
            for doing in POLICIES:
                outputs[doing] = self._guarded(doing)
            self.found["policies"] = POLICIES
            observed = outputs["observe"]
            doing = "branch"
            self._branch()
            doing = "batch"
            batch = self._guarded("observe", _PROMPTS) if pads else None
        except _REFUSALS as error:
            return self._ends("refused", error, doing)
        except Exception as error:
            return self._ends("error", error, doing)
        if (refusal := self._unjudged(observed)) is not None:
            self.found["message"] = refusal
            return "refused"
        self.found["null"] = observed.report.slots[0].budget.null  # type: ignore[union-attr]
        self.found["idle"] = _same(observed, plain)
        self.found["batch"] = "fails unguarded" if batch is None else self._batch(batch)
        readout = observed.report.readouts[0]
        self.found["effect"] = float(f"{_apart(readout.logits, readout.nulls[_TARGET]):.2g}")
        self._read_again(observed)
        return self._verdict()

    def _ends(self, outcome: FamilyOutcome, error: Exception, doing: str = "") -> FamilyOutcome:
        said = " ".join(str(error).split())
        at = f"{doing}: " if doing else ""
        short = said if len(said) <= _LONGEST or isinstance(error, GuardbindError) else said[:_LONGEST] + " …"
        self.found["message"] = f"{at}{type(error).__name__}: {short}"
        return outcome

    def _encoded(self, prompts: tuple[str, ...]) -> dict[str, Any]:
        encoded = self.tokenizer(list(prompts), return_tensors="pt", padding=True)
        settings = {"max_new_tokens": _NEW_TOKENS, "do_sample": False, "num_beams": 1}
        return {
            "input_ids": encoded["input_ids"],
            "attention_mask": encoded["attention_mask"],
            "return_dict_in_generate": True,
            "output_logits": True,
            **settings,
        }

    def _stock(self, prompts: tuple[str, ...]) -> Any:
        return self.model.generate(**self._encoded(prompts))

    def _guarded(self, policy: str | Callable[..., Any], prompts: tuple[str, ...] = _PROMPTS[:1]) -> GuardOutput:
        config = GuardConfig(policy=policy, keep_readouts=True, slots=("line_end",))
        bindings = [[Binding(key, value) for key, value in _BINDINGS] for _ in prompts]
        targets: list[str | None] = [_BINDINGS[_TARGET][0] for _ in prompts]
        guard = Guard(self.model, self.tokenizer, config)
        return guard.generate(**self._encoded(prompts), bindings=bindings, target=targets)

    def _lens(self) -> str:
        try:
            Lens.bind(self.model, "all")
        except GuardbindError as error:
            return str(error)
        return "yes"

    def _branch(self) -> None:
        read: list[tuple[int, list[int], Tensor]] = []

        def restating(slot: Slot) -> Iterator[Proposal]:
            restatement = slot.restate()
            if restatement is not None and not read:
                again = len(restatement.tokens) - restatement.stated
                read.append((again, list(restatement.tokens), restatement.branch.logits))
            return iter(())

        self._guarded(restating)
        ids = self.tokenizer.encode(_PROMPTS[0])
        for again, tokens, logits in read:
            apart = _apart(logits, read_edited(self.model, [*ids[: len(ids) - again], *tokens]))
            self.found["branch"] = float(f"{apart:.2g}")

    def _unjudged(self, output: GuardOutput) -> str | None:
        if not output.report.slots:
            return "no slot was found"
        slot = output.report.slots[0]
        return None if slot.budget is not None and output.report.readouts[0].nulls else slot.reason

    def _batch(self, batch: GuardOutput) -> str:
        worst = 0.0
        for i, prompt in enumerate(_PROMPTS):
            alone = self._guarded("observe", (prompt,)).report.readouts[0]
            mine = [j for j, slot in enumerate(batch.report.slots) if slot.row == i]
            other = batch.report.readouts[mine[0]] if mine else None
            if other is None or _TARGET not in other.nulls or _TARGET not in alone.nulls:
                return "differs unguarded" if self._padding_moves() else "differs"
            worst = max(worst, _apart(other.logits, alone.logits), _apart(other.nulls[_TARGET], alone.nulls[_TARGET]))
        if worst <= NATS:
            return "same"
        return "differs unguarded" if self._padding_moves() else "differs"

    def _pads(self) -> bool:
        try:
            self._stock(_PROMPTS)
        except Exception:
            return False
        return True

    def _padding_moves(self) -> bool:
        """Whether the logits of a left-padded batch differ from those of its rows without a guard."""
        together = self._stock(_PROMPTS).logits[0].float()
        alone = [self._stock((prompt,)).logits[0][0].float() for prompt in _PROMPTS]
        return any(_apart(one, other) > NATS for one, other in zip(together, alone, strict=True))

    def _read_again(self, observed: GuardOutput) -> None:
        ids = self.tokenizer.encode(_PROMPTS[0])
        statement, value = self._spans()
        guards = observed.report.readouts[0].nulls[_TARGET]
        null = self.found["null"]
        if null in ("redact", "delete"):
            new = list(self.tokenizer(_REDACTED, add_special_tokens=False)["input_ids"]) if null == "redact" else []
            cut = value if null == "redact" else statement
            ways: dict[str, Callable[[], Tensor]] = {
                "text": lambda: read_edited(self.model, [*ids[: cut.start], *new, *ids[cut.stop :]])
            }
        else:
            other = self.tokenizer.encode("?" * len(statement))
            tail = GuardConfig().tail_tokens if null != "mask_prefill" else None
            ways = {"mask": lambda: hidden_by_mask(self.model, ids, statement, tail)}
            if tail is None:
                ways["ids"] = lambda: hidden_by_ids(self.model, ids, statement, other)
        for name, read in ways.items():
            try:
                apart = _apart(guards, read())
            except NoReading:
                continue
            except Exception as error:
                self._ends("right", error, f"read once more by {name}")
                continue
            # Where recurrent layers see what attention does not, only the second way reads the same thing.
            self.found |= {"reading": name, "difference": float(f"{apart:.2g}")}
            if apart <= NATS:
                break

    def _spans(self) -> tuple[range, range]:
        """Return the tokens of the target's statement and of its value; one token per character here."""
        key, value = _BINDINGS[_TARGET]
        at = _PROMPTS[0].index(f"{key} = {value}")
        end = at + len(f"{key} = {value}")
        return range(at, end), range(end - len(value), end)

    def _verdict(self) -> FamilyOutcome:
        problems = []
        if not self.found["idle"]:
            problems.append("text or logits under `observe` are not those without a guard")
        if (apart := self.found.get("difference")) is not None and not apart <= NATS:
            problems.append(f"the null differs from its independent reading by {apart:.2g} nats")
        if (apart := self.found.get("branch")) is not None and not apart <= NATS:
            problems.append(f"a restatement in a branch differs from the text read by itself by {apart:.2g} nats")
        if self.found["batch"] == "differs":
            problems.append("rows of a batch are read otherwise than alone")
        if problems:
            self.found["message"] = "; ".join(problems)
        return "wrong" if problems else "right"


def _same(output: GuardOutput, plain: Any) -> bool:
    logits = zip(output.raw.logits, plain.logits, strict=True)
    return torch.equal(output.sequences, plain.sequences) and all(torch.equal(a, b) for a, b in logits)


def _apart(one: Tensor, other: Tensor) -> float:
    """Return by how much two distributions differ, at most, among the likeliest tokens of the second."""
    one, other = torch.log_softmax(one.float(), -1), torch.log_softmax(other.float(), -1)
    top = other.topk(_COMPARED).indices
    return float((one[top] - other[top]).abs().max())
