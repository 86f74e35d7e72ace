"""The page of model families: written from the record beside it, and nothing in it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import transformers
from click.testing import CliRunner
from paths import ROOT

from guardbind.cli import main
from guardbind_bench.survey.page import page_of
from guardbind_bench.survey.record import FamilyRecord, SurveyRecord
from guardbind_bench.survey.shrinking import model_types

STORED = ROOT / "bench" / "survey" / "families.json"


@pytest.fixture(scope="module")
def stored() -> SurveyRecord:
    return SurveyRecord.model_validate_json(STORED.read_text(encoding="utf-8"))


def test_the_page_is_that_of_the_record(stored: SurveyRecord) -> None:
    assert (ROOT / "docs" / "families.md").read_text(encoding="utf-8") == page_of(stored)


def test_no_family_is_silently_wrong_and_none_raises_what_is_no_error_of_guardbind(stored: SurveyRecord) -> None:
    outcomes = {family.model_type: family.outcome for family in stored.families}
    assert not {name for name, outcome in outcomes.items() if outcome in ("wrong", "error")}
    assert sum(outcome == "right" for outcome in outcomes.values()) >= 171
    assert all(family.message for family in stored.families if family.outcome != "right")
    assert all(family.difference is not None for family in stored.families if family.outcome == "right")


def test_the_record_is_of_every_family(stored: SurveyRecord) -> None:
    if stored.transformers != transformers.__version__:
        pytest.skip(f"the record is of transformers {stored.transformers}")
    assert tuple(family.model_type for family in stored.families) == model_types()


def test_the_page_says_what_is_wrong() -> None:
    families = (
        FamilyRecord(model_type="good", model="Good", outcome="right", null="mask", lens="yes", difference=1e-6),
        FamilyRecord(
            model_type="bad", model="Bad", outcome="wrong", null="redact", lens="Bad has 2 heads.", message="off"
        ),
        FamilyRecord(model_type="gone", outcome="not run", message="a | b"),
    )
    page = page_of(SurveyRecord(guardbind="1", transformers="2", torch="3", families=families))
    assert "| right | 1 |" in page
    assert "| wrong | 1 |" in page
    assert "- `bad`: off" in page
    assert "- `gone`: a \\| b" in page
    assert "The class has N heads: `bad`" in page


class TestCommand:
    def test_one_family_is_tried_and_written(self, tmp_path: Path) -> None:
        page, record = tmp_path / "page.md", tmp_path / "record.json"
        arguments = ["--out", str(tmp_path / "run"), "--page", str(page), "--record", str(record)]
        result = CliRunner().invoke(main, ["bench", "survey", "llama", *arguments])
        assert result.exit_code == 0, result.output
        assert result.output == "1/1 llama right, null mask\n"
        found = SurveyRecord.model_validate_json(record.read_text())
        assert found.families[0].outcome == "right"
        assert page.read_text() == page_of(found)
        again = CliRunner().invoke(main, ["bench", "survey", "llama", "--out", str(tmp_path / "run")])
        assert again.output == result.output

    def test_a_wrong_family_is_an_exit_code(self, tmp_path: Path) -> None:
        wrong = FamilyRecord(model_type="llama", outcome="wrong", message="off")
        (tmp_path / "llama.json").write_text(wrong.model_dump_json())
        result = CliRunner().invoke(main, ["bench", "survey", "llama", "--out", str(tmp_path)])
        assert result.exit_code == 1
        assert result.output == "1/1 llama wrong: off\n"

    def test_a_name_that_is_none_is_told(self, tmp_path: Path) -> None:
        result = CliRunner().invoke(main, ["bench", "survey", "lama", "--out", str(tmp_path)])
        assert result.exit_code != 0
        assert "Did you mean 'llama'?" in result.output + str(result.exception)
