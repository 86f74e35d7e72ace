"""Names of constants that begin with what they belong to, and names as people write them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from guardbind.extraction import extract
from guardbind.extraction.owners import spellings_of
from guardbind.extraction.prefixed import prefixes_of

ENV = "DB_EU_HOST=eu.example\nDB_EU_PORT=5432\nWEB_US_HOST=us.example\nWEB_US_PORT=8080\nLOG_LEVEL=info\n"


def test_two_prefixes_with_the_same_fields_are_two_things() -> None:
    found = {binding.key: binding for binding in extract(ENV).bindings}
    port = found["WEB_US_PORT"]
    assert (port.value, port.attribute, port.owners) == ("8080", "PORT", ("WEB_US",))
    assert port.record is not None and "WEB-US" in port.record.names
    assert found["LOG_LEVEL"].owners == ()


def test_so_are_the_constants_of_a_program() -> None:
    code = "```python\n" + "".join(f"{line.replace('=', ' = ', 1)}\n" for line in ENV.splitlines()[:4]) + "```\n"
    code = code.replace("eu.example", '"eu.example"').replace("us.example", '"us.example"')
    assert {b.key: b.owners for b in extract(code).bindings}["DB_EU_PORT"] == ("DB_EU",)


def test_one_prefix_or_one_field_in_common_parts_nothing() -> None:
    assert prefixes_of(["MAX_RETRIES", "MIN_RETRIES", "LOG_LEVEL"]) == {}
    assert prefixes_of(["DB_HOST", "DB_PORT", "DB_USER"]) == {}
    assert prefixes_of(["db_host", "db_port", "web_host", "web_port"]) == {}


@given(st.lists(st.from_regex(r"[A-C](_[A-C]){0,3}", fullmatch=True), max_size=12))
def test_each_prefix_is_one_of_several_with_the_same_fields(names: list[str]) -> None:
    found = prefixes_of(names)
    for name, prefix in found.items():
        assert name in names and name.startswith(f"{prefix}_")
        field = name[len(prefix) + 1 :]
        assert any(other.endswith(f"_{field}") and other != name for other in names)


def test_a_file_and_an_identifier_go_by_what_people_say() -> None:
    assert spellings_of("data/req_8199.yml") == ("req_8199", "req 8199", "req-8199")
    assert spellings_of("CACHE_US41") == ("CACHE US41", "CACHE-US41")
    for plain in ("Bob", "order 1001", "Dr. No", "A-1001", "get_order", "_", ""):
        assert spellings_of(plain) == ()


def test_lines_of_a_log_that_list_what_they_are_about() -> None:
    lines = "".join(
        f"[2031-04-0{day} 08:00:11] the {name}: stock {stock}, price {price}\n"
        for day, name, stock, price in ((1, "towel bar", 6996, "2.64"), (2, "bench", 12, "9.10"))
    )
    found = {binding.key: binding.value for binding in extract(lines).bindings}
    assert found["the towel bar.stock"] == "6996"
    assert found["the bench.price"] == "9.10"
