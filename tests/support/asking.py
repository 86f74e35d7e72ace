"""Asks a model that binds by place and not by key, so that it fails as told and can be helped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from families import CausalLM, copier
from torch import nn
from transformers import PreTrainedTokenizerBase, pipeline

from guardbind import Binding, CheckpointConfig, Guard, GuardConfig, GuardOutput
from guardbind.report.report import Report

# The model prefers the first value in brackets: right for alpha, wrong for beta.
STATED = "\nalpha=[17]\nbeta=[42]\n"
BINDINGS = [Binding("alpha", "17"), Binding("beta", "42")]
ALPHA, BETA = STATED + "alpha=[", STATED + "beta=["
# The first two tokens of both values are the same; the model writes alpha's.
ALIKE = [Binding("alpha", "4821"), Binding("beta", "4837")]
PARTS_LATE = "\nalpha=[4821]\nbeta=[4837]\nbeta=["
# The model prefers the last place: it is about to close the bracket, and a restatement helps.
DECOY = "\nalpha=[17]\nbeta=[42]\nlist=[]\nbeta=["
SLOT = CheckpointConfig(placement="slot")
VISIBLE = CheckpointConfig(placement="slot", visible=True)


class Ask:
    """Asks a model, guarded or not.

    Args:
        tokenizer: The tokenizer.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.tokenizer = tokenizer
        self.first = copier(tokenizer, "first")
        self.last = copier(tokenizer, "last")

    def inputs(self, prompt: str | Sequence[str]) -> dict[str, Any]:
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        return dict(self.tokenizer(prompts, return_tensors="pt", padding=True))

    def __call__(
        self,
        model: nn.Module,
        prompt: str | Sequence[str],
        config: GuardConfig | None = None,
        *,
        bindings: Any = BINDINGS,
        new: int | None = 4,
        target: Any = None,
        source: Any = None,
        **how: Any,
    ) -> GuardOutput:
        length = {} if new is None else {"max_new_tokens": new}
        how = {"do_sample": False, **length, **how}
        guard = Guard(model, self.tokenizer, config)
        return guard.generate(**self.inputs(prompt), bindings=bindings, target=target, source=source, **how)

    def free(self, model: CausalLM, prompt: str, new: int = 4, **how: Any) -> str:
        inputs = self.inputs(prompt)
        output = model.generate(**inputs, max_new_tokens=new, do_sample=False, **how)
        return str(self.tokenizer.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))


def kept(report: Report) -> list[str]:
    return [record.action for record in report.interventions if record.kept]


def verdicts(report: Report) -> list[str]:
    return [slot.verdict for slot in report.slots]


def text_pipeline(model: CausalLM, tokenizer: Any) -> Any:
    return pipeline("text-generation", model=model, tokenizer=tokenizer)


def hooks(model: nn.Module) -> int:
    """Count the hooks on the forward passes of a model's modules.

    Those by which transformers records hidden states stay for good once somebody asks for these; they do not count.
    """
    every = [hook for m in model.modules() for hook in (*m._forward_hooks.values(), *m._forward_pre_hooks.values())]
    return sum(not str(getattr(hook, "__module__", "")).startswith("transformers.") for hook in every)
