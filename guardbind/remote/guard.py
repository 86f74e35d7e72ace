"""Guards a model that is only reachable from outside: asks, reads what it writes, and repairs by further requests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from guardbind.backends import Backend, PromptScorer, Spent
from guardbind.config import GuardConfig
from guardbind.errors import BackendError, ConfigError, GuardbindError
from guardbind.events import Emitter, build_sinks
from guardbind.evidence import Binding, Evidence, Located, Origin, Target
from guardbind.remote.edits import RemotePrompt
from guardbind.remote.generation import RemoteGeneration
from guardbind.remote.ordering import IN_PLACE, check_evidence, evidence_late, says_the_same
from guardbind.remote.pieces import PieceTokenizer, render
from guardbind.remote.recorder import RemoteRecorder, provenance_of_backend
from guardbind.remote.settings import ApiGuardConfig
from guardbind.report.report import Report
from guardbind.report.transcript import Transcript
from guardbind.session.bound_prompt import BoundPrompt, bind_prompt
from guardbind.session.row import Row

__all__ = ["ApiGuard", "ApiOutput"]


@dataclass(frozen=True, slots=True)
class ApiOutput:
    """What a guarded request returns.

    Attributes:
        text: The answer.
        report: What was seen and done.
        spent: What it cost, the writing included.
        items: What the prompt binds, by whose indices the report counts.
    """

    text: str
    report: Report
    spent: Spent
    items: tuple[Located, ...] = ()


class ApiGuard:
    """Guards the answers of one model that is asked from outside.

    The evidence is taken away by asking with another prompt, a repair is what a further request confirms, and all that
    a server does not return is a range: what the range leaves open is `unresolved`, and nothing is done about it.
    Calls may run side by side.

    Args:
        backend: Whom to ask, as `guardbind.connect` returns it, or a `LocalBackend`. It stays the caller's to close.
        config: Settings; of a `GuardConfig` those that were set are taken over.

    Attributes:
        config: The settings as they are used.

    Raises:
        BackendError: The backend returns no log-probabilities, or scores no prompt where the resolver needs that.
        ConfigError: A setting needs the model's weights.
        UnknownNameError: A sink is not registered.

    Example:
        >>> ApiGuard(backend).generate("Anna has badge 4821. The badge of Anna is").text  # doctest: +SKIP
        ' 4821.'
    """

    def __init__(self, backend: Backend, config: GuardConfig | None = None) -> None:
        self.config = ApiGuardConfig.of(config)
        if not backend.abilities.top and not backend.abilities.whole:
            raise BackendError(
                f"the model {backend.model!r} is asked by {backend.name!r}, which returns no log-probabilities; a "
                "guard needs at least one token of the ranking.",
                hint="Use a server, or a model of it, that returns them.",
            )
        if self.config.resolver != "words" and not (backend.abilities.scores and isinstance(backend, PromptScorer)):
            raise BackendError(
                f"the resolver {self.config.resolver!r} has the question scored, and the model {backend.model!r} is "
                f"asked by {backend.name!r}, which scores no prompt.",
                hint="Leave the resolver at 'words', or ask a server that has echo, such as vLLM.",
            )
        self._backend = backend
        self._sinks = build_sinks(self.config.sinks)

    def generate(
        self,
        messages: Sequence[Mapping[str, str]] | str,
        *,
        bindings: Sequence[Binding | Evidence] | Mapping[str, str] | None = None,
        target: str | Target | None = None,
        source: str | None = None,
        origins: Sequence[Origin] = (),
        evidence: Sequence[int] = (),
        begun: str = "",
        max_new_tokens: int = 256,
        stop: Sequence[str] = (),
    ) -> ApiOutput:
        """Ask for an answer, guarded; for use outside of an event loop.

        Args:
            messages: The turns of a chat, each with `role` and `content`; or a text that the model goes on with.
            bindings: What the context binds; a mapping of key to value will do. None: what is read in the prompt.
            target: The key whose value is asked for; None: the key that the query names.
            source: The text that character spans of bindings and origins index, such as the content of one message.
            origins: Parts of the prompt that are somebody else's than the role of their turn says.
            evidence: Indices of messages that hold facts and nothing else. With `ApiGuardConfig(evidence="late")` they
                are moved to right before the last one, unless the prompt would then say something else; else this
                says nothing. The record of the generation says what was done (`arguments["evidence"]`).
            begun: How the answer begins; it is not returned.
            max_new_tokens: Tokens of the answer, at most, as far as the backend tells how many it wrote.
            stop: Texts that end the answer; they are not returned.

        Raises:
            BackendError: The backend did not answer, or cannot answer what is needed; the records of slots that were
                settled before were handed to the sinks.
            BindingError, TargetError: As `Guard.generate`.
            BindingFailureError: Policy `raise`.
            ConfigError: The messages are no chat and no text, or `evidence` names none that can be moved.
            GuardbindError: An event loop runs in this thread.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            raise GuardbindError(
                "generate was called inside an event loop, which it would block.", hint="Await agenerate there."
            )
        return asyncio.run(
            self.agenerate(
                messages,
                bindings=bindings,
                target=target,
                source=source,
                origins=origins,
                evidence=evidence,
                begun=begun,
                max_new_tokens=max_new_tokens,
                stop=stop,
            )
        )

    async def agenerate(
        self,
        messages: Sequence[Mapping[str, str]] | str,
        *,
        bindings: Sequence[Binding | Evidence] | Mapping[str, str] | None = None,
        target: str | Target | None = None,
        source: str | None = None,
        origins: Sequence[Origin] = (),
        evidence: Sequence[int] = (),
        begun: str = "",
        max_new_tokens: int = 256,
        stop: Sequence[str] = (),
    ) -> ApiOutput:
        """Ask for an answer, guarded; see `generate`."""
        if max_new_tokens < 1:
            raise ConfigError(f"max_new_tokens is {max_new_tokens}; at least 1 is accepted.")
        config, pieces = self.config, PieceTokenizer()
        prompt, marked = _prompt(pieces, messages, begun), check_evidence(messages, evidence)
        able = self._backend.abilities
        if not (able.chats if prompt.messages else able.texts):
            asked, other = ("messages", "a text") if prompt.messages else ("a text", "messages")
            raise BackendError(
                f"the model {self._backend.model!r} returns no log-probabilities for {asked}.", hint=f"Ask {other}."
            )
        items = _items(bindings)

        def bind(asked: RemotePrompt) -> BoundPrompt:
            return bind_prompt(
                pieces,  # type: ignore[arg-type]  # it stands for a tokenizer
                index=0,
                pad=0,
                ids=asked.rendered.ids,
                items=items,
                declared=target,
                source=source,
                language=config.set_language,
                sources=config.sources,
                origins=origins,
                fields=config.fields,
            )

        bound, placed = bind(prompt), IN_PLACE
        if config.evidence == "late":
            late, placed = evidence_late(prompt, bound, marked)
            if late is not None:
                moved = _prompt(pieces, late, begun)
                again = bind(moved)
                if says_the_same(bound, again):
                    prompt, bound = moved, again
                else:
                    placed = f"{IN_PLACE}: the prompt would say something else"
        row = Row(bound)
        provenance = provenance_of_backend(self._backend.name, self._backend.model, config)
        recorder = RemoteRecorder(Emitter(self._sinks, capture_text=config.capture_text), provenance, config)
        running = RemoteGeneration(self._backend, prompt, row, pieces, config, recorder)
        failure: str | None = None
        unfinished = False
        try:
            await running.run(max_new_tokens, stop)
            unfinished = row.breaks_off(())
        except BaseException as error:
            failure = type(error).__name__
            raise
        finally:
            arguments = {"max_new_tokens": max_new_tokens, "top": config.top, "evidence": placed}
            recorder.end(row, running.purse.spent, unfinished=unfinished, error=failure, arguments=arguments)
        transcripts: tuple[Transcript, ...] = ()
        if config.capture_text:
            ids = row.ids[bound.prompt_length :]
            transcripts = (Transcript.from_ids(pieces, 0, bound.ids, ids, bound.table.items),)
        report = recorder.report(transcripts, unfinished=unfinished)
        return ApiOutput(running.answer, report, running.purse.spent, bound.table.items)


def _prompt(pieces: PieceTokenizer, messages: Sequence[Mapping[str, str]] | str, begun: str) -> RemotePrompt:
    if isinstance(messages, str):
        if not messages and not begun:
            raise ConfigError("the prompt is empty; a text or at least one message is accepted.")
        return RemotePrompt((), messages, begun, render(pieces, (), messages, begun))
    turns = tuple(messages)
    if not turns:
        raise ConfigError("there is no message; a text or at least one message is accepted.")
    rendered = render(pieces, turns, "", begun)
    return RemotePrompt(turns, "", begun, rendered)


def _items(
    bindings: Sequence[Binding | Evidence] | Mapping[str, str] | None,
) -> Sequence[Binding | Evidence] | None:
    if isinstance(bindings, Mapping):
        return [Binding(key, value) for key, value in bindings.items()]
    return bindings
