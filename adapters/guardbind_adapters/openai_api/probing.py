"""Finds out by asking what a server returns: fields that it does not know it drops, often without a word."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from guardbind.backends.sending import Sender
from guardbind.errors import BackendError, ContextLengthError
from guardbind_adapters.openai_api.begun_probe import begun_style
from guardbind_adapters.openai_api.bodies import (
    CHAT,
    COMPLETIONS,
    ChoiceStyle,
    LengthField,
    chat_body,
    choice_fields,
    completion_body,
)
from guardbind_adapters.openai_api.distributions import id_of
from guardbind_adapters.openai_api.errors import RefusedRequestError
from guardbind_adapters.openai_api.replies import Reply, Step, read_chat, read_completion
from guardbind_adapters.openai_api.settings import OpenAIConfig
from guardbind_adapters.openai_api.traits import ServerTraits
from guardbind_adapters.openai_api.words import Words

__all__ = ["Prober", "chosen_value"]

_TEXT = "The three best things about a walk in the forest are the"
_ASK = ({"role": "user", "content": "Name one thing that is found in a forest."},)
_VALUES = ("quartz-4187", "velvet-2093")
_TOPS = (20, 10, 5, 2, 1)
_TRIES = 2
_CHOSEN = (128, 32, 8, 2)


class Prober:
    """Asks a server what it can do.

    Args:
        sender: Sends the requests.
        model: Name of the model.
        settings: What is wanted at most.
        words: Turns texts into tokens, or None.
    """

    def __init__(self, sender: Sender, model: str, settings: OpenAIConfig, words: Words | None) -> None:
        self._sender, self._model, self._settings, self._words = sender, model, settings, words
        self._found: list[str] = []

    async def traits(self) -> ServerTraits:
        """Return what was found.

        Raises:
            BackendError: The server has none of the two interfaces, or does not answer.
        """
        traits = ServerTraits(rounding=self._settings.rounding)
        faults: list[BackendError] = []
        if self._settings.endpoint != "chat":
            try:
                traits = await self._completions(traits)
            except RefusedRequestError as error:
                faults.append(error)
        if self._settings.endpoint != "completions" and not (traits.completions_top and traits.words):
            try:
                traits = await self._chat(traits)
            except RefusedRequestError as error:
                faults.append(error)
        if not traits.completions and not traits.chat:
            raise BackendError(" ".join(dict.fromkeys(map(str, faults))))
        if not traits.completions_top and not traits.chat_top:
            self._say("it returns no log-probabilities")
        traits = await self._constraints(traits)
        return replace(traits, findings=tuple(self._found))

    def _say(self, finding: str) -> None:
        self._found.append(finding)

    async def _ask(
        self, path: str, body: Mapping[str, Any], read: Callable[[Any], Reply], attempts: int | None = None
    ) -> Reply:
        return (await self._sender.send(path, body, read, cached=False, attempts=attempts)).value

    async def _try(self, path: str, body: Mapping[str, Any], read: Callable[[Any], Reply]) -> Reply | None:
        """Ask for something that the server need not have: None where it refuses or fails."""
        try:
            # Some servers fail where they should refuse.
            return await self._ask(path, body, read, attempts=_TRIES)
        except (BackendError, ContextLengthError):
            return None

    # --- completions --------------------------------------------------------------------------------------------------

    async def _completions(self, traits: ServerTraits) -> ServerTraits:
        await self._ask(COMPLETIONS, completion_body(self._model, _TEXT), read_completion)
        traits = replace(traits, completions=True)

        def body(top: int, **extra: Any) -> dict[str, Any]:
            return completion_body(self._model, _TEXT, top=top, extra=extra)

        ids = "return_tokens_as_token_ids"
        step = await self._step(COMPLETIONS, body(1, **{ids: True}), read_completion)
        with_ids = step is not None and _all_ids(step)
        extra = {ids: True} if with_ids else {}
        top, rounding = await self._ranking(
            COMPLETIONS, lambda top, **more: body(top, **extra, **more), read_completion, "completions"
        )
        traits = replace(traits, completions_top=top, rounding=max(traits.rounding, rounding))
        if not top:
            return traits
        if self._words is not None:
            traits = await self._tokens(traits, self._words, with_ids)
        for most in (0, 1):
            echo = completion_body(self._model, _TEXT, most=most, top=1, echo=True)
            reply = await self._try(COMPLETIONS, echo, read_completion)
            if reply is not None and _scores(reply, most):
                self._say("completions score a given text (echo)")
                return replace(traits, echo=most)
        self._say("completions score no given text (echo)")
        return traits

    async def _tokens(self, traits: ServerTraits, words: Words, with_ids: bool) -> ServerTraits:
        """Find out whether tokens are the same here and there, and what can be asked for by their ids."""
        ids = await words.ids(_TEXT, special=True)
        counted = await self._counted(completion_body(self._model, _TEXT))
        if counted is not None and counted != len(ids):
            raise BackendError(
                f"a text has {counted} tokens for the server and {len(ids)} for the tokenizer.",
                hint="Give the tokenizer of the model that the server runs, or none.",
            )
        reply = await self._ask(COMPLETIONS, completion_body(self._model, _TEXT, top=1), read_completion)
        named = completion_body(self._model, _TEXT, top=1, extra={"return_tokens_as_token_ids": True})
        if with_ids and reply.text:
            step = await self._step(COMPLETIONS, named, read_completion)
            written = "" if step is None else await words.text([id_of(step.written.token)])
            if written.strip() != reply.text.strip():
                raise BackendError(
                    f"the server writes {reply.text!r} for a token that the tokenizer reads as {written!r}.",
                    hint="Give the tokenizer of the model that the server runs, or none.",
                )
        self._say("token ids are returned" if with_ids else "tokens are returned as texts")
        taken = await self._counted(completion_body(self._model, "", extra={"prompt": ids}))
        traits = replace(traits, words=True, ids=with_ids, prompt_ids=taken == len(ids))
        return replace(traits, chosen=await self._chosen()) if with_ids else traits

    async def _chosen(self) -> int:
        for count in _CHOSEN:
            asked = list(range(count))
            extra = {"return_tokens_as_token_ids": True, "logprob_token_ids": asked}
            body = completion_body(self._model, _TEXT, top=1, extra=extra)
            step = await self._step(COMPLETIONS, body, read_completion)
            if step is None:
                continue
            if _all_ids(step) and set(asked) <= {id_of(scored.token) for scored in step.ranking}:
                self._say(f"log-probabilities of up to {count} tokens are returned by request")
                return count
            break
        self._say("log-probabilities of tokens are not returned by request")
        return 0

    async def _counted(self, body: Mapping[str, Any]) -> int | None:
        """Return how many tokens of the prompt the server counted; None where it refuses or does not say."""
        try:
            answered = await self._sender.send(COMPLETIONS, body, read_completion, cached=False)
        except BackendError:
            return None
        return answered.spent.prompt_tokens

    # --- chats --------------------------------------------------------------------------------------------------------

    async def _chat(self, traits: ServerTraits) -> ServerTraits:
        length: LengthField = "max_tokens"
        try:
            await self._ask(CHAT, chat_body(self._model, _ASK), read_chat)
        except RefusedRequestError as refused:
            if "max_completion_tokens" not in str(refused):
                raise
            length = "max_completion_tokens"
        traits = replace(traits, chat=True, length=length)
        top, rounding = await self._ranking(
            CHAT,
            lambda top, **more: chat_body(self._model, _ASK, length=length, top=top, extra=more),
            read_chat,
            "chats",
        )
        traits = replace(traits, chat_top=top, rounding=max(traits.rounding, rounding))
        style = await begun_style(self._sender, self._model, length)
        self._say(
            "chats do not go on with a begun answer" if style is None else f"chats go on with a begun answer ({style})"
        )
        return replace(traits, begun=style)

    # --- both ---------------------------------------------------------------------------------------------------------

    async def _step(self, path: str, body: Mapping[str, Any], read: Callable[[Any], Reply]) -> Step | None:
        reply = await self._try(path, body, read)
        return reply.steps[0] if reply is not None and reply.steps and reply.steps[0].ranking else None

    async def _ranking(
        self, path: str, body: Callable[..., dict[str, Any]], read: Callable[[Any], Reply], name: str
    ) -> tuple[int, float]:
        """Return how many tokens of a ranking come, and by how much (nats) two answers to one request differ."""
        limit = self._settings.top
        for asked in [limit, *(top for top in _TOPS if top < limit)]:
            step = await self._step(path, body(asked), read)
            if step is None:
                continue
            again = [
                await self._step(path, body(asked), read),
                await self._step(path, body(asked, temperature=1), read),
            ]
            if any(other is None for other in again):
                continue
            known, repeated, warm = (_known(other) for other in (step, *again) if other is not None)
            if _differ(known, warm) > 0.5:
                self._say(f"log-probabilities of {name} change with the temperature, so they are not used")
                return 0, 0.0
            # A mapping drops one of two tokens with the same text; the server's limit is no lower for that.
            top = asked if step.mapped and len(known) >= asked - 3 and asked > 3 else min(asked, len(step.ranking))
            spread = _differ(known, repeated)
            self._say(f"{name} return {top} log-probabilities; two answers differ by up to {spread:.1e} nats")
            return top, min(2.0 * spread, 0.99)
        self._say(f"{name} return no log-probabilities")
        return 0, 0.0

    # --- constraints --------------------------------------------------------------------------------------------------

    async def _constraints(self, traits: ServerTraits) -> ServerTraits:
        path, read = (COMPLETIONS, read_completion) if traits.renders else (CHAT, read_chat)
        if not traits.renders and not traits.chat:
            path, read = COMPLETIONS, read_completion
        styles: list[ChoiceStyle] = ["structured_outputs"]
        if path == CHAT and traits.begun is None:
            styles.append("json_schema")
        for style in styles:
            extra = choice_fields(_VALUES, style)
            if path == CHAT:
                body = chat_body(self._model, _ASK, most=32, length=traits.length, extra=extra)
            else:
                body = completion_body(self._model, _TEXT, most=32, extra=extra)
            reply = await self._try(path, body, read)
            if reply is not None and chosen_value(reply.text, style) in _VALUES:
                self._say(f"an answer can be held to some values ({style})")
                return replace(traits, choice=style)
        if traits.renders and self._words is not None:
            token = (await self._words.ids("q", special=False))[-1]
            extra = {"logit_bias": {str(token): 100}}
            reply = await self._try(COMPLETIONS, completion_body(self._model, _TEXT, extra=extra), read_completion)
            if reply is not None and reply.text and reply.text == await self._words.text([token]):
                self._say("an answer can be held to some values (logit_bias)")
                return replace(traits, bias=True)
        self._say("an answer cannot be held to some values")
        return traits


def chosen_value(text: str, style: ChoiceStyle) -> str | None:
    """Return the value that was chosen, or None where the text is none of one."""
    if style == "structured_outputs":
        return text
    try:
        held = json.loads(text)
    except ValueError:
        return None
    value = held.get("value") if isinstance(held, dict) else None
    return value if isinstance(value, str) else None


def _known(step: Step) -> dict[str, float]:
    return {scored.token: scored.logprob for scored in step.ranking if scored.logprob is not None}


def _differ(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    return max((abs(a[token] - b[token]) for token in a.keys() & b.keys()), default=0.0)


def _all_ids(step: Step) -> bool:
    return all(scored.token.startswith("token_id:") for scored in (step.written, *step.ranking))


def _scores(reply: Reply, most: int) -> bool:
    if reply.steps is None or len(reply.steps) < 3 + most:
        return False
    scored = reply.steps[1 : len(reply.steps) - most]
    text = "".join(step.written.token for step in reply.steps[: len(reply.steps) - most])
    return text.endswith(_TEXT) and all(step.written.logprob is not None for step in scored)
