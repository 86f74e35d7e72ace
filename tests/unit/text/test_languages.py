"""What languages are made of, and that nothing else in the core holds words of one."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

import guardbind
from guardbind.errors import ConfigError, UnknownNameError
from guardbind.extraction import extract
from guardbind.registry import LANGUAGES
from guardbind.text.chinese import CHINESE
from guardbind.text.english import ENGLISH
from guardbind.text.french import FRENCH
from guardbind.text.german import GERMAN
from guardbind.text.language import Language, either, wordlist
from guardbind.text.spanish import SPANISH
from guardbind.text.stems import plural_s
from guardbind.text.words import content, is_telling, words

EVERY = [CHINESE, ENGLISH, FRENCH, GERMAN, SPANISH]


def parts(language: Language) -> dict[str, object]:
    """Return the fields of a language and of its groups."""
    found: dict[str, object] = {}
    groups = (language.vocabulary, language.marks, language.questions, language.statements)
    for group in (language, *groups, language.speech, language.changes, language.telling, language.citing):
        found |= {f"{type(group).__name__}.{field.name}": getattr(group, field.name) for field in fields(group)}
    return found


class TestEveryLanguage:
    def test_is_registered(self) -> None:
        assert [LANGUAGES.get(language.name) for language in EVERY] == EVERY
        assert all(LANGUAGES.get(name).name == name for name in LANGUAGES)

    @pytest.mark.parametrize("language", EVERY, ids=lambda language: language.name)
    def test_defines_every_field(self, language: Language) -> None:
        may_be_empty = {"Marks.ordinal_before", "Marks.genitives", "Marks.elided", "Marks.of_joins"}
        may_be_empty |= {"Marks.legal_forms", "Statements.clause_names", "Statements.counters", "Vocabulary.leading"}
        may_be_empty |= {"Vocabulary.dating"}  # "date d'échéance" has the word before it, "Fälligkeitsdatum" in it
        for name, value in parts(language).items():
            empty = value in ("", (), frozenset(), {})
            optional = name.startswith(("Speech.", "Changes.", "Telling.", "Citing.")) or name == "Questions.carriers"
            assert not empty or optional or name in may_be_empty, name

    @pytest.mark.parametrize("language", EVERY, ids=lambda language: language.name)
    def test_words_are_written_as_they_are_looked_up(self, language: Language) -> None:
        for name, value in parts(language).items():
            if isinstance(value, frozenset) and name != "Statements.clause_names":
                assert all(word == word.lower() and word == word.strip() for word in value), name

    @pytest.mark.parametrize("language", EVERY, ids=lambda language: language.name)
    def test_no_word_stands_in_two_lists_that_contradict_each_other(self, language: Language) -> None:
        said = language.statements
        assert not language.first & language.latest
        assert not language.generic & language.stop
        assert not said.mine & said.others
        assert not said.of & said.range
        assert not said.doubts & said.determiners
        assert not said.states & said.not_names
        assert not set(language.marks.abbreviations) & set(language.marks.closing)
        assert not set(language.marks.counted) & {*language.marks.abbreviations, *language.marks.closing}
        assert language.vocabulary.trailing <= language.vocabulary.generic
        # What orders values, or asks for a kind of one, has to be seen.
        assert not (language.first | language.latest) - language.stems(wordlist("now jetzt nun")) & language.stop

    @pytest.mark.parametrize("language", EVERY, ids=lambda language: language.name)
    def test_patterns_have_the_groups_that_are_read(self, language: Language) -> None:
        asked, said = language.questions, language.statements
        assert {"first", "unwanted"} <= asked.order.groupindex.keys()
        assert "form" in asked.form.groupindex
        assert "head" in asked.head.groupindex
        assert "noun" in asked.related.groupindex.keys() & asked.owned.groupindex.keys()
        assert {"verb", "owner", "attribute"} <= said.belongs.groupindex.keys()
        assert {"owner", "attribute", "noun", "of"} <= said.owned.groupindex.keys()
        assert {"has", "from"} <= re.compile(said.verbs).groupindex.keys()
        assert "owner" in said.owner.groupindex.keys() & said.whose.groupindex.keys()
        assert said.possession.format(owner="A", attribute="b") != said.possession

    def test_an_unknown_one_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="german"):
            guardbind.GuardConfig(language="germann")
        with pytest.raises(UnknownNameError, match="german"):
            extract("a: 1", language="germann")


class TestWords:
    def test_english(self) -> None:
        found = words("What are Bob's orderIds and the e-mail of order_17?")
        assert [word.stem for word in content(found)] == ["bob", "order", "ids", "email", "order", "17"]
        assert [word.owning for word in found if word.stem == "bob"] == [True]
        assert not is_telling("is it the?")
        assert is_telling("the badge")

    def test_german_inflections_share_a_stem(self) -> None:
        assert GERMAN.stem("Kundennummern") == GERMAN.stem("Kundennummer")
        assert GERMAN.stem("Betr\u00e4ge") == GERMAN.stem("Betrag")
        assert [word.stem for word in content(words("Wie lautet die E-Mail von Anna?", GERMAN))] == ["email", "anna"]

    @pytest.mark.parametrize(
        ("word", "stem"), [("badges", "badge"), ("bus", "bus"), ("address", "address"), ("gas", "gas"), ("ids", "ids")]
    )
    def test_the_plural_s(self, word: str, stem: str) -> None:
        assert plural_s(word) == stem

    def test_phrases_stand_alone(self) -> None:
        pattern = either("how many", "add(?:s|ed)?")
        assert pattern.search("How\nmany are added")
        assert not pattern.search("additional; somehow manyfold")


# Words that are no language's: formats of data and of programs, and what a chat template calls the parties.
FORMATS = wordlist(
    "true false null none yes no on off nan inf key value id url email number money date text version data row span",
    "json yaml csv markdown python html head body table name type kind user assistant system tool model human ai",
    "developer function environment ipython role content arguments object list string integer",
    "article code dt form hr link section small var label time log output te",
)
_WORD = re.compile(r"(?<![\\\w<])[a-z]+(?!\w)")


def words_of(language: Language) -> frozenset[str]:
    """Return all plain words that the lists of a language hold, but for those that are also names of formats."""
    found: set[str] = set()
    # Things that hold texts, and what is said of codes, are names of formats and elements as well.
    technical = language.vocabulary.places | language.vocabulary.coded | language.vocabulary.plain
    for value in parts(language).values():
        if isinstance(value, (frozenset, tuple, dict)):
            found.update(word for word in value if isinstance(word, str))
        elif isinstance(value, (re.Pattern, str)):
            found.update(_WORD.findall(value if isinstance(value, str) else value.pattern))
    return frozenset(word for word in found if len(word) > 1) - FORMATS - (technical - language.vocabulary.stop)


def strings(node: ast.AST) -> list[str]:
    """Return the strings in an expression, those that name the members of a type left out."""
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal":
        return []
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    return [text for child in ast.iter_child_nodes(node) for text in strings(child)]


def lists_of_words(tree: ast.Module, known: frozenset[str]) -> list[str]:
    """Return the collections of three words of a language or more, and the patterns of two or more."""
    found: list[str] = []
    skipped = {
        id(child)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Assign) and ast.unparse(node).startswith("__all__"))
        or (isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal")
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, (ast.Set, ast.Tuple, ast.List, ast.Dict)) and id(node) not in skipped:
            held = {text for text in strings(node) if text.lower() in known}
            if len(held) >= 3:
                found.append(f"line {node.lineno}: {sorted(held)}")
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            said = {word for text in strings(node) for word in _WORD.findall(text)} & known
            if (called.startswith("re.") and len(said) >= 2) or (called.endswith("split") and len(said) >= 3):
                found.append(f"line {node.lineno}: {sorted(said)}")
    return found


PARTS = ("", "_speech", "_asking", "_disowning", "_unsettling", "_items")
LANGUAGE_FILES = {f"text/{language.name}{part}.py" for language in EVERY for part in PARTS}
# Names of what a log is grouped by, which are everyday words and no language's.
NAMES_OF_GROUPS = {"logs/shown.py", "logs/summary.py"}
# The keys of a trace in JSON, which are names of fields and no language's.
KEYS_OF_TRACES = {"auditing/reading.py"}
# Dates are told by their form, whatever the text is written in.
WORDS_OF_DATES = {"text/date_words.py"}
ROOMS = sorted({path.name for path in Path(guardbind.__path__[0]).iterdir() if (path / "__init__.py").exists()})


@pytest.mark.parametrize("room", ROOMS)
def test_no_other_file_holds_words_of_a_language(room: str) -> None:
    known = words_of(ENGLISH) | words_of(GERMAN)
    assert {"the", "whether", "average", "plus", "if", "weil", "zusammen"} <= known
    root = Path(guardbind.__path__[0])
    held = {
        str(path.relative_to(root)): found
        for path in sorted((root / room).glob("**/*.py"))
        if path.relative_to(root).as_posix() not in LANGUAGE_FILES | NAMES_OF_GROUPS | KEYS_OF_TRACES | WORDS_OF_DATES
        and (found := lists_of_words(ast.parse(path.read_text(encoding="utf-8")), known))
    }
    assert held == {}


@pytest.mark.parametrize(
    "planted",
    [
        '_STOP = frozenset({"the", "of", "and"})',
        '_ASKS = re.compile(r"\\b(?:what|which)\\b")',
        '_WORDS = "the and of".split()',
        'def f(text):\n    return re.search("(?:is|was)", text)',
    ],
)
def test_such_a_list_would_be_found(planted: str) -> None:
    assert lists_of_words(ast.parse(planted), words_of(ENGLISH))
