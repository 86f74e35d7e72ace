"""The measures of audits: a tiny model that answers and verifies, and bindings that need no model."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from bench_tiny import bench_tokenizer
from families import FAMILIES, build

from guardbind.backends.protocol import Completion, NextToken
from guardbind.information.partial import PartialDistribution
from guardbind_bench.measures.audit_bindings import MEASURE as BINDINGS
from guardbind_bench.measures.audit_prompts import answer_prompt, asked_of
from guardbind_bench.measures.audits import ABSENT, MEASURE, AuditReadingRecord, option_in
from guardbind_bench.measures.lab import Lab
from guardbind_bench.prompts.audits.documents import Documents
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.running.parquet import record_schema


@pytest.fixture(scope="module")
def lab() -> Lab:
    tokenizer = bench_tokenizer()
    model = build(FAMILIES["llama"], vocab_size=len(tokenizer), max_position_embeddings=8192)
    return Lab(model.eval(), tokenizer)


def cell(task: str, measure: str = "audits", **options: object) -> BenchCell:
    return BenchCell.model_validate({"measure": measure, "task": task, "k": 0, "seed": 2, "options": options})


def test_claims_are_read_with_their_evidence_and_under_every_null(lab: Lab) -> None:
    session = MEASURE.prepare(lab, cell("documents", languages=["en"]))
    records = [record for record in session.run([0, 1]) if isinstance(record, AuditReadingRecord)]
    assert [(record.index, record.claim) for record in records] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    item = Documents(seed=2, languages=["en"]).item(0)
    for record, claim in zip(records, item.claims, strict=False):
        assert record.failed is None and (record.kind, record.right) == (claim.kind, not claim.is_error)
        assert record.p1 is not None and 0 <= record.p1 <= 1 and len(record.p0) == len(ABSENT)
        assert record.own is not None and 0 <= record.own <= 1
    # Each null is a prompt of its own, also where what is cited is all that is shown.
    assert all(len(set(record.p0)) == len(ABSENT) for record in records)
    assert session.run([0, 1]) == records


def test_answers_are_audited_where_they_give_an_option(lab: Lab, tmp_path: Path) -> None:
    for record in MEASURE.prepare(lab, cell("synthetic_binding", part="answers")).run(range(3)):
        assert isinstance(record, AuditReadingRecord) and record.failed is None and record.kind == "answer"
        assert (record.p1 is None) is not record.audited
    question = {"question": "Who?", "options": ["Ada", "Bo", "Cy", "Di"], "gold_label": 2}
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps({"article": "Bo did it.\n" * 3, "questions": [question]}))
    [record] = MEASURE.prepare(lab, cell("quality", part="answers", file=str(path))).run([0])
    assert isinstance(record, AuditReadingRecord) and record.audited and record.p1 is not None


def test_a_prompt_that_is_too_long_is_a_failure_and_not_the_end() -> None:
    tokenizer = bench_tokenizer()
    small = Lab(build(FAMILIES["llama"], vocab_size=len(tokenizer), max_position_embeddings=64).eval(), tokenizer)
    records = MEASURE.prepare(small, cell("documents", languages=["en"])).run([0])
    assert len(records) == 2 and all(record.failed for record in records)


def test_records_are_rows_of_a_file() -> None:
    assert "p0" in record_schema(AuditReadingRecord).names
    assert "state" in record_schema(BINDINGS.record).names


def step(text: str, logprob: float) -> NextToken:
    return NextToken(PartialDistribution({1: logprob}), {1: text})


def test_the_first_option_that_an_answer_writes_is_its_answer() -> None:
    written = Completion("it is Kilo, not alfa", (step("it is", -0.5), step(" Kilo", -1.0), step(", not", -2.0)))
    chosen, own = option_in(written, ["alfa", "kilo"])
    assert chosen == 1 and own == pytest.approx(math.exp(-1.5))
    assert option_in(Completion("I do not know"), ["alfa", "kilo"])[0] is None
    assert option_in(Completion("1,240 m"), ["240 m", "1,240 m"])[0] == 1


@pytest.mark.parametrize("variant", ["baseline", "rag", "checkpoint"])
def test_a_variant_changes_what_is_answered_from_and_not_what_is_asked(variant: str) -> None:
    item = Documents(seed=2, languages=["en"]).item(3)
    assert item.question is not None
    prompt = answer_prompt(item, item.question, variant)  # type: ignore[arg-type]
    assert item.question.text in prompt and "; ".join(item.question.options) in prompt
    assert (item.text in prompt) is (variant != "rag")
    assert ("Once more" in prompt) is (variant == "checkpoint")
    assert asked_of(prompt, chat=False).text.endswith("Answer:")


def test_bindings_judge_claims_without_a_model_and_certify_no_wrong_value(lab: Lab) -> None:
    records = BINDINGS.prepare(lab, cell("documents", "audit_bindings")).run(range(20))
    assert len(records) == 40 and not any(record.failed for record in records)
    held = [record.model_dump() for record in records]
    assert any(one["state"] == "agrees" for one in held)
    assert not any(
        one["verdict"] == "supported" for one in held if one["kind"] in ("swapped", "altered", "unsupported")
    )
