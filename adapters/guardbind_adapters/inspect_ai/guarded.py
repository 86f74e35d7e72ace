"""Defines the provider's class: a Hugging Face model of inspect_ai whose answers are guarded."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelOutput,
    ModelUsage,
)
from inspect_ai.model._providers.hf import HuggingFaceAPI
from inspect_ai.model._providers.util import HFHandler
from inspect_ai.tool import ToolChoice, ToolInfo
from inspect_ai.util._json import JSON_SCHEMA_EXTENDED_FIELDS, json_schema_dump

from guardbind import Guard
from guardbind.errors import ConfigError, UnsupportedGenerationError
from guardbind_adapters.harness import SlotCounts, StatementForm, folder_of, split_settings
from guardbind_adapters.inspect_ai.batches import Batches

__all__ = ["GuardedAPI"]


@dataclass(frozen=True, slots=True)
class _Request:
    chat: str
    tools: list[dict[str, Any]]
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _RowAnswer:
    text: str
    prompt_tokens: int
    new_tokens: int
    counts: SlotCounts
    rows: int
    seconds: float


class GuardedAPI(HuggingFaceAPI):
    """A model `guardbind/NAME` of inspect_ai: loads, renders chats and parses tool calls as `hf/NAME`, and is guarded.

    Samples that wait for the model at the same time are answered in one batch, of at most `batch_size`, or
    `max_connections`, rows. The output of each sample says under `metadata["guardbind"]` how many slots it had and what
    came of them, and how many rows its batch had.

    Args:
        model_name: A Hugging Face id, a folder, or a name that guardbind knows.
        base_url: As `HuggingFaceAPI` takes it.
        api_key: As `HuggingFaceAPI` takes it.
        config: As `HuggingFaceAPI` takes it.
        statements: How the prompts state what they bind: a regular expression with the groups `key` and `value`. What
            matches is bound, and nothing else; without it the guard reads the prompts itself.
        **model_args: Settings of `GuardConfig` by their names, as `-M policy=contrast`; the rest as `HuggingFaceAPI`
            takes it, as `-M do_sample=false`.

    Raises:
        ConfigError: A setting of the guard is wrong, or hidden states are asked for.
        UnsupportedGenerationError: The model cannot be guarded.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008  # as the base class has it; it is frozen in use
        statements: str | None = None,
        **model_args: Any,
    ) -> None:
        self._form = None if statements is None else StatementForm.of(statements)
        settings, rest = split_settings(model_args)
        if rest.get("hidden_states") is not None:
            raise ConfigError("hidden_states is set; the provider 'guardbind' returns none.", hint="Take 'hf' for it.")
        if "model_path" not in rest and (folder := folder_of(model_name)) != model_name:
            rest["model_path"] = folder
        super().__init__(model_name, base_url, api_key, config, **rest)
        self._guard: Guard | None = Guard(self.model, self.tokenizer, settings)
        self._batches = Batches(self._answers)

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        """Answer one chat, guarded, together with whatever else waits for this model.

        Raises:
            UnsupportedGenerationError: Log-probabilities are asked for: those of the model are not those of an answer
                that the guard repaired.
        """
        if config.logprobs:
            raise UnsupportedGenerationError(
                "log-probabilities are asked for; a guarded answer has none, because a repaired token is not the "
                "model's own.",
                hint="Leave logprobs out, or take the provider 'hf'.",
            )
        request = _Request(
            self.hf_chat(input, tools),
            [json_schema_dump(tool, exclude=JSON_SCHEMA_EXTENDED_FIELDS) for tool in tools],
            self._arguments(config),
        )
        size = int(self.batch_size or config.max_connections or self.max_connections())
        # Tools are one list for a batch, as the guard takes them.
        answer = await self._batches.answer(request, key=repr((request.tools, request.arguments)), size=size)
        if tools:
            message = HFHandler(self.model_name, self.model_family()).parse_assistant_response(answer.text, tools)
        else:
            message = ChatMessageAssistant(content=answer.text, model=self.model_name, source="generate")
        return ModelOutput(
            model=self.model_name,
            choices=[ChatCompletionChoice(message=message)],
            usage=ModelUsage(
                input_tokens=answer.prompt_tokens,
                output_tokens=answer.new_tokens,
                total_tokens=answer.prompt_tokens + answer.new_tokens,
            ),
            time=answer.seconds,
            metadata={"guardbind": {**answer.counts.as_json(), "batch": answer.rows}},
        )

    def close(self) -> None:
        """Let go of the model."""
        self._guard = None
        super().close()

    def _arguments(self, config: GenerateConfig) -> dict[str, Any]:
        """Return the arguments of `generate`, as the provider `hf` sets them."""
        found: dict[str, Any] = {
            "do_sample": self.do_sample,
            "max_new_tokens": config.max_tokens,
            "temperature": config.temperature,
            "top_p": config.top_p,
            "top_k": config.top_k,
            "stop_strings": config.stop_seqs,
        }
        return {name: value for name, value in found.items() if value is not None}

    def _answers(self, batch: Sequence[_Request]) -> Sequence[_RowAnswer | Exception]:
        """Answer a batch; where it raises, each of its requests alone, so that an error stays with the one it is of."""
        try:
            return self._guarded(batch)
        except Exception as error:
            if len(batch) == 1:
                return [error]
            return [answer for request in batch for answer in self._answers([request])]

    def _guarded(self, batch: Sequence[_Request]) -> list[_RowAnswer]:
        if self._guard is None:
            raise UnsupportedGenerationError("the model is closed.", hint="Get it anew by get_model().")
        started = time.monotonic()
        inputs = self.tokenizer(
            [request.chat for request in batch], return_tensors="pt", padding=True, **self.tokenizer_call_args
        ).to(self.model.device)
        arguments = batch[0].arguments
        if "stop_strings" in arguments:
            arguments = {**arguments, "tokenizer": self.tokenizer}
        rows = zip(inputs["input_ids"], inputs["attention_mask"].bool(), strict=True)
        form = self._form
        told = None if form is None else [form.bindings(self.tokenizer, ids[kept].tolist()) for ids, kept in rows]
        out = self._guard.generate(**inputs, bindings=told, tools=batch[0].tools or None, **arguments)
        seconds, columns = time.monotonic() - started, inputs["input_ids"].shape[1]
        return [
            _RowAnswer(
                out.text[row],
                int(inputs["attention_mask"][row].sum()),
                self._written(out.sequences[row, columns:].tolist()),
                SlotCounts.of(slot for slot in out.report.slots if slot.row == row),
                len(batch),
                seconds,
            )
            for row in range(len(batch))
        ]

    def _written(self, ids: list[int]) -> int:
        """Return how many tokens a row wrote, an end of sequence included and the padding behind it not."""
        ends = [ids.index(end) + 1 for end in {self.tokenizer.eos_token_id} if end in ids]
        return min([len(ids), *ends])
