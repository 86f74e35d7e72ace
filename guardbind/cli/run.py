"""Runs one guarded generation for a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from guardbind.cli.answer import Answer
from guardbind.cli.asking import ask
from guardbind.cli.inputs import read_items, read_prompt, read_target
from guardbind.cli.loading import load_model
from guardbind.cli.options import Job
from guardbind.config import GuardConfig
from guardbind.events import build_sinks

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

__all__ = ["Answer", "run"]


def run(job: Job, **settings: Any) -> Answer:
    """Answer the prompt of a job under a guard.

    Args:
        job: The shared options.
        **settings: Further settings of `GuardConfig`.

    Raises:
        click.UsageError: The options do not fit together.
        GuardbindError: Whatever the guard raises.
    """
    prompt = read_prompt(job)
    items = read_items(job)
    if job.api is not None:
        return ask(job, prompt, items, **settings)
    declared = bool(items)

    # Here and not above, so that help and wrong usage are answered before torch is imported.
    import torch

    from guardbind.guard import Guard
    from guardbind.session.bound_prompt import bindings_of
    from guardbind.text.decoded import PromptText

    # The sinks are built before the model is loaded, so that a wrong one is told at once.
    sinks = tuple(build_sinks(job.sink))
    config = GuardConfig(
        language=job.language,
        slots=job.slots,
        patterns=job.pattern,
        resolver=job.resolver,
        sources=job.source,
        fields=job.field,
        calibration=job.calibration,
        outside=job.outside,
        sinks=sinks,
        **settings,
    )
    model, tokenizer = load_model(job.model, dtype=job.dtype, device=job.device)
    guard = Guard(model, tokenizer, config)
    if job.seed is not None:
        torch.manual_seed(job.seed)
    encoded = _encode(tokenizer, prompt, model.device, chat=job.chat)
    if not declared:
        rendered = PromptText.from_ids(tokenizer, encoded["input_ids"][0].tolist())
        read = bindings_of(tokenizer, rendered, config.set_language, sources=config.sources, fields=config.fields)
        items = [*read]
    output = guard.generate(
        **encoded,
        bindings=items or None,
        target=read_target(job.target, items),
        source=prompt if declared else None,
        max_new_tokens=job.max_new_tokens,
        pad_token_id=tokenizer.pad_token_id,
        **({"do_sample": True, "temperature": job.temperature} if job.temperature else {"do_sample": False}),
    )
    return Answer(output.text[0], tuple(items), output.report)


def _encode(tokenizer: PreTrainedTokenizerBase, prompt: str, device: torch.device, *, chat: bool) -> dict[str, Any]:
    """Return `input_ids` and `attention_mask`, both `[1, columns]`."""
    if chat:
        if not tokenizer.chat_template:
            raise click.BadParameter("This model's tokenizer has no chat template.", param_hint="--chat")
        messages = [{"role": "user", "content": prompt}]
        encoded: Any = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"
        )
    else:
        encoded = tokenizer(prompt, return_tensors="pt")
    return {name: encoded[name].to(device) for name in ("input_ids", "attention_mask")}
