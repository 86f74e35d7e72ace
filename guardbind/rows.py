"""The state of one row of the batch during one generation."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from transformers import PreTrainedTokenizerBase

from guardbind.branch import Branch
from guardbind.candidates import Node, Trie
from guardbind.evidence import Binding, Evidence, EvidenceTable, PromptText, Resolution, Target, locate, resolve
from guardbind.nulls.types import Span

__all__ = ["Row", "Value", "bind_row"]


@dataclass(slots=True)
class Value:
    """A value that is being written.

    Attributes:
        kind: What opened the slot.
        resolution: Where it should come from.
        node: Where it stands in the trie; None when the value is not known.
        start: Index of its first token among the row's tokens.
        tokens: How many of its tokens are written.
        decided: Whether a token that tells candidates apart was met; until then nothing was judged.
        branch: Where its continuation is read, after a hidden checkpoint.
        intervened: Whether an intervention was kept in it.
    """

    kind: str
    resolution: Resolution
    node: Node | None
    start: int
    tokens: int = 0
    decided: bool = False
    branch: Branch | None = None
    intervened: bool = False


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
        queue: Tokens still to be forced.
        reopens: The value whose slot opens again when the queue is empty (a visible checkpoint was written).
        value: The value that is being written.
        restated: Index of a binding to token ranges of the answer that hold its value.
        interventions: Interventions kept so far.
        finished: The answer holds an end-of-sequence token.
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
    queue: deque[int] = field(default_factory=deque)
    reopens: Value | None = None
    value: Value | None = None
    restated: dict[int, list[range]] = field(default_factory=dict)
    interventions: int = 0
    finished: bool = False

    @property
    def step(self) -> int:
        """Tokens generated so far."""
        return len(self.ids) - self.prompt_length

    @property
    def stops_mid_line(self) -> bool:
        """Whether the prompt ends in the middle of a line, as `KEY1=[` does and a chat header does not."""
        text = self.prompt.text
        ends_special = bool(self.prompt.specials) and self.prompt.specials[-1][1] == len(text)
        return bool(text) and not text[-1].isspace() and not ends_special

    def answer(self, tokenizer: PreTrainedTokenizerBase) -> str:
        """Return the text generated so far."""
        return str(tokenizer.decode(self.ids[self.prompt_length :], clean_up_tokenization_spaces=False))

    def inside_word(self, tokenizer: PreTrainedTokenizerBase, token: int) -> bool:
        """Whether a next token goes on with the word or number that the row ends in."""
        before, after = (str(tokenizer.decode([i], clean_up_tokenization_spaces=False)) for i in (self.ids[-1], token))
        return before[-1:].isalnum() and after[:1].isalnum()

    def statements(self, item: int) -> Span:
        """Return the tokens that state a binding: in the prompt, and where the answer wrote it."""
        located = self.table.items[item]
        return (*(m.tokens for m in located.mentions), *self.restated.get(item, ()))

    def values(self, item: int) -> Span:
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

    def resolve(self, kind: str, answer: str) -> Resolution:
        """Return where the slot should take its value from.

        In running text the sentence that the slot stands in says more than the declared target, which is meant for the
        answer as a whole.
        """
        if kind == "automatic" and self.step > 0:
            by_text = resolve(self.table, self.prompt, declared=None, generated=answer)
            if by_text.how == "slot_prefix":
                return by_text
        return resolve(self.table, self.prompt, declared=self.declared, generated=answer)


def bind_row(
    tokenizer: PreTrainedTokenizerBase,
    *,
    index: int,
    pad: int,
    ids: Sequence[int],
    items: Sequence[Binding | Evidence],
    declared: str | Target | None,
    source: str | None,
) -> Row:
    """Locate the evidence of one row and build its candidates.

    Raises:
        BindingError: An item cannot be used or its span lies outside the prompt.
        CandidateError: A value tokenises to nothing.
        TargetError: The declared target names no item.
    """
    prompt = PromptText.from_ids(tokenizer, ids)
    table = locate(items, prompt, source=source)
    known = [(item.value, item.aliases) for item in table.items if item.value is not None]
    trie = Trie.build(tokenizer, known) if known else None
    resolve(table, prompt, declared=declared)
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
    )
