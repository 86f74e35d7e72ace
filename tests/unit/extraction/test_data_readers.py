"""JSON and YAML are read as their libraries read them, and each value stands where the text has it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from guardbind.extraction import json_text, yaml_text
from guardbind.extraction.rule import Block, Path
from guardbind.text.layout import Span

SIGNS = [*'{}[],:"\\ \n\t\r\u00a0\x00', '{"', "[{", "}]", "},{", "{}", "[]", '{"a":', '"b":', "text"]
SCALARS = ["1", "-2.5", "01", "1.", "0.1e+5", "null", "true", "NaN", '""', '"x"']
ESCAPES = ['"a\\"b"', '"t\tb"', '"\\/"', '"\\x"', '"\\ud83d\\ude00"']
JSON_LIKE = st.lists(st.sampled_from(SIGNS + SCALARS + ESCAPES), max_size=30).map("".join)
NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
LEAVES = st.one_of(NUMBERS, st.booleans(), st.none(), st.text(max_size=8))
TREES = st.recursive(
    LEAVES,
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(st.text(max_size=4), below)),
    max_leaves=12,
)


def refuse(constant: str) -> Any:
    raise ValueError(constant)


def regions(text: str) -> Iterator[Span]:
    """The JSON in a text as the json module finds it, each opening tried from its own place."""
    decoder = json.JSONDecoder(parse_constant=refuse)
    at = 0
    while opening := re.compile(r'\{(?=\s*")|\[(?=\s*[\[{])').search(text, at):
        at = opening.end()
        try:
            content, end = decoder.raw_decode(text, opening.start())
        except ValueError:
            continue
        if '"' in text[opening.start() : end] and keyed(content):
            at = end
            yield opening.start(), end


def keyed(content: Any) -> bool:
    return bool(content) if isinstance(content, dict) else isinstance(content, list) and any(map(keyed, content))


def leaves(content: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(content, dict):
        for key, member in content.items():
            yield from leaves(member, (*path, key))
    elif isinstance(content, list):
        for place, member in enumerate(content):
            yield from leaves(member, (*path, place))
    else:
        yield path, content


def said(text: str, block: Block) -> list[tuple[Path, str]]:
    return [
        (found.path, text[slice(*found.value)] if found.decoded is None else found.decoded) for found in block.found
    ]


@given(JSON_LIKE)
def test_json_is_found_where_the_json_module_finds_it(text: str) -> None:
    assert [block.region for block in json_text.read(text)] == list(regions(text))


@given(st.dictionaries(st.text(max_size=4), TREES, min_size=1), st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_json_says_what_the_json_module_says(data: dict[str, Any], escaped: bool, indent: int | str | None) -> None:
    text = f"See: {json.dumps(data, ensure_ascii=escaped, indent=indent)} and more."
    (block,) = json_text.read(text)
    expected = [
        (path, value if isinstance(value, str) else json.dumps(value))
        for path, value in leaves(data)
        if value is not None and (not isinstance(value, str) or value.strip())
    ]
    assert said(text, block) == expected
    for found in block.found:
        keys = [text[slice(*place)] for place in found.places if place is not None]
        assert [json.loads(f'"{key}"') for key in keys] == [part for part in found.path if isinstance(part, str)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1, "a": 2}', [("a", "1"), ("a", "2")]),
        ('{\t"a"\t:\r\n\t"x\\u00e9\\n"}', [("a", "x\u00e9\n")]),
        ('{"a": "\\ud83d\\ude00"}', [("a", "\U0001f600")]),
        ('{"a": {"b": 7}', [("b", "7")]),
        ('{"a": [1, {"b": 7}], x', [("b", "7")]),
        ('{"a": {"b": 7,}, "c": [{"d": 8},],}', [("b", "7"), ("d", "8")]),
        ('{"a": 1,,}', []),
        ('{"a": 1,', []),
        ('{,"a": 1}', []),
        ("{'a': 1}", []),
        ("{a: 1}", []),
        ('{"a": 1 /* one */}', []),
        ('{"a": NaN}', []),
        ('{"a": 1\u0662}', []),
        ('{"a": "x\ny"}', []),
    ],
)
def test_what_is_json_and_what_is_not(text: str, expected: list[tuple[str, str]]) -> None:
    found = [(path[-1], value) for block in json_text.read(text) for path, value in said(text, block)]
    assert found == expected


def test_json_is_read_down_to_64_levels() -> None:
    def nested(levels: int) -> str:
        return '{"a":' * levels + "1" + "}" * levels

    assert [len(block.found[0].path) for block in json_text.read(nested(64))] == [64]
    # The outermost levels are too far out: what is left of them is read.
    assert all(len(found.path) < 64 for block in json_text.read(nested(100)) for found in block.found)


def nodes(node: yaml.Node, path: Path = ()) -> Iterator[tuple[Path, str, int, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from nodes(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            yield from nodes(value, (*path, place))
    elif isinstance(node, yaml.ScalarNode):
        quotes = node.style in ("'", '"')
        yield path, node.value, node.start_mark.index + quotes, node.end_mark.index - quotes


WORDS = st.from_regex(r"[a-z][a-z0-9]{0,6}( [a-z0-9]{1,4})?", fullmatch=True).filter(lambda word: word != "null")
PLAIN = st.one_of(WORDS, st.integers(), st.dates(), st.sampled_from(["it's", '"q"', "a: b", "#4417", "- x", "5 %"]))
TABLES = st.dictionaries(
    WORDS, st.recursive(PLAIN, lambda below: st.one_of(st.lists(below), st.dictionaries(WORDS, below)), max_leaves=8)
)


@given(TABLES, st.sampled_from([None, True, False]))
def test_yaml_stands_where_the_nodes_of_pyyaml_do(data: dict[str, Any], flow: bool | None) -> None:
    written = yaml.safe_dump(data, default_flow_style=flow, width=10_000)
    text = f"Here:\n```yaml\n{written}```\n"
    base = text.index(written)
    composed = yaml.compose(written)
    expected = [(path, value, base + start, base + end) for path, value, start, end in nodes(composed) if path]
    found = [
        (item.path, value, *item.value)
        for block in yaml_text.read(text)
        for item, (_, value) in zip(block.found, said(text, block), strict=True)
    ]
    assert found == expected


def test_an_alias_that_is_not_defined_costs_nothing_but_itself() -> None:
    text = "order:\n  owner: *ann\n  total: 12\n"
    assert [said(text, block) for block in yaml_text.read(text)] == [[(("order", "total"), "12")]]


def test_an_alias_is_no_second_statement() -> None:
    text = "```yaml\na: &x\n  b: 1\nc: *x\n```"
    assert [said(text, block) for block in yaml_text.read(text)] == [[(("a", "b"), "1")]]


@pytest.mark.timeout(60)
def test_no_depth_of_brackets_ends_the_process() -> None:
    # yaml.compose builds its tree by recursion in C and does not come back from this one.
    text = "```yaml\na: " + "[" * 200_000 + "]" * 200_000 + "\n```"
    assert list(yaml_text.read(text)) == []
