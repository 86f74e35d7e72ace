"""Opens slots: decides at each step whether a row is about to write a value, and what of it is to be judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from guardbind.candidates.trie import Node
from guardbind.config import GuardConfig
from guardbind.evidence import Located
from guardbind.session.asking import Asking
from guardbind.session.begun import begun_by, is_value
from guardbind.session.contained import contained
from guardbind.session.declared import asks_again, comes_to, declared_passages
from guardbind.session.overrun import going_on
from guardbind.session.passage import Rest, opens_structure, opens_value, rest_at
from guardbind.session.row import Row
from guardbind.session.value import Phase, Value, ValueEvent
from guardbind.slots import Moment
from guardbind.slots.detector import Detected, SlotDetector
from guardbind.slots.following import ends_before_value
from guardbind.targets import Resolution
from guardbind.targets.history import unresolved
from guardbind.text.decode import decode
from guardbind.text.words import is_telling

__all__ = ["Opener", "Opening"]

_PART_OF_A_LETTER = "\ufffd"  # what some bytes of a character are decoded as
_NOT_YET = unresolved("what is begun may still be a name")


@dataclass(frozen=True, slots=True)
class Opening:
    """A row that is about to write a token of a value that is to be judged, before anything is measured.

    Attributes:
        row: The row.
        kind: What opened the slot.
        token: The model's own token.
        resolution: Where the value should come from.
        node: Where the value stands in the trie; None when it is not known.
        continues: Tokens of the value are written already.
        sees_token: Only that token makes it a slot.
        glued: Tokens that would go on with the word that the text ends in, and begin no value.
        tells: The token is no word that stands in any sentence ("a"), so that it can hardly begin a value by chance.
        asked: The sentence before it says once more what is asked, and that it follows: "Bob's badge is".
    """

    row: Row
    kind: str
    token: int
    resolution: Resolution
    node: Node | None
    continues: bool
    sees_token: bool = False
    glued: frozenset[int] = frozenset()
    tells: bool = True
    asked: bool = False

    @property
    def target(self) -> Located | None:
        """The binding that the slot should take its value from."""
        index = self.resolution.index
        return None if index is None else self.row.bound.table.items[index]

    @property
    def measurable_target(self) -> int | None:
        """Index of the target, if it stands in the prompt."""
        target = self.target
        return None if target is None or target.absent else target.index

    @property
    def owners(self) -> list[int]:
        """The bindings whose values the model's own token begins, continues or ends."""
        return [] if self.node is None else self.row.bound.owners(self.node.kept_by(self.token))

    def wanted(self, most: int) -> list[int]:
        """Return the bindings to take away one by one: the target, those about to be written, then the others.

        Args:
            most: How many, at most.
        """
        target = self.measurable_target
        items = self.row.bound.table.items
        first = [] if target is None else [target]
        order = dict.fromkeys([*first, *self.owners, *(item.index for item in items)])
        return [index for index in order if not items[index].absent][:most]


class Opener:
    """Follows the values of a row from token to token.

    Args:
        config: The guard's settings.
        tokenizer: The model's tokenizer.
        asking: Says what a slot is meant to take.
        begins_in_prompt: A value may be one that the prompt has begun.
    """

    def __init__(
        self,
        config: GuardConfig,
        tokenizer: PreTrainedTokenizerBase,
        asking: Asking,
        *,
        begins_in_prompt: bool = True,
    ) -> None:
        self._config = config
        self._begins_in_prompt = begins_in_prompt
        self._asking = asking
        self._tokenizer = tokenizer
        self._detector = SlotDetector(config)

    def may_open(self, row: Row) -> bool:
        """Whether there could be a slot, before anything is read."""
        if row.value is not None:
            return True
        return row.bound.binds and self._detector.may_open(row.step, has_candidates=bool(row.bound.starts))

    def open(self, row: Row, top: int) -> Opening | None:
        """Return the slot at which a row stands, if there is something to judge.

        Args:
            row: The row; a value of it is begun, begun again, ended or given up.
            top: The model's own next token.
        """
        value = row.value
        if value is None:
            detected = self._detector.detect(self._moment(row, top))
            return None if detected is None else self._begin(row, detected, top)
        if value.phase is Phase.RESTATING:
            row.reopen()
            return self._decision(row, value, top)
        if self._is_over(row, value, top):
            row.advance(ValueEvent.END)
            return None
        if value.undecided and (self._is_none(row, value, top) or self._is_structured(value, top)):
            # It began as a candidate does and went on as none does, or as an object: there was no slot.
            row.advance(ValueEvent.DISMISS)
            return None
        if value.phase is Phase.FOLLOWED or self._has_no_choice(value, top) or self._is_chosen(row, value, top):
            return None
        if value.node is None and value.copies and self._is_copied(row, value, top):
            return None
        return self._decision(row, value, top)

    def _moment(self, row: Row, top: int) -> Moment:
        return Moment(
            step=row.step,
            stops_mid_line=row.bound.stops_mid_line,
            last=decode(self._tokenizer, row.ids[-1:]),
            line=lambda: row.line(self._tokenizer),
            generated=lambda: row.answer(self._tokenizer),
            text=lambda: row.continued(self._tokenizer),
            token=top,
            starts=row.bound.starts,
            inside_word=lambda: row.inside_word(self._tokenizer, top),
            names_key=row.bound.names_key,
            language=row.bound.language,
            says_passage=lambda: self._comes_to_passage(row),
        )

    def _comes_to_passage(self, row: Row) -> bool:
        bound = row.bound
        if row.passages is None:
            row.passages = contained("reading what is declared", lambda: declared_passages(bound), lambda _: [])
        passages, line = row.passages, row.line(self._tokenizer)
        return contained(
            "reading a declared passage", lambda: comes_to(line, passages, bound.agreement.query), lambda _: False
        )

    def _begin(self, row: Row, detected: Detected, top: int) -> Opening | None:
        begun = begun_by(row.bound, self._tokenizer) if self._begins_in_prompt and row.step == 0 else None
        if begun is not None and begun.may_go_on(top, decode(self._tokenizer, [top])):
            resolution = self._resolve(row, detected, row.bound.beginning(begun.node, top))
            if is_value(row.bound, begun, resolution):
                value = Value(detected, resolution, begun.node, len(row.ids), begun.text)
                return self._decision(row, row.begin(value), top)
        if begun is not None and begun.is_sure:
            # A value would begin anew behind the beginning of one.
            return None
        if detected.sees_token and not detected.expects_value and self._begins_name(row, detected, top):
            row.begin(Value(detected, _NOT_YET, row.bound.root_for(None), len(row.ids)))
            return None
        resolution = self._resolve(row, detected, row.bound.beginning(None, top))
        if detected.expects_value and top not in row.bound.starts and not self._value_like(row, resolution, top):
            return None
        node = row.bound.root_for(resolution.index)
        return self._decision(row, row.begin(Value(detected, resolution, node, len(row.ids))), top)

    def _begins_name(self, row: Row, detected: Detected, top: int) -> bool:
        """Whether what begins is a name until it parts from all of them, as a value that begins so will.

        "The code of crate 1" is on its way to crate 101, though a code begins with 1 too. Where the sentence asks for a
        value, or where one could be written to its end and be the name as well, it is judged at once.
        """
        following = decode(self._tokenizer, [top])
        line = row.line(self._tokenizer)
        if not row.bound.inside_name(line, following) or row.bound.names_key(detected.place.asks):
            return False
        return not row.bound.is_name_or_value(line, following, row.bound.beginning(None, top))

    def _goes_on_as_name(self, row: Row, value: Value, top: int) -> bool:
        written = decode(self._tokenizer, row.ids[value.start :])
        following = decode(self._tokenizer, [*row.ids[value.start :], top])
        return row.bound.inside_name(row.line(self._tokenizer).removesuffix(written), following)

    def _resolve(self, row: Row, detected: Detected, beginning: Sequence[int]) -> Resolution:
        words = row.bound.resolve(
            detected, lambda: row.answer(self._tokenizer), started=row.step > 0, beginning=beginning
        )

        line = row.line(self._tokenizer)
        about = detected.place.about or line
        return self._asking.resolve(row, words, line=line, about=about)

    def _value_like(self, row: Row, resolution: Resolution, top: int) -> bool:
        """Whether a token looks like the start of the value: where one is expected, something else may be said."""
        return row.bound.value_like(decode(self._tokenizer, [top]), resolution.index)

    def _is_over(self, row: Row, value: Value, top: int) -> bool:
        """Whether the value was whole before the model's token."""
        if value.node is None:
            ends_line = not value.undecided and "\n" in decode(self._tokenizer, [top])
            return ends_line or value.tokens >= self._config.max_value_tokens
        return not self._goes_on(row, value.node, top) and value.may_be_over

    def _is_none(self, row: Row, value: Value, top: int) -> bool:
        if value.node is None or self._goes_on(row, value.node, top):
            return False
        if value.detected.expects_value:
            return not self._value_like(row, value.resolution, top)
        return value.detected.sees_token

    def _goes_on(self, row: Row, node: Node, top: int) -> bool:
        """Whether a value may go on, or end, with a token."""
        return top in node.children or (bool(node.ends) and not going_on(row, [top], self._tokenizer))

    @staticmethod
    def _has_no_choice(value: Value, top: int) -> bool:
        node = value.node
        return node is not None and top in node.children and not node.branching and not value.undecided

    @staticmethod
    def _is_chosen(row: Row, value: Value, top: int) -> bool:
        """Whether a policy has chosen the value and the model goes on with it: there is nothing left to judge."""
        if value.phase is not Phase.FORCED or value.may_be_over:
            return False
        return top in row.bound.going_on(value.node, value.resolution.index)

    def _decision(self, row: Row, value: Value, top: int) -> Opening | None:
        late = value.resolution is _NOT_YET
        if late:
            if self._goes_on_as_name(row, value, top):
                return None
            row.resolve_again(self._resolve(row, value.detected, row.bound.beginning(value.node, top)))
        if self._leaves_open(row, value, top) or self._tells_nothing(row, value, top):
            return None
        continues = value.tokens > 0 and (value.node is not None or not value.undecided)
        if not value.undecided:
            return Opening(row, "continued", top, value.resolution, value.node, continues)
        beginning = row.bound.beginning(value.node, top)
        running = value.detected.expects_value or value.detected.sees_token
        if running and row.bound.echoes(beginning):
            # The query says it too: what is repeated is no answer.
            row.advance(ValueEvent.DISMISS)
            return None
        if value.detected.sees_token and continues and not late:
            row.resolve_again(self._resolve(row, value.detected, beginning))
        glued = frozenset[int]()
        if (
            running
            and value.node is not None
            and not (continues or value.begun)
            and not row.inside_word(self._tokenizer, top)
        ):
            glued = frozenset(token for token in value.node.children if row.inside_word(self._tokenizer, token))
        tells = is_telling(decode(self._tokenizer, [top]), row.bound.language)
        asked = tells and value.detected.sees_token and not continues and self._is_asked(row, value)
        return Opening(
            row,
            value.detected.kind,
            top,
            value.resolution,
            value.node,
            continues,
            sees_token=value.detected.sees_token,
            glued=glued,
            tells=tells,
            asked=asked,
        )

    def _is_asked(self, row: Row, value: Value) -> bool:
        """Whether the sentence before a value is about its target, and says that what was asked follows."""
        line, query = row.line(self._tokenizer), row.bound.agreement.query
        if value.resolution.how != "slot_prefix" or not ends_before_value(line, query.language):
            return False
        return contained("reading the slot's sentence", lambda: asks_again(line, query), lambda _: False)

    def _is_structured(self, value: Value, top: int) -> bool:
        """Whether the answer opens an object, or a block, in which fields lead up to values."""
        return value.node is None and value.tokens > 0 and opens_structure(decode(self._tokenizer, [top]))

    def _tells_nothing(self, row: Row, value: Value, top: int) -> bool:
        """Whether the token of a value that is not known is a sign before it or in it: the colon of `it is: 44.71`."""
        if value.node is not None:
            return False
        text = decode(self._tokenizer, [top])
        if not value.undecided:
            is_sign = _PART_OF_A_LETTER not in text and not any(map(str.isalnum, text))
            return is_sign and not (value.copies and self._rest(row, value) is not None)
        return value.resolution.how == "declared" and opens_value(text) and self._rest(row, value) is None

    def _is_copied(self, row: Row, value: Value, top: int) -> bool:
        """Whether the model goes on with the word of the passage that is being copied: there is nothing to judge."""
        rest, text = self._rest(row, value), decode(self._tokenizer, [top])
        return bool(text) and rest is not None and rest.only is not None and rest.only.startswith(text)

    def _rest(self, row: Row, value: Value) -> Rest | None:
        """Return how the word goes on that the line ends in and the declared passage has."""
        target = value.resolution.index
        mentions = [] if target is None else row.bound.table.items[target].mentions
        passages = [row.bound.prompt.text[slice(*mention.chars)] for mention in mentions]
        line = row.line(self._tokenizer)
        return contained("reading a declared passage", lambda: rest_at(line, passages), lambda _: None)

    @staticmethod
    def _leaves_open(row: Row, value: Value, top: int) -> bool:
        """Whether the model's token keeps the target and others alive: nothing is decided yet, so nothing is judged."""
        if value.node is None or top not in value.node.children:
            return False
        alive = value.node.children[top].values
        target = row.bound.candidate(value.resolution.index)
        return len(alive) > 1 and (target is None or target in alive)
