"""Keeps what one row of the batch has written so far, and the value that it is writing."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from transformers import PreTrainedTokenizerBase

from guardbind.errors import GuardbindError
from guardbind.model.branch import Branch
from guardbind.nulls.null import TokenRanges
from guardbind.session.bound_prompt import BoundPrompt
from guardbind.session.value import Phase, Value, ValueEvent, advance
from guardbind.targets import Resolution
from guardbind.text.decode import decode

__all__ = ["EndedValue", "Row"]

_LINE_TOKENS = 160
_JOINS = frozenset("-_/@.+#")


@dataclass(frozen=True, slots=True)
class EndedValue:
    """A value that is written, until what follows tells whether it ends there.

    Attributes:
        start: Index of its first token among the row's tokens.
        end: Index behind its last one.
        candidates: The candidates that it is; none where the model left it half written, or where it is not known.
        resolution: Where it should come from.
        repaired: It is what a policy chose.
        records: Places of its slots among those that were recorded.
        begun: What of it the prompt has written, before `start`.
        known: Its text is one that a binding has.
    """

    start: int
    end: int
    candidates: frozenset[int]
    resolution: Resolution
    repaired: bool
    records: tuple[int, ...]
    begun: str = ""
    known: bool = True

    @property
    def target(self) -> int | None:
        """Index of the binding that it was to be."""
        return self.resolution.index


@dataclass(slots=True)
class Row:
    """One row of the batch while it is written.

    A queue holds the tokens of a restatement, after which the value begins again, or of an abstention, after which the
    row ends; so while tokens are queued no value is written.

    Attributes:
        bound: Its prompt, which does not change.
        ids: Tokens so far, prompt and answer, without padding.
        queue: Tokens still to be forced.
        value: The value that is being written, or that a restatement leads up to; None between values.
        written: The value that was written last, until it is told whether it ends there.
        restated: Index of a binding to token ranges of the answer that hold its value.
        interventions: Interventions kept so far.
        judged: Values of the answer that were judged so far, with the one that is being written.
        passages: What its caller declared without its value, once it was looked for.
        stopped: A stopping criterion ended the row with its newest token.
        finished: The answer is complete; what follows is padding.
    """

    bound: BoundPrompt
    ids: list[int] = field(init=False)
    queue: deque[int] = field(default_factory=deque)
    value: Value | None = None
    written: EndedValue | None = None
    restated: dict[int, list[range]] = field(default_factory=dict)
    interventions: int = 0
    judged: int = 0
    passages: Sequence[str] | None = None
    stopped: bool = False
    finished: bool = False

    def __post_init__(self) -> None:
        self.ids = list(self.bound.ids)

    @property
    def index(self) -> int:
        """Place in the batch."""
        return self.bound.index

    @property
    def step(self) -> int:
        """Tokens generated so far."""
        return len(self.ids) - self.bound.prompt_length

    @property
    def phase(self) -> Phase:
        """Where the value stands; `CLOSED` between values."""
        return Phase.CLOSED if self.value is None else self.value.phase

    def advance(self, event: ValueEvent) -> None:
        """Lead the value through one transition; one that is closed by it is let go of.

        Raises:
            GuardbindError: The event cannot happen in the present phase.
        """
        if self.value is None:
            advance(Phase.CLOSED, event)
            return
        value, repaired = self.value, self.value.repaired
        value.on(event)
        if value.phase is not Phase.CLOSED:
            return
        self.value = None
        known = value.node is not None
        # One that is not known goes on until nothing rests on the evidence any more.
        if event is ValueEvent.END if known else value.records:
            self.written = EndedValue(
                value.start,
                value.start + (value.length if known else value.tokens),
                value.whole,
                value.resolution,
                repaired,
                tuple(value.records),
                value.begun,
                known,
            )

    @property
    def chosen(self) -> bool:
        """Whether an intervention was kept in the value that is being written."""
        return self.value is not None and self.value.chosen

    def begin(self, value: Value) -> Value:
        """Begin a value at a slot that was found."""
        advance(self.phase, ValueEvent.BEGIN)
        self.value = value
        return value

    def read(self, token: int, *, ends: bool) -> None:
        """Take note of a token that was written.

        Args:
            token: The token.
            ends: It is an end-of-sequence token.
        """
        self.ids.append(token)
        self.finished = self.stopped or ends
        value = self.value
        if value is None or value.phase is Phase.RESTATING:
            return
        whole = value.read(token)
        if whole is not None:
            for item in self.bound.owners(whole):
                self.restated.setdefault(item, []).append(range(value.start, len(self.ids)))
        over = whole is not None or (value.node is None and self.finished)
        self.advance(ValueEvent.END if over else ValueEvent.TOKEN)

    def resolve_again(self, resolution: Resolution) -> None:
        """Let the value come from elsewhere, now that more of the text before it is known."""
        self._led().resolution = resolution

    def write(self) -> None:
        """Go on with a token that a policy chose."""
        self._intervene(ValueEvent.WRITE)

    def follow(self, branch: Branch) -> None:
        """Go on with a token that a policy chose, and read the rest of the value in a branch.

        Args:
            branch: Where it is read. It ends with the value, so the value is one that is known.
        """
        first = not self.chosen
        self._led().follow(branch)
        self.interventions += first

    def restate(self, tokens: Sequence[int], stated: int) -> None:
        """Queue a restatement of the target's evidence, after which the value begins again.

        Args:
            tokens: The tokens of the restatement, with the line that stops before the value.
            stated: How many of them, from the first, state the evidence.
        """
        self._intervene(ValueEvent.RESTATE)
        target = self._led().resolution.index
        if target is not None:
            self.restated.setdefault(target, []).append(range(len(self.ids), len(self.ids) + stated))
        self.queue.extend(tokens)

    def reopen(self) -> None:
        """Begin the value again behind its restatement, which may hold tokens that were written of it."""
        value = self._led()
        value.reopen(len(self.ids) - value.tokens)

    def stop(self, tokens: Sequence[int]) -> None:
        """Queue tokens that end the row without the value."""
        self._intervene(ValueEvent.STOP)
        self.queue.extend(tokens)

    def abandon(self) -> None:
        """Give up a restatement, and the value that it leads up to."""
        self.queue.clear()
        self.advance(ValueEvent.ABANDON)

    def next_forced(self) -> int:
        """Take the next token off the queue, which is not empty."""
        return self.queue.popleft()

    def _intervene(self, event: ValueEvent) -> None:
        # All that is done in one value is one intervention.
        first = not self.chosen
        self.advance(event)
        self.interventions += first

    def _led(self) -> Value:
        """Return the value that is led on."""
        if self.value is None:
            raise GuardbindError(
                f"row {self.index} writes no value at step {self.step}; only one that is begun can be led on.",
                hint="This is a fault of guardbind: please report it, with the prompt if you may.",
            )
        return self.value

    def settled(self, chosen: int, last: int) -> int:
        """Return how many tokens of the answer stand before any value of which nothing was judged yet.

        Args:
            chosen: Tokens of the answer that were chosen.
            last: The newest of them; the row may not have read it yet.
        """
        value = self.value
        if self.finished or value is None or value.node is None or not value.undecided:
            return chosen
        if chosen > self.step and last not in value.node.children:
            return chosen
        return value.start - self.bound.prompt_length

    def breaks_off(self, unread: Sequence[int]) -> bool:
        """Whether the answer ends within a known value, or before one that a visible checkpoint leads up to.

        Args:
            unread: Tokens at the end of the answer that the row has not read.
        """
        value = self.value
        if value is None or value.phase is Phase.RESTATING:
            return value is not None
        node = value.node
        for token in unread:
            node = None if node is None else node.children.get(token)
        if node is None or (node.depth == 0 and not value.begun) or not node.children:
            return False
        target = self.bound.candidate(value.resolution.index)
        return not node.ends or (target is not None and target not in node.ends)

    def statements(self, item: int) -> TokenRanges:
        """Return the tokens that state a binding: in the prompt, and where the answer wrote it."""
        located = self.bound.table.items[item]
        return (*(m.tokens for m in located.mentions), *self.restated.get(item, ()))

    def values(self, item: int) -> TokenRanges:
        """Return the tokens of a binding's value, in the prompt and in the answer."""
        located = self.bound.table.items[item]
        return (*(m.value_tokens for m in located.mentions), *self.restated.get(item, ()))

    def answer(self, tokenizer: PreTrainedTokenizerBase) -> str:
        """Return the text generated so far."""
        return decode(tokenizer, self.ids[self.bound.prompt_length :])

    def line(self, tokenizer: PreTrainedTokenizerBase) -> str:
        """Return the last line so far, or its last part; it may have begun in the prompt."""
        first = max(self.bound.prompt_length, len(self.ids) - _LINE_TOKENS)
        prefix = self.bound.answer_prefix_line if first == self.bound.prompt_length else ""
        return (prefix + decode(tokenizer, self.ids[first:])).rpartition("\n")[2]

    def start_of(self, tokenizer: PreTrainedTokenizerBase, characters: int) -> int:
        """Return the index of the token in which the last characters of the text begin; some hundred back at most."""
        first = max(0, len(self.ids) - _LINE_TOKENS)
        for at in range(len(self.ids) - 1, first, -1):
            if len(decode(tokenizer, self.ids[at:])) >= characters:
                return at
        return first

    def continued(self, tokenizer: PreTrainedTokenizerBase) -> str:
        """Return the text generated so far, behind what the last turn of the prompt begins if it stops mid-line."""
        return self.bound.answer_prefix + self.answer(tokenizer)

    def inside_word(self, tokenizer: PreTrainedTokenizerBase, token: int) -> bool:
        """Whether a next token goes on with the word, number or hyphenated name that the row ends in."""
        before = decode(tokenizer, self.ids[-3:])
        after = decode(tokenizer, [token])
        if not after[:1].isalnum():
            return False
        return before[-1:].isalnum() or (before[-1:] in _JOINS and before[-2:-1].isalnum())
