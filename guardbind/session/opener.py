"""Where a slot opens in a row, and where what looked like one is none."""

from __future__ import annotations

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from guardbind.config import GuardConfig
from guardbind.session.row import Row, Value
from guardbind.session.slot import Opening
from guardbind.slots import Moment
from guardbind.slots.detector import Detected, SlotDetector
from guardbind.targets.by_key import Resolution
from guardbind.text.words import is_telling

__all__ = ["Opener"]


class Opener:
    """Follows the values of a row from token to token.

    Args:
        config: The guard's settings.
        tokenizer: The model's tokenizer.
    """

    def __init__(self, config: GuardConfig, tokenizer: PreTrainedTokenizerBase) -> None:
        self._config = config
        self._tokenizer = tokenizer
        self._detector = SlotDetector(config)

    def may_open(self, row: Row) -> bool:
        """Whether there could be a slot, before anything is read."""
        if row.reopens is not None or row.value is not None:
            return True
        return row.binds and self._detector.may_open(row.step, has_candidates=bool(row.starts))

    def open(self, row: Row, top: int) -> Opening | None:
        """Return the slot at which a row stands, if there is something to judge.

        Args:
            row: The row; its `value` is begun, followed or given up.
            top: The model's own next token.
        """
        if row.reopens is not None:
            # What was written of the value stands in the line that was begun again.
            begun, row.reopens = row.reopens, None
            start = len(row.ids) - begun.tokens
            reopened = Detected("reopened", begun.detected.place, False)
            row.value = Value(reopened, begun.resolution, begun.node, start, begun.tokens)
            return self._decision(row, row.value, top)
        if row.value is not None:
            return self._continue(row, row.value, top)
        moment = Moment(
            step=row.step,
            stops_mid_line=row.stops_mid_line,
            last=row.text_of(self._tokenizer, row.ids[-1]),
            line=lambda: row.line(self._tokenizer),
            generated=lambda: row.answer(self._tokenizer),
            text=lambda: row.continued(self._tokenizer),
            token=top,
            starts=row.starts,
            inside_word=lambda: row.inside_word(self._tokenizer, top),
            names_key=row.names_key,
            language=row.language,
        )
        detected = self._detector.detect(moment)
        return None if detected is None else self._begin(row, detected, top)

    def _begin(self, row: Row, detected: Detected, top: int) -> Opening | None:
        resolution = self._resolve(row, detected, row.beginning(None, top))
        if detected.expected and top not in row.starts and not self._value_like(row, resolution, top):
            return None
        known = row.trie is not None and (resolution.index is None or row.candidate(resolution.index) is not None)
        node = row.trie.root if known and row.trie is not None else None
        row.value = Value(detected, resolution, node, len(row.ids))
        return self._decision(row, row.value, top)

    def _resolve(self, row: Row, detected: Detected, beginning: Sequence[int]) -> Resolution:
        kind = "running" if detected.expected else detected.kind
        return row.resolve(kind, detected.place, lambda: row.answer(self._tokenizer), beginning)

    def _value_like(self, row: Row, resolution: Resolution, top: int) -> bool:
        """Whether a token looks like the start of the value: where one is expected, something else may be said."""
        return row.value_like(row.text_of(self._tokenizer, top), resolution.index)

    def _continue(self, row: Row, value: Value, top: int) -> Opening | None:
        if value.node is None:
            if value.tokens >= self._config.max_value_tokens:
                row.value = None
                return None
        elif value.branch is None and top in value.node.children and not value.node.branching and value.decided:
            return None
        elif top not in value.node.children and not value.node.ends and value.may_be_over:
            row.value = None
            return None
        elif not value.decided and not self._alive(value, top) and self._is_none(row, value, top):
            # It began as a candidate does and went on as none does: there was no slot.
            row.value = None
            return None
        return self._decision(row, value, top)

    def _is_none(self, row: Row, value: Value, top: int) -> bool:
        if value.detected.expected:
            return not self._value_like(row, value.resolution, top)
        return value.detected.kind == "automatic"

    @staticmethod
    def _alive(value: Value, top: int) -> bool:
        return value.node is not None and (top in value.node.children or bool(value.node.ends))

    def _decision(self, row: Row, value: Value, top: int) -> Opening | None:
        if self._leaves_open(row, top):
            return None
        if value.decided:
            return Opening(row, "continued", value.resolution, value.node, top, begun=value.tokens > 0)
        beginning = row.beginning(value.node, top)
        running = value.detected.expected or value.detected.kind == "automatic"
        if running and row.echoes(beginning):
            # The query says it too: what is repeated is no answer.
            row.value = None
            return None
        if value.detected.kind == "automatic" and value.tokens > 0:
            value.resolution = self._resolve(row, value.detected, beginning)
        value.decided = True
        begun, glued = value.tokens > 0, frozenset[int]()
        if running and value.node is not None and not begun and not row.inside_word(self._tokenizer, top):
            glued = frozenset(token for token in value.node.children if row.inside_word(self._tokenizer, token))
        tells = is_telling(row.text_of(self._tokenizer, top), row.language)
        return Opening(row, value.detected.kind, value.resolution, value.node, top, begun, glued, tells)

    def _leaves_open(self, row: Row, top: int) -> bool:
        """Whether the model's token keeps the target and others alive: nothing is decided yet, so nothing is judged."""
        value = row.value
        if value is None or value.node is None or top not in value.node.children or value.branch is not None:
            return False
        alive = value.node.children[top].values
        target = None if value.resolution.index is None else row.candidate(value.resolution.index)
        return len(alive) > 1 and (target is None or target in alive)
