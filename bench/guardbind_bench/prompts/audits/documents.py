"""Makes documents about mountain huts, horses, mills and more, in five languages, with claims and a question.

A document heads, states the facts of three to five owners in one of five forms, says something else in between, and
replaces one value by another. Nothing of it is taken from the guard's rules or from other prompts of the bench.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from random import Random

from guardbind.errors import ConfigError
from guardbind_bench.prompts.audits.claims import WRONG_KINDS, StatedDocument, claim_of, claim_text
from guardbind_bench.prompts.audits.item import AuditItem, AuditQuestion, KnownClaim, SpanText
from guardbind_bench.prompts.audits.layouts import DOCUMENT_FORMS, DocumentFact, FactSheet, written
from guardbind_bench.prompts.audits.values import FieldDraws, stands_in
from guardbind_bench.prompts.audits.worlds import AUDIT_LANGUAGES, World, world_of
from guardbind_bench.prompts.trial import draw_seed

__all__ = ["Documents"]

_ATTEMPTS = 60
_OPTIONS = 4


class Documents:
    """The audit task `documents`; see `AuditTaskBuilder`.

    Args:
        k: Words that state nothing between the facts and the end, at least.
        seed: Base seed.
        file: Nothing is read.
        languages: Codes; the items go round them.

    Raises:
        ConfigError: `k` is negative, a file is given, or there is no such language.
    """

    name = "documents"
    version = 1

    def __init__(self, *, k: int = 0, seed: int = 0, file: str | None = None, languages: Sequence[str] = ()) -> None:
        if k < 0:
            raise ConfigError(f"k is {k}; 0 or more are accepted.")
        if file is not None:
            raise ConfigError(f"the task {self.name} reads no file; {file!r} was given.")
        if unknown := sorted(set(languages) - set(AUDIT_LANGUAGES)):
            raise ConfigError(f"there are no documents in {unknown}; {', '.join(AUDIT_LANGUAGES)} are accepted.")
        self._k, self._seed, self._languages = k, seed, tuple(languages) or AUDIT_LANGUAGES

    def item(self, index: int) -> AuditItem:
        """Build one item: a document with a right and a wrong claim, and a question."""
        language = self._languages[index % len(self._languages)]
        world = world_of(language)
        for attempt in range(_ATTEMPTS):
            rng = Random(draw_seed(self.name, self._seed, index, language, attempt))
            try:
                item = self._drawn(index, language, world, rng)
            except LookupError:
                continue
            if item is not None:
                return item
        raise ConfigError(f"no document could be drawn for item {index}.", hint="Use another seed.")

    def _drawn(self, index: int, language: str, world: World, rng: Random) -> AuditItem | None:
        domain = rng.choice(world.domains)
        owners = rng.sample(domain.owners, rng.randint(3, 5))
        fields = rng.sample(domain.fields, rng.randint(3, 4))
        draws = FieldDraws(rng, world, language)
        grid = [(owner, field) for owner in owners for field in fields]
        untold, revised = rng.sample(grid, 2)
        facts = [
            DocumentFact(owner, field, draws.draw(field.kind)) for owner, field in grid if (owner, field) != untold
        ]
        old = next(fact for fact in facts if (fact.owner, fact.field) == revised)
        new = DocumentFact(old.owner, old.field, draws.draw(old.field.kind))
        spare = {field.label: draws.draw(field.kind) for field in fields}
        sheet = FactSheet(world, domain, owners, fields, facts)
        form = rng.choice(tuple(DOCUMENT_FORMS))
        told = written(sheet, form, rng)
        sentence = rng.choice(new.field.revised).format(owner=new.owner, value=new.value.text)
        parts = [
            (rng.choice(domain.titles), ()),
            *told,
            (self._asides(sheet, rng), ()),
            (sentence[:1].upper() + sentence[1:], (new,)),
            (rng.choice(domain.asides), ()),
        ]
        spans = [SpanText(f"S{number}", text) for number, (text, _) in enumerate(parts, start=1)]
        states = {span.id: stated for span, (_, stated) in zip(spans, parts, strict=True) if stated}
        held = [fact for fact in facts if fact is not old] + [new]
        document = StatedDocument(spans, states, held, old, new, untold, spare)
        text = "\n\n".join(span.text for span in spans)
        if any(stands_in(form_, text) for value in spare.values() for form_ in value.forms):
            return None
        if any(sum(stands_in(form_, span.text) for span in spans) > 1 for fact in facts for form_ in fact.value.forms):
            return None
        claims = self._claims(index, document, rng)
        question = _question(document, rng)
        return AuditItem(index, tuple(spans), claims, question, language, form, domain.name)

    def _asides(self, sheet: FactSheet, rng: Random) -> str:
        own = list(sheet.domain.asides)
        rng.shuffle(own)
        found: list[str] = []
        stream = cycle(own)
        while not found or _words(found, sheet.world.spaced) < self._k:
            found.append(next(stream))
        return sheet.joined(found)

    def _claims(self, index: int, document: StatedDocument, rng: Random) -> tuple[KnownClaim, ...]:
        first, second = rng.sample(list(document.facts), 2)
        # Sixty items hold every kind in every language equally often.
        turn = index // len(self._languages)
        right = claim_of("respelled" if turn % 4 == 3 else "true", document, first, rng)
        wrong_kind = WRONG_KINDS[turn % len(WRONG_KINDS)]
        if wrong_kind == "swapped" and not _shared(document, second):
            second = rng.choice([fact for fact in document.facts if _shared(document, fact)])
        wrong = claim_of(wrong_kind, document, second, rng)
        return (right, wrong) if rng.random() < 0.5 else (wrong, right)


def _shared(document: StatedDocument, fact: DocumentFact) -> bool:
    return any(one.field == fact.field and one.owner != fact.owner for one in document.facts)


def _words(sentences: Sequence[str], spaced: bool) -> int:
    return sum(len(sentence.split()) if spaced else len(sentence) // 2 for sentence in sentences)


def _question(document: StatedDocument, rng: Random) -> AuditQuestion:
    # The revised fact is asked as often as all others together, as only there an old value misleads.
    asked = document.new if rng.random() < 0.5 else rng.choice([f for f in document.facts if f is not document.new])
    owner, field = asked.owner, asked.field
    others = [f.value.text for f in document.facts if f.field == field and f.owner != owner]
    rng.shuffle(others)
    if asked is document.new:
        others.insert(0, document.old.value.text)
    wrong = [*others, document.spare[field.label].text][: _OPTIONS - 1]
    options = [asked.value.text, *wrong]
    rng.shuffle(options)
    return AuditQuestion(
        text=field.ask.format(owner=owner),
        options=tuple(options),
        gold=options.index(asked.value.text),
        claims=tuple(claim_text(field, owner, option) for option in options),
    )
