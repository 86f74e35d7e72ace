"""Which rules read: what each says of itself, what others add, and what happens without a package."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from guardbind import MissingDependencyError
from guardbind.extraction import Block, Found, Pattern, PlainRule, WordedRule, chosen, default_rules, extract
from guardbind.registry import RULES, Registry
from guardbind.text.language import Language

MODULES = {
    "aligned": "aligned_text",
    "assignment": "assignments",
    "bracketed": "bracketed",
    "code": "code_text",
    "csv": "csv_text",
    "html": "html_text",
    "instruction": "instructions",
    "item_line": "item_lines",
    "json": "json_text",
    "labelled": "labelled",
    "lookup": "lookups",
    "markdown": "markdown_text",
    "numbered": "numbered",
    "parallel": "parallel",
    "python": "python_text",
    "receipt": "receipts",
    "section": "sections",
    "sentence": "sentences",
    "settings": "settings_text",
    "sql": "sql_text",
    "two_columns": "two_columns",
    "xml": "xml_text",
    "yaml": "yaml_text",
}
IN_ORDER = (
    *("instruction", "yaml", "code", "json", "html", "xml", "settings", "sql", "markdown", "aligned", "csv", "python"),
    *("item_line", "section", "lookup", "parallel", "labelled", "receipt", "two_columns", "bracketed"),
    *("assignment", "sentence", "numbered"),
)


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Registry[object]:
    """The rules of the core in a registry of its own, none of them imported yet."""
    entries = {name: f"guardbind.extraction.{module}:read" for name, module in MODULES.items()}
    registry: Registry[object] = Registry("rule", entries)
    monkeypatch.setattr(chosen, "RULES", registry)
    return registry


def shout(text: str) -> Iterator[Block]:
    """Read what is written in capitals as the value of `shouted`."""
    at = 0
    for word in text.split():
        at = text.index(word, at)
        if word.isupper():
            span = (at, at + len(word))
            yield Block(span, (Found(("shouted",), span, span, form="words"),))
        at += len(word)


def greet(text: str, language: Language) -> Iterator[Block]:
    """Read a greeting of the language."""
    word = {"english": "hello", "german": "hallo"}[language.name]
    if (at := text.find(word)) >= 0:
        span = (at, at + len(word))
        yield Block(span, (Found(("greeting",), span, span, form="words"),))


def read_by(table_of: str, **settings: object) -> list[tuple[str, str]]:
    return [(item.rule, item.value) for item in extract(table_of, **settings).items]  # type: ignore[arg-type]


def without(monkeypatch: pytest.MonkeyPatch, package: str, module: str) -> None:
    """Make a package one that is not installed, and forget the module that has imported it."""
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, package, None)


def test_the_rules_of_the_core_read_by_default_in_the_order_that_they_say() -> None:
    assert default_rules() == IN_ORDER
    orders = [RULES.get(name).order for name in IN_ORDER]
    assert orders == sorted(set(orders))
    assert all(RULES.get(name).default for name in IN_ORDER)


def test_a_rule_that_says_so_reads_by_default_at_its_place(rules: Registry[object]) -> None:
    text = "total: FIVE"
    assert read_by(text) == [("assignment", "FIVE")]
    rules.register("late", PlainRule(shout, default=True))
    assert default_rules() == (*IN_ORDER, "late")
    assert read_by(text) == [("assignment", "FIVE")]
    rules.register("early", PlainRule(shout, order=5, default=True))
    rules.register("before", PlainRule(shout, order=5, default=True))
    assert default_rules() == ("before", "early", *IN_ORDER, "late")
    assert read_by(text) == [("before", "FIVE")]


def test_any_other_callable_reads_where_it_is_asked_for_only(rules: Registry[object]) -> None:
    rules.register("plain", shout)
    rules.register("asked", PlainRule(shout, order=5))
    assert default_rules() == IN_ORDER
    assert read_by("so LOUD") == []
    assert read_by("so LOUD", rules=["plain"]) == [("plain", "LOUD")]
    assert read_by("so LOUD, x = 5", rules=["asked", *default_rules()]) == [("asked", "LOUD,"), ("assignment", "5")]


def test_attributes_of_any_object_will_do(rules: Registry[object]) -> None:
    class Loud:
        order = 15
        default = True

        def __call__(self, text: str) -> Iterator[Block]:
            return shout(text)

    rules.register("loud", Loud())
    assert default_rules()[1:5] == ("yaml", "code", "loud", "json")
    assert read_by("so LOUD") == [("loud", "LOUD")]


def test_a_worded_rule_reads_in_the_language_of_the_text(rules: Registry[object]) -> None:
    rules.register("greet", WordedRule(greet, order=1, default=True))
    assert read_by("hello and hallo") == [("greet", "hello")]
    assert read_by("hello and hallo", language="german") == [("greet", "hallo")]


def test_yaml_is_told_from_sentences_by_the_words_of_its_language() -> None:
    german, english = "Notiz:\n  Antwort: wir kommen morgen\n", "Note:\n  Answer: we come tomorrow\n"
    data = "Kunde:\n  Name: Anna Lind\n"
    for language, sentence, other in (("german", german, english), ("english", english, german)):
        assert read_by(sentence, rules=["yaml"], language=language) == []
        assert read_by(other, rules=["yaml"], language=language) == [("yaml", other.partition(": ")[2].strip())]
        assert read_by(data, rules=["yaml"], language=language) == [("yaml", "Anna Lind")]


def test_a_distribution_adds_a_rule_that_reads_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    information = tmp_path / "loud-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: loud\nVersion: 1.0\n", encoding="utf-8")
    (information / "entry_points.txt").write_text(
        "[guardbind.plugins]\nrule.loud = loud:read\nrule.lacking = loud:lacking\n", encoding="utf-8"
    )
    (tmp_path / "loud.py").write_text(
        "from guardbind.extraction import Block, Found, PlainRule\n"
        "def find(text):\n"
        "    yield Block((0, 4), (Found(('first',), (0, 4), (0, 4), form='words'),))\n"
        "read = PlainRule(find, order=1, default=True)\n"
        "lacking = find\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    monkeypatch.setattr(chosen, "RULES", Registry("rule", {"json": "guardbind.extraction.json_text:read"}))
    assert default_rules() == ("loud", "json")
    assert read_by('some {"a": 1}') == [("loud", "some"), ("json", "1")]
    monkeypatch.delitem(sys.modules, "loud")


@pytest.mark.parametrize(("name", "package"), [("yaml", "yaml"), ("markdown", "markdown_it")])
def test_a_rule_without_its_package_is_left_out_and_a_note_says_so(
    name: str, package: str, rules: Registry[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, package, f"guardbind.extraction.{MODULES[name]}")
    assert default_rules() == tuple(rule for rule in IN_ORDER if rule != name)
    table = extract("a:\n  b: 5\nc = 6")
    assert [(item.key, item.value) for item in table.items][-1] == ("c", "6")
    note = f"the rule {name!r} needs {package}, which is not installed."
    assert f"{note} It was left out (pip install 'guardbind[extract]')." in table.notes
    with pytest.raises(MissingDependencyError, match=r"guardbind\[extract\]"):
        extract("x", rules=[name])


def test_who_adds_a_rule_to_the_defaults_hears_what_is_missing_and_who_chooses_does_not(
    rules: Registry[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, "yaml", "guardbind.extraction.yaml_text")
    mine = Pattern("mine", r"(?P<key>seat) (?P<value>\w+)")
    added, picked = (extract("seat 12B", rules=[mine, *names]) for names in (default_rules(), ("json", "csv")))
    assert any("'yaml'" in note for note in added.notes)
    assert picked.notes == ()


def test_a_rule_of_somebody_else_without_its_package_is_noted_too(rules: Registry[object]) -> None:
    rules.register("theirs", "no_such_package.rules:read")
    assert default_rules() == IN_ORDER
    notes = extract("x = 5").notes
    assert notes == ("the rule 'theirs' needs no_such_package, which is not installed. It was left out.",)
    with pytest.raises(MissingDependencyError, match=r"Install no_such_package\."):
        extract("x", rules=["theirs"])


def test_the_arguments_of_a_call_are_json_whatever_the_rules(rules: Registry[object]) -> None:
    rules.unregister("json")
    rules.register("json", PlainRule(shout))
    call = {"function": {"name": "find", "arguments": '{"id": "4417"}'}}
    messages = [{"role": "assistant", "content": "", "tool_calls": [call]}]
    (item,) = extract(messages, rules=["assignment"]).items
    assert (item.key, item.value, item.rule) == ("find.id", "4417", "arguments")
