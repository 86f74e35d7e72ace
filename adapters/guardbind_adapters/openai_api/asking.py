"""Asks a server for next tokens, scores and texts, through the interface that can return them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from guardbind.backends.protocol import Completion, ContinuationScore, NextToken, PromptRequest, PromptTokens, Spent
from guardbind.backends.sending import Sender, metered
from guardbind.errors import BackendError, UnansweredPromptError
from guardbind.information.intervals import Interval
from guardbind_adapters.openai_api.bodies import CHAT, COMPLETIONS, chat_body, completion_body
from guardbind_adapters.openai_api.choosing import choose_by_bias, choose_by_grammar
from guardbind_adapters.openai_api.distributions import of_ids, of_texts
from guardbind_adapters.openai_api.replies import Reply, ReplyStep, read_chat, read_completion
from guardbind_adapters.openai_api.traits import ServerTraits
from guardbind_adapters.openai_api.words import ModelWords, first_token, rendered, token_text

__all__ = ["Prepared", "ServerReader"]

# Engines that answer several requests in one step may cut a ranking to the length that another of them asked for; asked
# once more it mostly comes whole. One that stays short is read as it is: its ranges are wider and hold all the same.
_RANKINGS = 4


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prompt as it is sent.

    Attributes:
        asked: The prompt.
        ids: Its tokens, where they are known and it goes to the interface of completions.
        text: Its text there.
        chat: It goes to the interface of chats, where neither is known.
    """

    asked: PromptRequest
    ids: list[int] | None = None
    text: str = ""
    chat: bool = False


class ServerReader:
    """Asks one server.

    Args:
        sender: Sends the requests.
        model: Name of the model.
        traits: What the server was found to do.
        words: Turns texts into tokens, or None.
    """

    def __init__(self, sender: Sender, model: str, traits: ServerTraits, words: ModelWords | None) -> None:
        self._sender, self._model, self._traits = sender, model, traits
        self._words = words if traits.words else None

    async def next_token(self, asked: PromptRequest, top: int | None, values: Sequence[str]) -> NextToken:
        """Return the next token's distribution; the first tokens of values too, where the server has them by id."""
        with metered() as meter:
            prepared = await self._prepared(asked)
            limit = self._limit(prepared)
            count = min(top or limit, limit)
            extra = {"return_tokens_as_token_ids": True} if self._names(prepared) else {}
            ranking = self._first(prepared, count, extra)
            if not self._names(prepared) or not self._traits.chosen or not values:
                step, further = await ranking, []
            else:
                step, *further = await asyncio.gather(ranking, *await self._by_request(prepared, values))
            if self._names(prepared):
                seen = of_ids(step, further, rounding=self._traits.rounding)
                texts = await self._texts(list(seen.logprobs))
            else:
                seen = of_texts(step, asked=count, rounding=self._traits.rounding)
                texts = {token: token for token in seen.logprobs}
        return NextToken(seen, texts, meter.spent)

    async def score(self, asked: PromptRequest, continuation: str) -> ContinuationScore:
        """Return the log-probability of a continuation, scored as the end of a prompt."""
        with metered() as meter:
            before = await self._prepared(asked)
            whole = await self._prepared(PromptRequest(asked.messages, asked.text, asked.begun + continuation))
            scored = self._of_continuation(before, whole, await self._echoed(whole))
        off = self._traits.rounding * len(scored)
        logprob = math.fsum(scored)
        return ContinuationScore(Interval(logprob - off, min(0.0, logprob + off)), len(scored), meter.spent)

    async def prompt_tokens(self, asked: PromptRequest) -> PromptTokens:
        """Return the tokens of a prompt and their log-probabilities."""
        with metered() as meter:
            whole = await self._prepared(asked)
            steps = await self._echoed(whole)
            text, spans = "", []
            for step in steps:
                spans.append((len(text), len(text) + len(step.written.token)))
                text += step.written.token
            if whole.ids is not None and len(steps) != len(whole.ids):
                raise _other_tokens(len(steps), len(whole.ids))
            logprobs = [step.written.logprob for step in steps]
            if any(logprob is None for logprob in logprobs[1:]):
                raise BackendError("the server returned no log-probability for a token of the prompt.")
        return PromptTokens(text, tuple(spans), tuple(logprobs), meter.spent)

    async def _echoed(self, prepared: Prepared) -> Sequence[ReplyStep]:
        """Return what the server says of each token of a prompt."""
        least = self._traits.echo
        if least is None:
            raise BackendError(
                "the server scores no given text.", hint="Read next tokens instead, or ask a server that has echo."
            )
        if prepared.chat:
            raise BackendError(
                "the server scores texts and no chats.", hint="Give the model's tokenizer as tokenizer=."
            )
        body = completion_body(self._model, self._sent(prepared), most=least, top=1, echo=True)
        answered = await self._sender.send(COMPLETIONS, body, read_completion)
        self._check_count(prepared, answered.spent)
        steps = answered.value.steps or ()
        return steps[: len(steps) - least] if least else steps

    async def write(self, asked: PromptRequest, most: int, stop: Sequence[str], top: int) -> Completion:
        """Write on greedily."""
        with metered() as meter:
            prepared = await self._prepared(asked)
            count = min(top, self._limit(prepared)) if top else 0
            extra = {"return_tokens_as_token_ids": True} if count and self._names(prepared) else {}
            reply = await self._reply(prepared, most=most, top=count or None, stop=stop, extra=extra)
            tokens = []
            for step in reply.steps or () if count else ():
                if self._names(prepared):
                    seen = of_ids(step, (), rounding=self._traits.rounding)
                    tokens.append(NextToken(seen, await self._texts(list(seen.logprobs))))
                else:
                    seen = of_texts(step, asked=count, rounding=self._traits.rounding)
                    tokens.append(NextToken(seen, {token: token for token in seen.logprobs}))
        return Completion(reply.text, tuple(tokens), reply.finished or "stop", spent=meter.spent)

    async def choose(self, asked: PromptRequest, values: Sequence[str]) -> Completion:
        """Write one of some values; its log-probabilities are not asked for, since a constraint falsifies them."""
        with metered() as meter:
            prepared = await self._prepared(asked)
            if (style := self._traits.choice) is not None:

                async def written(most: int, extra: dict[str, Any]) -> str:
                    return (await self._reply(prepared, most=most, top=None, extra=extra)).text

                value = await choose_by_grammar(written, values, style, begun=bool(asked.begun))
            elif self._traits.bias and self._words is not None and prepared.ids is not None:
                value = await choose_by_bias(self._one_of, self._words, prepared.ids, prepared.text, values)
            else:
                raise BackendError(
                    "the server cannot be held to some values.", hint="Ask it again with a checkpoint instead."
                )
        return Completion(value, finished="stop", constrained=True, spent=meter.spent)

    # --- prompts ------------------------------------------------------------------------------------------------------

    async def _prepared(self, asked: PromptRequest) -> Prepared:
        if bool(asked.messages) == bool(asked.text):
            raise UnansweredPromptError("a prompt has messages or a text, and one of them only.")
        if self._traits.renders and self._words is not None:
            ids, text = await rendered(self._words, asked)
            return Prepared(asked, ids, text)
        if asked.text:
            if not self._traits.completions:
                raise UnansweredPromptError("the server takes chats and no texts.", hint="Ask with messages.")
            return Prepared(asked, None, asked.text + asked.begun)
        if not self._traits.chat:
            raise UnansweredPromptError(
                "the server takes texts and no chats.", hint="Give the model's tokenizer as tokenizer=, or ask a text."
            )
        if asked.begun and self._traits.begun is None:
            raise UnansweredPromptError(
                "the server does not go on with a begun answer, but begins another one.",
                hint="Ask without one, or give the model's tokenizer as tokenizer= where the server has completions.",
            )
        if asked.begun != asked.begun.rstrip():
            raise UnansweredPromptError(
                "the begun answer ends with white space, which servers cut off.",
                hint="Put it in front of the values instead.",
            )
        return Prepared(asked, chat=True)

    def _sent(self, prepared: Prepared) -> str | list[int]:
        if prepared.ids is not None and self._traits.prompt_ids:
            return prepared.ids
        return prepared.text

    def _names(self, prepared: Prepared) -> bool:
        return prepared.ids is not None and self._traits.ids

    def _limit(self, prepared: Prepared) -> int:
        limit = self._traits.chat_top if prepared.chat else self._traits.completions_top
        if not limit:
            raise BackendError(
                "the server returns no log-probabilities.", hint="Ask another server; vLLM returns all that is needed."
            )
        return limit

    # --- requests -----------------------------------------------------------------------------------------------------

    async def _reply(
        self,
        prepared: Prepared,
        *,
        most: int,
        top: int | None,
        stop: Sequence[str] = (),
        extra: dict[str, Any] | None = None,
        keeps: Callable[[Reply], bool] | None = None,
    ) -> Reply:
        path, read = (CHAT, read_chat) if prepared.chat else (COMPLETIONS, read_completion)
        if not prepared.chat:
            body = completion_body(self._model, self._sent(prepared), most=most, top=top, stop=stop, extra=extra)
        else:
            asked, traits = prepared.asked, self._traits
            body = chat_body(
                self._model,
                asked.messages,
                begun=asked.begun,
                style=traits.begun,
                most=most,
                length=traits.length,
                top=top,
                stop=stop,
                extra=extra,
            )
        strictly = _with_logprobs(read) if top is not None else read

        def is_kept(reply: Reply) -> bool:
            return (keeps is None or keeps(reply)) and (top is None or self._is_readable(prepared, reply, top))

        answered = await self._sender.send(path, body, strictly, keeps=is_kept)
        self._check_count(prepared, answered.spent)
        return answered.value

    def _is_readable(self, prepared: Prepared, reply: Reply, top: int) -> bool:
        """Whether all that was returned makes distributions; what does not is said where it is read, and not kept."""
        try:
            for step in reply.steps or ():
                if self._names(prepared):
                    of_ids(step, (), rounding=self._traits.rounding)
                else:
                    of_texts(step, asked=top, rounding=self._traits.rounding)
        except BackendError:
            return False
        return True

    async def _first(self, prepared: Prepared, top: int, extra: dict[str, Any]) -> ReplyStep:
        """Return the first token; where the server returns less than it can, it is asked again."""

        def is_whole(reply: Reply) -> bool:
            told = 0 if not reply.steps else sum(each.logprob is not None for each in reply.steps[0].ranking)
            return not self._names(prepared) or told >= top

        for _ in range(_RANKINGS):
            reply = await self._reply(prepared, most=1, top=top, extra=extra, keeps=is_whole)
            if is_whole(reply):
                break
        assert reply.steps  # `_with_logprobs` refuses an answer without
        return reply.steps[0]

    async def _by_request(self, prepared: Prepared, values: Sequence[str]) -> list[Any]:
        assert self._words is not None
        found = await asyncio.gather(*(first_token(self._words, value) for value in dict.fromkeys(values)))
        ids = sorted({token for token in found if token is not None})
        parts = [ids[first : first + self._traits.chosen] for first in range(0, len(ids), self._traits.chosen)]
        return [
            self._first(prepared, 1, {"return_tokens_as_token_ids": True, "logprob_token_ids": part}) for part in parts
        ]

    async def _one_of(self, ids: list[int], allowed: Sequence[int]) -> str:
        extra = {"logit_bias": {str(token): 100 for token in allowed}}
        text = "" if self._words is None or self._traits.prompt_ids else await self._words.text(ids)
        return (await self._reply(Prepared(PromptRequest(), ids, text), most=1, top=None, extra=extra)).text

    async def _texts(self, ids: Sequence[int]) -> dict[int, str]:
        assert self._words is not None
        texts = await asyncio.gather(*(token_text(self._words, token) for token in ids))
        return dict(zip(ids, texts, strict=True))

    def _check_count(self, prepared: Prepared, spent: Spent) -> None:
        if prepared.ids is None or spent.cached or not spent.prompt_tokens:
            return
        if spent.prompt_tokens != len(prepared.ids):
            raise BackendError(
                f"the prompt has {spent.prompt_tokens} tokens for the server, {len(prepared.ids)} for the tokenizer.",
                hint="Give the tokenizer of the model that the server runs.",
            )

    def _of_continuation(self, before: Prepared, whole: Prepared, steps: Sequence[ReplyStep]) -> list[float]:
        """Return the log-probabilities of the tokens that end behind the prompt."""
        if whole.ids is not None and before.ids is not None:
            if len(steps) != len(whole.ids):
                raise _other_tokens(len(steps), len(whole.ids))
            pairs = zip(before.ids, whole.ids, strict=False)
            start = next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(before.ids), len(whole.ids)))
        else:
            if not "".join(step.written.token for step in steps).endswith(whole.text):
                raise BackendError(
                    "the tokens that the server scored do not spell the text that was asked.",
                    hint="Give the model's tokenizer as tokenizer=.",
                )
            left, start = len(whole.text) - len(before.text), len(steps)
            while left > 0 and start > 0:
                start -= 1
                left -= len(steps[start].written.token)
        found = [step.written.logprob for step in steps[start:]]
        if not found or start == 0:
            raise BackendError("a continuation has no token of its own behind the prompt.", hint="Give it some text.")
        known = [logprob for logprob in found if logprob is not None]
        if len(known) != len(found):
            raise BackendError("the server returned no log-probability for a token of the continuation.")
        return known


def _with_logprobs(read: Callable[[Any], Reply]) -> Callable[[Any], Reply]:
    """Refuse an answer without log-probabilities, so that it is not kept."""

    def strictly(answer: Any) -> Reply:
        reply = read(answer)
        if not reply.steps:
            raise BackendError(
                "the server returned no log-probabilities, which it did when it was connected.",
                hint="Connect again: the server may have been exchanged.",
            )
        return reply

    return strictly


def _other_tokens(server: int, here: int) -> BackendError:
    return BackendError(
        f"the server scored {server} tokens where the tokenizer has {here}.",
        hint="Give the tokenizer of the model that the server runs.",
    )
