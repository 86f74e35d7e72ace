"""Audit tasks: labels that hold by construction, citations that say what they should, and QuALITY read by its form."""

from __future__ import annotations

import ast
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from paths import ROOT

from guardbind.errors import ConfigError
from guardbind_bench.prompts.audits.citing import cited_by_words
from guardbind_bench.prompts.audits.documents import Documents
from guardbind_bench.prompts.audits.item import AuditItem, KnownClaim
from guardbind_bench.prompts.audits.quality import Quality, paragraphs_of
from guardbind_bench.prompts.audits.synthetic_binding import OPTIONS, SyntheticBinding
from guardbind_bench.prompts.audits.values import stands_in
from guardbind_bench.prompts.audits.worlds import AUDIT_LANGUAGES

ITEMS = [Documents(seed=3).item(index) for index in range(250)]


def claims(*kinds: str) -> list[tuple[AuditItem, KnownClaim]]:
    return [(item, claim) for item in ITEMS for claim in item.claims if claim.kind in kinds]


def cited_text(item: AuditItem, claim: KnownClaim) -> str:
    return "\n".join(span.text for span in item.spans if span.id in claim.cites)


def test_items_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    assert Documents(seed=3).item(7) == ITEMS[7]
    assert Documents(seed=4).item(7) != ITEMS[7]


def test_every_kind_form_and_language_occurs_and_half_of_the_claims_are_right() -> None:
    assert {item.language for item in ITEMS} == set(AUDIT_LANGUAGES)
    assert len({item.form for item in ITEMS}) == 5 and len({item.domain for item in ITEMS}) == 13
    kinds = Counter(claim.kind for item in ITEMS for claim in item.claims)
    assert all(kinds[kind] == 50 for kind in ("swapped", "altered", "unsupported", "stale", "miscited"))
    assert kinds["respelled"] >= 10
    assert sum(not claim.is_error for item in ITEMS for claim in item.claims) == len(ITEMS)


def test_a_right_value_stands_with_its_owner_where_it_is_cited() -> None:
    for item, claim in claims("true", "stale"):
        assert stands_in(claim.value, cited_text(item, claim))
        assert claim.owner.casefold() in cited_text(item, claim).casefold()


def test_a_wrong_value_is_wrong_in_the_way_that_its_kind_says() -> None:
    for item, claim in claims("altered", "unsupported"):
        assert not stands_in(claim.value, item.text)
    for item, claim in claims("swapped"):
        assert stands_in(claim.value, item.text)
    for item, claim in claims("miscited"):
        assert stands_in(claim.value, item.text) and not stands_in(claim.value, cited_text(item, claim))
    for item, claim in claims("respelled"):
        assert not stands_in(claim.value, item.text)


def test_labels_follow_from_the_kind() -> None:
    labels = {(claim.kind, claim.stated, claim.carried) for item in ITEMS for claim in item.claims}
    assert labels == {
        ("true", True, True),
        ("respelled", True, True),
        ("swapped", False, False),
        ("altered", False, False),
        ("unsupported", False, False),
        ("stale", False, True),
        ("miscited", True, False),
    }


def test_a_claim_is_its_beginning_and_then_its_value() -> None:
    for _, claim in claims("true", "swapped", "stale"):
        assert claim.text.startswith(claim.begun)
        assert claim.text[len(claim.begun) :].lstrip().startswith(claim.value)


def test_a_question_has_one_right_option_and_a_claim_for_each() -> None:
    for item in ITEMS:
        asked = item.question
        assert asked is not None and len(asked.options) == len(asked.claims) == len(set(asked.options))
        assert stands_in(asked.options[asked.gold], item.text)
        assert all(option in claim for option, claim in zip(asked.options, asked.claims, strict=True))


def test_text_that_states_nothing_is_as_long_as_asked() -> None:
    near, far = Documents(k=0, languages=["en"]).item(0), Documents(k=200, languages=["en"]).item(0)
    assert len(far.text.split()) > len(near.text.split()) + 150
    with pytest.raises(ConfigError, match="0 or more"):
        Documents(k=-1)
    with pytest.raises(ConfigError, match="no documents in"):
        Documents(languages=["xx"])


def test_the_generator_uses_nothing_of_the_guard_but_errors_and_records() -> None:
    used = set()
    for path in (ROOT / "bench/guardbind_bench/prompts/audits").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "guardbind":
                used.add(node.module)
    assert used <= {"guardbind.errors", "guardbind.frozen"}


@pytest.mark.parametrize("k", [0, 40])
def test_the_synthetic_audit_binds_twice_and_asks_for_either(k: int) -> None:
    task = SyntheticBinding(k=k, seed=1)
    for index in range(20):
        item = task.item(index)
        asked = item.question
        assert asked is not None and sorted(asked.options) == sorted(OPTIONS)
        lines = [span.text for span in item.spans if "KEY = " in span.text and span.text[0] == "("]
        assert [line[:4] for line in lines] == ["(1) ", "(2) "]
        assert lines[index % 2].endswith(f"= {asked.options[asked.gold]}")
        filler = [span.text for span in item.spans if span.text not in lines][1:]
        assert sum(len(text.split()) for text in filler) >= 2 * k
        assert not any(stands_in(option, text) for text in filler for option in OPTIONS)
    # Further apart, the same values are bound and asked for.
    assert SyntheticBinding(k=k + 9, seed=1).item(3).question == task.item(3).question


def article(**changed: Any) -> dict[str, Any]:
    question = {
        "question": "Who kept the lamp lit?",
        "question_unique_id": "00001_A_1",
        "options": ["The ferryman", "The cook", "The smith", "Nobody"],
        "writer_label": 2,
        "gold_label": 2,
        "difficult": 0,
    }
    told = {
        "article_id": "00001",
        "title": "The lamp",
        "article": "The cook kept it lit.\nThe smith slept.",
        "topic": "x",
    }
    return {**told, "questions": [{**question, **changed}]}


def written(folder: Path, *lines: Any) -> str:
    path = folder / "quality.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n", encoding="utf-8")
    return str(path)


def test_quality_is_read_and_its_options_permuted(tmp_path: Path) -> None:
    file = written(tmp_path, article(), article(gold_label=None), article(gold_label=4))
    golds = set()
    for seed in range(6):
        task = Quality(seed=seed, file=file)
        assert len(task) == 2
        for index in range(2):
            asked = task.item(index).question
            assert (
                asked is not None
                and asked.lettered
                and sorted(asked.options) == sorted(article()["questions"][0]["options"])
            )
            golds.add((asked.options[asked.gold], asked.gold))
    assert {text for text, _ in golds} == {"The cook", "Nobody"} and len(golds) > 2
    with pytest.raises(ConfigError, match="there is no question 2"):
        task.item(2)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"article": "x"}, "line 1 .* is no article"),
        (article(gold_label=5), "gold_label 5 of 4"),
        (article(gold_label=None), "no question whose answer is known"),
    ],
)
def test_a_file_that_is_no_quality_is_refused(tmp_path: Path, line: Any, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        Quality(file=written(tmp_path, line))


def test_quality_needs_its_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no file of QuALITY is given"):
        Quality()
    with pytest.raises(ConfigError, match="cannot be read"):
        Quality(file=str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="k is 8"):
        Quality(k=8, file="x")


def test_html_is_read_as_the_text_that_it_shows() -> None:
    html = "<html><head><style>p {}</style></head><body><p>One &amp;\n two.</p><p><i>Three</i>.</p></body></html>"
    assert paragraphs_of(html) == ["One & two.\nThree."]
    long = "word " * 90
    assert len(paragraphs_of(f"{long}\n{long}\n{long}")) == 3


def test_the_spans_that_share_rare_words_are_cited() -> None:
    item = ITEMS[2]
    for claim in item.claims:
        if claim.kind == "true":
            assert set(claim.cites) <= set(cited_by_words(item.spans, claim.text, 3))
    assert cited_by_words(item.spans, "\u00a7\u00a7", 3) == ()
