"""The state of one row of the batch during one generation."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from transformers import PreTrainedTokenizerBase

from guardbind.candidates.trie import Node, Trie
from guardbind.errors import CandidateError
from guardbind.evidence import Binding, Evidence, EvidenceTable, Target, locate
from guardbind.model.branch import Branch
from guardbind.nulls.null import TokenRanges
from guardbind.slots.detector import Detected
from guardbind.targets import Agreement, Place, Query, read_query
from guardbind.targets.by_key import Resolution, resolve
from guardbind.targets.stated import read_bindings, writable
from guardbind.text.decoded import PromptText
from guardbind.text.english import ENGLISH
from guardbind.text.language import Language
from guardbind.text.layout import occurrences

__all__ = ["Row", "Value", "bind_row"]

_LINE_TOKENS = 160
_LONGEST_BEGUN = 4000  # characters of the prompt that an answer goes on with
_OPENING = " \t\n\"'`*_([\u201c\u2018"
_JOINS = frozenset("-_/@.+#")
_MONEY = frozenset("$\u20ac\u00a3\u00a5")


@dataclass(slots=True)
class Value:
    """A value that is being written.

    Attributes:
        detected: What opened the slot, and what stands before it.
        resolution: Where it should come from.
        node: Where it stands in the trie; None when the value is not known.
        start: Index of its first token among the row's tokens.
        tokens: How many of its tokens are written.
        decided: Whether a token that tells candidates apart was met; until then nothing was judged.
        branch: Where its continuation is read, after a hidden checkpoint.
        intervened: Whether an intervention was kept in it.
        ended: Candidates that would have been whole on the way here: `$5` on the way to `$5.00`.
    """

    detected: Detected
    resolution: Resolution
    node: Node | None
    start: int
    tokens: int = 0
    decided: bool = False
    branch: Branch | None = None
    intervened: bool = False
    ended: frozenset[int] = frozenset()

    @property
    def may_be_over(self) -> bool:
        """Whether a candidate that is still meant was whole before; what follows then need not go on with it."""
        return self.node is not None and bool(self.ended & self.node.values)


@dataclass(slots=True)
class Row:
    """One row: its prompt, its evidence, and what has been written.

    Attributes:
        index: Place in the batch.
        pad: Columns of left padding.
        ids: Tokens so far, prompt and answer, without padding.
        prompt_length: Tokens of the prompt, without padding.
        prompt: The prompt as text.
        table: Its bindings and where they stand.
        trie: Its candidates; None when no value is known.
        declared: The target that the caller declared.
        starts: Tokens that start a candidate.
        agreement: Finds a target by attribute and owner.
        addressed: The bindings say what is asked of whom, so that targets are found that way.
        echoed: Bindings whose values the query says itself.
        opens_turn: The prompt ends where the chat template lets an answer begin.
        queue: Tokens still to be forced.
        reopens: The value whose slot opens again when the queue is empty (a visible checkpoint was written).
        value: The value that is being written.
        restated: Index of a binding to token ranges of the answer that hold its value.
        interventions: Interventions kept so far.
        stopped: A stopping criterion ended the row with its newest token.
        finished: The answer is complete; what follows is padding.
    """

    index: int
    pad: int
    ids: list[int]
    prompt_length: int
    prompt: PromptText
    table: EvidenceTable
    trie: Trie | None
    declared: str | Target | None
    starts: frozenset[int]
    agreement: Agreement
    addressed: bool
    echoed: frozenset[int]
    opens_turn: bool = False
    queue: deque[int] = field(default_factory=deque)
    reopens: Value | None = None
    value: Value | None = None
    restated: dict[int, list[range]] = field(default_factory=dict)
    interventions: int = 0
    stopped: bool = False
    finished: bool = False

    def copy(self, index: int) -> Row:
        """Return a row that begins as this one does, at another place of the batch."""
        return replace(self, index=index, ids=list(self.ids), queue=deque(self.queue), restated=dict(self.restated))

    @property
    def step(self) -> int:
        """Tokens generated so far."""
        return len(self.ids) - self.prompt_length

    @property
    def stops_mid_line(self) -> bool:
        """Whether the prompt ends in the middle of a line, as `KEY1=[` does and a chat header does not."""
        text = self.prompt.text
        ends_special = bool(self.prompt.specials) and self.prompt.specials[-1][1] == len(text)
        return bool(text) and not text[-1].isspace() and not ends_special and not self.opens_turn

    @property
    def binds(self) -> bool:
        """Whether anything is declared or was found for the row."""
        return bool(self.table.items)

    def answer(self, tokenizer: PreTrainedTokenizerBase) -> str:
        """Return the text generated so far."""
        return str(tokenizer.decode(self.ids[self.prompt_length :], clean_up_tokenization_spaces=False))

    def line(self, tokenizer: PreTrainedTokenizerBase) -> str:
        """Return the last line so far, or its last part; it may have begun in the prompt."""
        first = max(self.prompt_length, len(self.ids) - _LINE_TOKENS)
        written = str(tokenizer.decode(self.ids[first:], clean_up_tokenization_spaces=False))
        if self.stops_mid_line and first == self.prompt_length:
            written = self.prompt.text.rpartition("\n")[2] + written
        return written.rpartition("\n")[2]

    def continued(self, tokenizer: PreTrainedTokenizerBase) -> str:
        """Return the text generated so far, behind what the last turn of the prompt begins if it stops mid-line."""
        answer = self.answer(tokenizer)
        if not self.stops_mid_line:
            return answer
        begun = self.prompt.specials[-1][1] if self.prompt.specials else 0
        return self.prompt.text[max(begun, len(self.prompt.text) - _LONGEST_BEGUN) :] + answer

    @staticmethod
    def text_of(tokenizer: PreTrainedTokenizerBase, token: int) -> str:
        """Return one token as text."""
        return str(tokenizer.decode([token], clean_up_tokenization_spaces=False))

    def inside_word(self, tokenizer: PreTrainedTokenizerBase, token: int) -> bool:
        """Whether a next token goes on with the word, number or hyphenated name that the row ends in."""
        before = str(tokenizer.decode(self.ids[-3:], clean_up_tokenization_spaces=False))
        after = self.text_of(tokenizer, token)
        if not after[:1].isalnum():
            return False
        return before[-1:].isalnum() or (before[-1:] in _JOINS and before[-2:-1].isalnum())

    def names_key(self, text: str) -> bool:
        """Whether a text names something that is bound and does not give its value yet."""
        return self.agreement.names(text)

    def value_like(self, text: str, target: int | None) -> bool:
        """Whether a text begins as the target's value may, or any value if there is no target."""
        begun = _first(text)
        items = self.table.items if target is None else [self.table.items[target]]
        firsts = {_first(surface) for item in items for surface in item.surfaces}
        if begun.isdecimal() or begun in _MONEY:
            return any(first.isdecimal() or first in _MONEY for first in firsts)
        return begun.isupper() and any(first.isupper() for first in firsts)

    def settled(self, chosen: int, last: int) -> int:
        """Return how many tokens of the answer stand before any value of which nothing was judged yet.

        Args:
            chosen: Tokens of the answer that were chosen.
            last: The newest of them; the row may not have read it yet.
        """
        value = self.value
        if self.finished or value is None or value.node is None or value.decided:
            return chosen
        if chosen > self.step and last not in value.node.children:
            return chosen
        return value.start - self.prompt_length

    def statements(self, item: int) -> TokenRanges:
        """Return the tokens that state a binding: in the prompt, and where the answer wrote it."""
        located = self.table.items[item]
        return (*(m.tokens for m in located.mentions), *self.restated.get(item, ()))

    def values(self, item: int) -> TokenRanges:
        """Return the tokens of a binding's value, in the prompt and in the answer."""
        located = self.table.items[item]
        return (*(m.value_tokens for m in located.mentions), *self.restated.get(item, ()))

    def candidate(self, item: int) -> int | None:
        """Return the candidate that a binding's value is, or None when its value is not known."""
        value = self.table.items[item].value
        return None if value is None or self.trie is None else self.trie.index_of(value)

    def owners(self, candidates: Sequence[int]) -> list[int]:
        """Return the bindings whose values are among some candidates."""
        wanted = set(candidates)
        return [item.index for item in self.table.items if self.candidate(item.index) in wanted]

    def on_target(self, value: Value) -> list[int]:
        """Return the tokens with which a value goes on to be the target's; none where it may end as the target's."""
        target = None if value.resolution.index is None else self.candidate(value.resolution.index)
        if value.node is None or target is None or target in value.node.ends:
            return []
        return [token for token, child in value.node.children.items() if target in child.values]

    def beginning(self, node: Node | None, token: int) -> list[int]:
        """Return the bindings whose values go on with a token at a node of the trie, by default at its root."""
        node = node or (None if self.trie is None else self.trie.root)
        if node is None:
            return []
        child = node.children.get(token)
        return self.owners(tuple(node.ends if child is None else child.values))

    @property
    def language(self) -> Language:
        """What the prompt is written in."""
        return self.agreement.query.language

    def expects(self, target: int, items: Sequence[int]) -> bool:
        """Whether some bindings have values of the kind that is asked for, so that one of them is no coincidence."""
        return self.addressed and self.agreement.same_kind(target, items)

    def echoes(self, items: Sequence[int]) -> bool:
        """Whether the query itself says the values of all of some bindings."""
        return bool(items) and self.echoed.issuperset(items)

    def resolve(
        self, kind: str, place: Place, answer: Callable[[], str], beginning: Collection[int] = ()
    ) -> Resolution:
        """Return where the slot should take its value from.

        In running text the sentence that the slot stands in says more than the declared target, which is meant for the
        answer as a whole.

        Args:
            kind: What opened the slot; `running` for what was written of the answer.
            place: What stands before it.
            answer: Returns the text generated so far.
            beginning: Bindings whose values the model is about to begin.
        """
        automatic = kind == "automatic"
        running = (automatic or kind == "running") and self.step > 0
        if self.addressed:
            found = self.agreement.resolve(place, beginning=beginning, automatic=automatic)
            if self.declared is None or (running and found.how == "sentence"):
                return found
        elif running:
            by_text = resolve(self.table, self.prompt, declared=None, generated=answer(), language=self.language)
            if by_text.how == "slot_prefix" or self.declared is None:
                return by_text
        return resolve(self.table, self.prompt, declared=self.declared, generated=answer(), language=self.language)


def bind_row(
    tokenizer: PreTrainedTokenizerBase,
    *,
    index: int,
    pad: int,
    ids: Sequence[int],
    items: Sequence[Binding | Evidence] | None,
    declared: str | Target | None,
    source: str | None,
    language: Language = ENGLISH,
) -> Row:
    """Locate the evidence of one row, reading it from the prompt if none is declared, and build its candidates.

    Raises:
        BindingError: An item cannot be used or its span lies outside the prompt.
        CandidateError: A declared value tokenises to nothing, or as another one does.
        TargetError: The declared target names no item.
    """
    prompt = PromptText.from_ids(tokenizer, ids)
    if items is None:
        table, trie = _read(tokenizer, prompt, language)
    else:
        table = locate(items, prompt, source=source, language=language)
        trie = _trie(tokenizer, table)
    resolve(table, prompt, declared=declared, language=language)
    query = read_query(prompt, table.end, language)
    addressed = any(item.attribute is not None for item in table.items)
    return Row(
        index=index,
        pad=pad,
        ids=list(ids),
        prompt_length=len(ids),
        prompt=prompt,
        table=table,
        trie=trie,
        declared=declared,
        starts=frozenset() if trie is None else trie.first_tokens,
        agreement=Agreement(table, query),
        addressed=addressed,
        echoed=_echoed(table, query) if addressed else frozenset(),
        opens_turn=_opens_turn(tokenizer, prompt.text),
    )


def _read(
    tokenizer: PreTrainedTokenizerBase, prompt: PromptText, language: Language
) -> tuple[EvidenceTable, Trie | None]:
    """Return what a prompt binds; what its tokenizer cannot write is left out."""
    found = read_bindings(prompt, language)
    table = locate(found, prompt, language=language)
    try:
        return table, _trie(tokenizer, table)
    except CandidateError:
        table = locate(writable(tokenizer, found), prompt, language=language)
        return table, _trie(tokenizer, table)


def _trie(tokenizer: PreTrainedTokenizerBase, table: EvidenceTable) -> Trie | None:
    known = [(item.value, item.aliases) for item in table.items if item.value is not None]
    return Trie.build(tokenizer, known) if known else None


def _opens_turn(tokenizer: PreTrainedTokenizerBase, text: str) -> bool:
    """Whether a prompt ends as the chat template ends one; templates may mark turns by words, as `[/INST]`."""
    if not getattr(tokenizer, "chat_template", None):
        return False
    said = "question"
    try:
        chat = tokenizer.apply_chat_template(
            [{"role": "user", "content": said}], tokenize=False, add_generation_prompt=True
        )
    except Exception:  # a template may raise anything, and may need more than a question
        return False
    head = str(chat).rpartition(said)[2].strip()
    return bool(head) and text.endswith(head)


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
