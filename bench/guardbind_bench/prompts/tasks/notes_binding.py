"""Makes `notes_binding`: four notes in plain English, filler, and a question with lettered options."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import ClassVar

from guardbind.errors import CandidateError
from guardbind_bench.prompts.fillers import Stock
from guardbind_bench.prompts.pool import aliases, encode
from guardbind_bench.prompts.tasks.prose import ProseTask, answers
from guardbind_bench.prompts.tasks.sketch import Segment, flat, locate
from guardbind_bench.prompts.trial import Trial

__all__ = ["ABSTAIN", "OBJECTS", "PERSONS", "PLACES", "NotesBinding", "Unanswerable"]

PERSONS = ("Mara", "Tomas", "Ines", "Viktor", "Leila", "Oskar", "Priya", "Hugo", "Nadia", "Emil", "Rosa", "Kenji")
PLACES = (
    "basement",
    "bathroom",
    "bedroom",
    "closet",
    "conservatory",
    "drawer",
    "entrance",
    "garage",
    "hallway",
    "library",
    "lobby",
    "locker",
    "pantry",
    "refrigerator",
    "storeroom",
    "van",
)
OBJECTS = ("spare key", "flashlight", "camera", "toolbox", "thermos", "scarf", "wallet", "passport")

ABSTAIN = "Z"
"""The letter of the option that says that the notes do not tell."""

_LETTERS = ("A", "B", "C", "D")
_TELL = "Reply with one letter.\n"
_ANSWER = "Answer:"


@dataclass(frozen=True, slots=True)
class _NotesItem:
    persons: list[str]
    thing: str
    places: list[str]
    asked: int
    letters: list[int]
    """Of each note, the place of its letter in `_LETTERS`."""


class NotesBinding(ProseTask):
    """`<person> left the <object> in the <place>.` four times, `k` tokens of filler, `where did <person> leave it?`.

    The options A to D are the four places in an order drawn for each trial, Z says that the notes do not tell. A value
    is the letter of the place in a note. Of four trials in a row each letter is right once. The competitor is the
    letter of the last other note. The paper's script, wording and filler were not published: those here are our own.

    By default any note is asked for; `asked="fixed"` always asks for the first. Arm `oracle` restates the note that is
    asked for right before the question, `raw_copy` all of them; the paper's checkpoint is not known either.
    """

    name = "notes_binding"
    lettered = True
    drawn_as = "notes_binding"
    arms: ClassVar[tuple[str, ...]] = ("baseline", "oracle", "raw_copy")
    _told: ClassVar[bool] = True

    def _prepare(self) -> None:
        super()._prepare()
        letters = (*_LETTERS, ABSTAIN)
        self.pool, self._gap = answers(self._tokenizer, letters, [_TELL + _ANSWER, _ANSWER])
        if len(self.pool) < len(letters):
            raise CandidateError(
                f"the letters {', '.join(letters)} are not one token each in this tokenizer, behind {_ANSWER!r}.",
                hint="Use another model.",
            )
        forbidden = frozenset().union(*(aliases(self._tokenizer, place) for place in PLACES))
        template = frozenset(encode(self._tokenizer, f"\nABCDZ) A B C D Z?.{_TELL}{_ANSWER}")) | self.pool.aliases
        self._stock = Stock(self._tokenizer, forbidden, template)

    def trial(self, index: int) -> Trial:
        """Build one trial; the index and the base seed determine it."""
        item = self._item(index)
        told = [i for i in range(4) if self._told or i != item.asked]
        values = [self.pool.values[item.letters[i]] for i in told]
        persons = [item.persons[i] for i in told]
        abstain = self.pool.values[-1]
        segments = [Segment(self._frame.start, "start"), self._text("Notes:\n")]
        for number, i in enumerate(told):
            segments += self._note(item, i, number)
        segments.append(Segment(self._block(self._stock, self._k, index), "filler"))
        segments += self._reminder(item)
        if self._told:
            asked = item.asked
            segments += self._question(item, None)
        else:
            asked = len(told)
            persons.append(item.persons[item.asked])
            values.append(abstain)
            segments += self._question(item, asked)
        bound, question = locate(segments, persons, values)
        return Trial(
            index=index,
            ids=flat(segments),
            bound=bound,
            asked=asked,
            question=question,
            competitor=self.pool.values[item.letters[max(i for i in range(4) if i != item.asked)]],
            candidates=self.pool.values,
            abstain=abstain,
        )

    def _item(self, index: int) -> _NotesItem:
        rng = self._rng(index)
        persons, thing, places = rng.sample(PERSONS, 4), rng.choice(OBJECTS), rng.sample(PLACES, 4)
        # Drawn in either case, so that what follows is the same.
        asked = rng.randrange(4)
        if self._form.asked == "fixed":
            asked = 0
        right = _balanced(self._rng(index // 4, "letters"))[index % 4]
        letters = rng.sample([i for i in range(4) if i != right], 3)
        letters.insert(asked, right)
        return _NotesItem(persons, thing, places, asked, letters)

    def _text(self, text: str) -> Segment:
        return Segment(self._frame.encode(text), "text")

    def _note(self, item: _NotesItem, i: int, bound: int) -> list[Segment]:
        return [
            Segment(self._frame.encode(f"{item.persons[i]} left the {item.thing} in the"), "statement", bound),
            Segment(self._frame.encode(f" {item.places[i]}"), "value", bound),
            Segment(self._frame.encode(".\n"), "statement", bound),
        ]

    def _reminder(self, item: _NotesItem) -> list[Segment]:
        restated = {"baseline": [], "oracle": [item.asked], "raw_copy": range(4)}[self._form.arm]
        lines = [
            f"\nReminder: {item.persons[i]} left the {item.thing} in the {item.places[i]}."
            for i in restated
            if self._told or i != item.asked
        ]
        return [Segment(self._frame.encode(line), "restatement") for line in lines]

    def _question(self, item: _NotesItem, abstain: int | None) -> list[Segment]:
        """Return the question; `abstain` is the binding that the option Z states, if it is one."""
        places = dict(zip(item.letters, item.places, strict=True))
        options = [f"{letter}) {places[i]}\n" for i, letter in enumerate(_LETTERS)]
        question = f"\nQuestion: where did {item.persons[item.asked]} leave the {item.thing}?\n"
        return [
            *(Segment(self._frame.encode(line), "question") for line in (question, *options)),
            Segment(self._frame.encode(ABSTAIN), "question" if abstain is None else "value", abstain),
            Segment(
                self._frame.encode(") cannot tell from the notes\n"),
                "question" if abstain is None else "statement",
                abstain,
            ),
            Segment(self._frame.ask(_TELL, _ANSWER + self._gap), "question"),
        ]


class Unanswerable(NotesBinding):
    """The twin of `notes_binding`: the same items without the note that is asked for; the right answer is Z.

    The binding that is asked for is the person and Z, stated by the option line.
    """

    name = "notes_binding_unanswerable"
    arms = ("baseline", "raw_copy")
    _told = False


def _balanced(rng: Random) -> list[int]:
    return rng.sample(range(4), 4)
