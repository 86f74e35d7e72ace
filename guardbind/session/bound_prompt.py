"""Binds one prompt: finds its evidence, builds its candidates, and answers what depends on nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from transformers import PreTrainedTokenizerBase

from guardbind.candidates.trie import Node, Trie
from guardbind.errors import CandidateError
from guardbind.evidence import Binding, Evidence, EvidenceTable, Origin, PlacedOrigin, Target, locate, place_origins
from guardbind.evidence.begun_names import BegunNames
from guardbind.registry import LANGUAGES
from guardbind.session.contained import contained
from guardbind.session.uncollected import uncollected
from guardbind.slots.detector import Detected
from guardbind.targets import (
    Agreement,
    Query,
    Resolution,
    UnreadStatement,
    UnreadStatements,
    read_query,
    resolve,
)
from guardbind.targets.aliases import NO_FIELDS
from guardbind.targets.history import unresolved
from guardbind.targets.sources import Sources
from guardbind.targets.stated import StatedBindings, read_stated, writable
from guardbind.text.chat import opens_turn
from guardbind.text.decoded import PromptText
from guardbind.text.detect import language_of_prompt
from guardbind.text.language import Language
from guardbind.text.layout import Span, occurrences

__all__ = ["BoundPrompt", "bind_prompt", "bindings_of"]

_LONGEST_PREFIX = 4000  # characters of the prompt that an answer goes on with
_OPENING = " \t\n\"'`*_([\u201c\u2018"
_MONEY = frozenset("$\u20ac\u00a3\u00a5")


@dataclass(frozen=True, slots=True)
class BoundPrompt:
    """One prompt with everything that is known of it before the first token is written.

    Attributes:
        index: Place of its row in the batch.
        pad: Columns of left padding.
        ids: Its tokens, without padding.
        prompt: The same as text.
        table: Its bindings and where they stand.
        trie: Its candidates; None when no value is known.
        declared: The target that the caller declared.
        starts: Tokens that start a candidate.
        agreement: Finds a target by attribute and owner.
        addressed: The bindings say what is asked of whom, so that targets are found that way.
        echoed: Bindings whose values the query says itself.
        sources: Whose statements go before whose.
        fields: What the answer calls things, and what the prompt calls them.
        unread: What it states beside its bindings.
        opens_turn: It ends where the chat template lets an answer begin.
        names: The names of what is bound, to tell where the answer is within one.
    """

    index: int
    pad: int
    ids: tuple[int, ...]
    prompt: PromptText
    table: EvidenceTable
    trie: Trie | None
    declared: str | Target | None
    starts: frozenset[int]
    agreement: Agreement
    addressed: bool
    echoed: frozenset[int]
    sources: Sources
    fields: Mapping[str, str]
    unread: UnreadStatements
    opens_turn: bool = False
    names: BegunNames = field(default_factory=partial(BegunNames, EvidenceTable(())), compare=False)

    @property
    def language(self) -> Language:
        """What it is written in."""
        return self.agreement.query.language

    @property
    def prompt_length(self) -> int:
        """Tokens of the prompt, without padding."""
        return len(self.ids)

    @property
    def stops_mid_line(self) -> bool:
        """Whether the prompt ends in the middle of a line, as `KEY1=[` and `Total: ` do and a chat header does not."""
        text = self.prompt.text
        turn = self.prompt.specials[-1][1] if self.prompt.specials else 0
        return not self.opens_turn and bool(text[max(turn, text.rfind("\n") + 1) :].strip())

    @property
    def answer_prefix(self) -> str:
        """What the last turn of the prompt begins, and the answer goes on with; empty if it does not stop mid-line."""
        if not self.stops_mid_line:
            return ""
        turn = self.prompt.specials[-1][1] if self.prompt.specials else 0
        return self.prompt.text[max(turn, len(self.prompt.text) - _LONGEST_PREFIX) :]

    @property
    def answer_prefix_line(self) -> str:
        """The line that the prompt stops in, and the answer goes on with; empty if it does not stop mid-line."""
        return self.prompt.text.rpartition("\n")[2] if self.stops_mid_line else ""

    @property
    def asked(self) -> Span:
        """Where the question stands in the text, without the answer that the prompt begins."""
        start, end = self.agreement.query.span
        begun = len(self.prompt.text) - len(self.answer_prefix_line)
        return (start, begun) if start < begun < end else (start, end)

    @property
    def binds(self) -> bool:
        """Whether anything is declared or was found."""
        return bool(self.table.items)

    @property
    def longest_value(self) -> int:
        """Tokens of the longest form of a candidate; 1 when no value is known."""
        candidates = () if self.trie is None else self.trie.candidates
        return max((len(form) for candidate in candidates for form in candidate.forms), default=1)

    def candidate(self, item: int | None) -> int | None:
        """Return the candidate that a binding's value is, or None when its value is not known."""
        value = None if item is None else self.table.items[item].value
        return None if value is None or self.trie is None else self.trie.index_of(value)

    def owners(self, candidates: Collection[int]) -> list[int]:
        """Return the bindings whose values are among some candidates."""
        return [item.index for item in self.table.items if self.candidate(item.index) in candidates]

    def root_for(self, item: int | None) -> Node | None:
        """Return where a value begins in the trie; None if its binding is told, and its value is not known."""
        known = self.trie is not None and (item is None or self.candidate(item) is not None)
        return self.trie.root if known and self.trie is not None else None

    def beginning(self, node: Node | None, token: int) -> list[int]:
        """Return the bindings whose values go on with a token at a node of the trie, by default at its root."""
        node = node or (None if self.trie is None else self.trie.root)
        return [] if node is None else self.owners(node.kept_by(token))

    def going_on(self, node: Node | None, item: int | None) -> list[int]:
        """Return the tokens with which a value goes on to be a binding's; none where it may end as that."""
        candidate = self.candidate(item)
        if node is None or candidate is None or candidate in node.ends:
            return []
        return [token for token, child in node.children.items() if candidate in child.values]

    def names_key(self, text: str) -> bool:
        """Whether a text names something that is bound and does not give its value yet."""
        return contained("looking for names", lambda: self.agreement.names(text), lambda _: False)

    def inside_name(self, text: str, following: str) -> bool:
        """Whether a text, with what follows, ends within the name of something that is bound."""
        return contained("looking for names", lambda: self.names.within(text, following), lambda _: False)

    def is_name_or_value(self, text: str, following: str, items: Sequence[int]) -> bool:
        """Whether the whole value of one of some bindings would stand within a name: "order 1004" may be either.

        Args:
            text: What is written before the value.
            following: How the value begins.
            items: The bindings.
        """
        space = following[: len(following) - len(following.lstrip())]
        surfaces = {surface for item in items for surface in self.table.items[item].surfaces}
        return any(self.inside_name(text, space + surface) for surface in surfaces)

    def value_like(self, text: str, item: int | None) -> bool:
        """Whether a text begins as a binding's value may, or any value if none is told."""
        begun = _first(text)
        items = self.table.items if item is None else [self.table.items[item]]
        firsts = {_first(surface) for item in items for surface in item.surfaces}
        if begun.isdecimal() or begun in _MONEY:
            return any(first.isdecimal() or first in _MONEY for first in firsts)
        return begun.isupper() and any(first.isupper() for first in firsts)

    def expects(self, target: int, items: Sequence[int]) -> bool:
        """Whether some bindings have values of the kind that is asked for, so that one of them is no coincidence."""
        same = partial(self.agreement.same_kind, target, items)
        return self.addressed and contained("comparing kinds of values", same, lambda _: False)

    @property
    def unread_statements(self) -> tuple[UnreadStatement, ...]:
        """What it states beside its bindings, in textual order."""
        return contained("looking for unread statements", lambda: self.unread.every, lambda _: ())

    def echoes(self, items: Sequence[int]) -> bool:
        """Whether the query itself says the values of all of some bindings."""
        return bool(items) and self.echoed.issuperset(items)

    def resolve(
        self, detected: Detected, answer: Callable[[], str], *, started: bool, beginning: Collection[int] = ()
    ) -> Resolution:
        """Return where a slot should take its value from.

        In running text the sentence that the slot stands in says more than the declared target, which is meant for the
        answer as a whole.

        Args:
            detected: What opened the slot, and what stands before it.
            answer: Returns the text generated so far.
            started: Whether any was generated.
            beginning: Bindings whose values the model is about to begin.
        """
        find = partial(self._resolve, detected, answer, started=started, beginning=beginning)
        return contained("finding the target", find, unresolved)

    def _resolve(
        self, detected: Detected, answer: Callable[[], str], *, started: bool, beginning: Collection[int]
    ) -> Resolution:
        running = (detected.expects_value or detected.sees_token) and started
        if self.addressed:
            automatic = detected.sees_token and not detected.expects_value
            found = self.agreement.resolve(detected.place, beginning=beginning, automatic=automatic)
            if self.declared is None or (running and found.how == "sentence"):
                return found
        elif running:
            by_text = self._by_key(None, answer())
            if by_text.how == "slot_prefix" or self.declared is None:
                return by_text
        return self._by_key(self.declared, answer())

    def _by_key(self, declared: str | Target | None, generated: str) -> Resolution:
        return resolve(
            self.table,
            self.prompt,
            declared=declared,
            generated=generated,
            language=self.language,
            sources=self.sources,
            fields=self.fields,
        )


def bind_prompt(
    tokenizer: PreTrainedTokenizerBase,
    *,
    index: int,
    pad: int,
    ids: Sequence[int],
    items: Sequence[Binding | Evidence] | None,
    declared: str | Target | None,
    source: str | None,
    language: Language | None = None,
    sources: Sequence[str] = (),
    origins: Sequence[Origin] = (),
    fields: Mapping[str, str] = NO_FIELDS,
) -> BoundPrompt:
    """Locate the evidence of one prompt, reading it from the text if none is declared, and build its candidates.

    Args:
        tokenizer: The model's tokenizer.
        index: Place of the row in the batch.
        pad: Columns of left padding.
        ids: Tokens of the prompt, without padding.
        items: What the caller declared; None to read it out of the prompt.
        declared: The target, if the caller knows.
        source: The caller's text that character spans of items and origins index, if it is not the whole prompt.
        language: What the prompt is written in; None to tell it from the prompt.
        sources: Who is believed before whom.
        origins: Who says what stands in some parts of the prompt.
        fields: What the answer calls things, and what the prompt calls them.

    Raises:
        BindingError: An item or an origin cannot be used or its span lies outside the prompt.
        CandidateError: A declared value tokenises to nothing, or as another one does.
        TargetError: The declared target names no item.
    """
    prompt = PromptText.from_ids(tokenizer, ids)
    with uncollected(len(prompt.text)):
        language = language or _language_of(prompt)
        placed = place_origins(origins, prompt, source=source)
        agreement: Agreement | None = None
        if items is None:
            (_, table, agreement), trie = contained(
                "reading the prompt",
                partial(_read, tokenizer, prompt, language, sources, placed, fields),
                lambda _: (_nothing(prompt, language), None),
            )
        else:
            table = locate(items, prompt, source=source, language=language)
            trie = _trie(tokenizer, table)
        if declared is not None:
            # A target that names nothing is told before anything runs.
            check = partial(resolve, table, prompt, declared=declared, language=language, fields=fields)
            contained("finding what is declared", check, unresolved)
        if agreement is None:
            ask = partial(read_query, prompt, table.end, language)
            query = contained("reading the question", ask, lambda _: _no_query(prompt, language))
            agreement = Agreement(table, query, sources, origins=placed, fields=fields)
        addressed = any(item.attribute is not None for item in table.items)
        return BoundPrompt(
            index=index,
            pad=pad,
            ids=tuple(ids),
            prompt=prompt,
            table=table,
            trie=trie,
            declared=declared,
            starts=frozenset() if trie is None else trie.first_tokens,
            agreement=agreement,
            addressed=addressed,
            echoed=_echoed(table, agreement.query) if addressed else frozenset(),
            sources=Sources(agreement.query, sources, placed),
            fields=fields,
            unread=UnreadStatements(table, agreement.query),
            opens_turn=opens_turn(tokenizer, prompt.text),
            names=BegunNames(table),
        )


def bindings_of(
    tokenizer: PreTrainedTokenizerBase,
    prompt: PromptText,
    language: Language | None = None,
    *,
    sources: Sequence[str] = (),
    fields: Mapping[str, str] = NO_FIELDS,
) -> list[Binding]:
    """Return what a guard binds in a prompt of which nothing is declared.

    Args:
        tokenizer: The model's tokenizer; a value that it cannot write is left out, with its key.
        prompt: The prompt.
        language: What it is written in; None to tell it from the prompt.
        sources: Who is believed before whom.
        fields: What the answer calls things, and what the prompt calls them.
    """
    return _read(tokenizer, prompt, language or _language_of(prompt), sources, (), fields)[0].bindings


def _language_of(prompt: PromptText) -> Language:
    return language_of_prompt(prompt, map(LANGUAGES.get, LANGUAGES))


def _read(
    tokenizer: PreTrainedTokenizerBase,
    prompt: PromptText,
    language: Language,
    sources: Sequence[str],
    origins: Sequence[PlacedOrigin],
    fields: Mapping[str, str],
) -> tuple[StatedBindings, Trie | None]:
    stated = read_stated(prompt, language, sources=sources, origins=origins, fields=fields)
    try:
        return stated, _trie(tokenizer, stated.table)
    except CandidateError:
        found = writable(tokenizer, stated.bindings)
        table = locate(found, prompt, language=language)
        query = read_query(prompt, table.end, language)
        agreement = Agreement(table, query, sources, origins=origins, fields=fields)
        return StatedBindings(found, table, agreement), _trie(tokenizer, table)


def _nothing(prompt: PromptText, language: Language) -> StatedBindings:
    table = locate([], prompt, language=language)
    return StatedBindings([], table, Agreement(table, _no_query(prompt, language)))


def _no_query(prompt: PromptText, language: Language) -> Query:
    end = len(prompt.text)
    return Query("", "", (), None, prompt.text, (end, end), language)


def _trie(tokenizer: PreTrainedTokenizerBase, table: EvidenceTable) -> Trie | None:
    known = [(item.value, item.aliases) for item in table.items if item.value is not None]
    return Trie.build(tokenizer, known) if known else None


def _first(text: str) -> str:
    """Return the first character of a value, what opens it left out; empty if there is none."""
    return text.lstrip(_OPENING)[:1]


def _echoed(table: EvidenceTable, query: Query) -> frozenset[int]:
    """Return the bindings whose values the query says, other than where it states one itself."""
    stated = [mention.chars for item in table.items for mention in item.mentions]
    surfaces = [surface for item in table.items for surface in item.surfaces]
    said = set()
    for (start, _), surface in occurrences(query.text, surfaces, any_case=True):
        place = query.span[0] + start
        if not any(first <= place < last for first, last in stated):
            said.add(surface)
    return frozenset(item.index for item in table.items if not said.isdisjoint(item.surfaces))
