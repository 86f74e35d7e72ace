"""The report as a page: the right characters are marked, all text is text, and nothing is fetched."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from asking import ALPHA, BETA, BINDINGS, Ask
from hypothesis import given
from hypothesis import strategies as st
from pages import Page
from transformers import PreTrainedTokenizerBase

from guardbind import Binding, BindingFailureError, Evidence, Guard, GuardConfig, Report
from guardbind.events import BudgetRecord, CandidateRecord, InterventionRecord, Provenance, SlotRecord
from guardbind.evidence import locate
from guardbind.report.html import template
from guardbind.report.marks import Mark, cut
from guardbind.report.row_view import COLOURS
from guardbind.report.transcript import Transcript
from guardbind.text.decoded import PromptText

NASTY = "\"><script>alert('x')</script>&amp;<b>"


PROVENANCE = Provenance(
    guardbind="1",
    transformers="5",
    torch="2",
    model=f"tiny {NASTY}",
    dtype="float32",
    attention="sdpa",
    template_sha256=None,
    seed=None,
    generation="g",
)


def slot_of(**given: object) -> SlotRecord:
    values: dict[str, object] = {
        "row": 0,
        "step": 0,
        "kind": "line_end",
        "verdict": "ok",
        "final_verdict": "ok",
        "action": "none",
        "target": 1,
        "resolved_by": "query",
        "target_score": 0.9,
        "gate_gap": 1.0,
        "value_gap": 1.0,
        "tie": False,
        "margin": 1.0,
        "max_probability": 0.5,
        "entropy_bits": 1.0,
        "evidence_bits": 4.25,
        "rests_on": 1,
        "bits_by_binding": (-0.5, 4.25),
        "budget": BudgetRecord(
            null="mask", p1=0.5, p0=0.1, tau=0.95, observed_bits=1.0, required_bits=2.0, margin_bits=-1.0
        ),
        "final_budget": None,
        "candidates": (
            CandidateRecord(index=0, probability=0.25, pseudo_prior=0.3, evidence_bits=-0.3, value="17"),
            CandidateRecord(index=1, probability=None, pseudo_prior=None, evidence_bits=None, value="42"),
        ),
        "lens": {},
        "null_forwards": 1,
        "null_cost": "one forward",
        "token": 5,
        "final_token": 5,
        "key": "beta",
        "token_text": "4",
        "final_text": "4",
        "reason": "because",
    }
    return SlotRecord.model_validate({**values, **given})


def tried_of(**given: object) -> InterventionRecord:
    values: dict[str, object] = {
        "row": 0,
        "step": 0,
        "action": "contrast",
        "kept": True,
        "reason": "bits rose",
        "verdict_before": "binding_failure",
        "verdict_after": "ok",
        "bits_before": -1.0,
        "bits_after": 6.5,
        "token_before": 4,
        "token_after": 5,
        "text_before": "1",
        "text_after": "4",
    }
    return InterventionRecord.model_validate({**values, **given})


class Texts:
    """Makes the transcript of a row from its words."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.tokenizer = tokenizer

    def __call__(self, prompt: str, answer: str, items: list[Binding | Evidence], row: int = 0) -> Transcript:
        read, wrote = (self.tokenizer.encode(text, add_special_tokens=False) for text in (prompt, answer))
        table = locate(items, PromptText.from_ids(self.tokenizer, read))
        return Transcript.from_ids(self.tokenizer, row, read, wrote, table.items)


@pytest.fixture
def texts(tiny_tokenizer: PreTrainedTokenizerBase) -> Texts:
    return Texts(tiny_tokenizer)


def report_of(slots: list[SlotRecord], tried: list[InterventionRecord], *transcripts: Transcript) -> Report:
    return Report(tuple(slots), tuple(tried), PROVENANCE, transcripts=transcripts)


PROMPT = "\nalpha=[17]\nbeta=[42]\nbeta=["
PAIR: list[Binding | Evidence] = [Binding("alpha", "17"), Binding("beta", "42")]


def safe(html: str) -> Page:
    """Read a page and check that it runs nothing and fetches nothing."""
    page = Page(html)
    assert not {"script", "img", "link", "iframe", "object", "b>"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "href", "srcset")]
    assert not re.search(r"https?://|@import|url\(", html)
    return page


def test_evidence_stands_where_it_stands_in_the_prompt(texts: Texts) -> None:
    page = safe(report_of([slot_of()], [], texts(PROMPT, "42]", PAIR)).to_html())
    prompt = page.box("prompt")
    assert prompt.text == PROMPT
    assert prompt.of("item0") == "alpha=[17]"
    assert prompt.of("item1") == prompt.of("target") == "beta=[42]"
    assert prompt.of("bound") == "17|42"
    assert prompt.signs("evidence") == ["#0", "#1"]
    assert "-0.5 bits" in prompt.notes("item0")
    assert "+4.2 bits, target" in prompt.notes("item1")


def test_a_slot_within_a_value_is_marked_with_its_verdict(texts: Texts) -> None:
    slots = [
        slot_of(
            verdict="binding_failure",
            final_verdict="repaired",
            action="contrast",
            token_text="1",
            token=4,
            replaced=0,
            grounds="words and reading",
        ),
        slot_of(step=1, kind="continued", verdict="unsupported", final_verdict="unsupported", token_text="2"),
        slot_of(step=4, final_verdict="unresolved", verdict="unresolved", target=None, key=None),
    ]
    tried = [tried_of(kept=False, action="checkpoint", reason="rolled"), tried_of()]
    answer = safe(report_of(slots, tried, texts(PROMPT, "42];7", PAIR)).to_html()).box("answer")
    assert answer.text == "42];7"
    assert answer.of("value") == "42"
    assert [answer.of(name) for name in ("repaired", "unsupported", "unresolved")] == ["4", "2", "7"]
    assert [sign[-1] for sign in answer.signs("slot")] == ["↻", "≈", "…"]
    assert "✗→↻" in answer.signs("repaired")[0]
    note = answer.notes("repaired")
    assert "binding_failure → repaired" in note
    assert "replaced: #0 alpha" in note
    assert "action: contrast" in note
    assert "17: p 0.25" in note
    assert "#1: +4.2" in note


def test_what_was_tried_is_told_kept_or_rolled_back(texts: Texts) -> None:
    slots = [slot_of(verdict="binding_failure", action="contrast", token_text="1", token=4)]
    tried = [tried_of(kept=False, action="checkpoint", reason="no better"), tried_of()]
    seen = safe(report_of(slots, tried, texts(PROMPT, "42]", PAIR)).to_html()).seen
    assert "checkpoint✗ rolled back'4'+6.5no better" in seen
    assert "contrast✓ kept'4'+6.5bits rose" in seen
    assert "1 intervention kept, 1 rolled back" in seen
    assert "bits +4.2 → +6.5" in seen


def test_a_written_restatement_is_marked_as_a_whole(texts: Texts) -> None:
    answer = "beta=[42]\n42"
    transcript = texts(PROMPT, answer, PAIR)
    size = len(transcript.tokens) - 2
    slots = [
        slot_of(verdict="gate_failure", action="checkpoint", final_token=None, final_text=None),
        slot_of(step=size, kind="reopened"),
    ]
    tried = [tried_of(action="checkpoint", tokens_inserted=size)]
    box = safe(report_of(slots, tried, transcript).to_html()).box("answer")
    assert [box.text[start:end] for start, end, classes, _, sign in box.parts if sign] == ["beta=[42]\n", "4"]
    assert box.text == answer


def test_every_row_has_a_section_also_the_one_without_a_slot(texts: Texts) -> None:
    report = report_of([slot_of()], [], texts(PROMPT, "42", PAIR), texts("\nalpha=[17]\n", "no", PAIR, row=1))
    page = safe(report.to_html())
    assert page.sections == 2
    assert [page.box("answer", row).text for row in (0, 1)] == ["42", "no"]
    assert page.seen.count("No slot:") == 1
    assert "#1 beta = 42 (not in the prompt)" in page.seen


@pytest.mark.parametrize("evidence", [False, True])
def test_text_is_never_markup(texts: Texts, evidence: bool) -> None:
    key, value = f"k{NASTY}", f"v{NASTY}"
    prompt = f"{NASTY} & \r\0\x1b‮ Was? {key} = {value};\n"
    items: list[Binding | Evidence] = [Evidence(key, text=value) if evidence else Binding(key, value)]
    slot = slot_of(
        target=0,
        key=key,
        token_text=NASTY,
        final_text=NASTY,
        reason=NASTY,
        action=NASTY,
        kind=NASTY,
        bits_by_binding=(1.0,),
        candidates=(CandidateRecord(index=0, probability=1.0, pseudo_prior=0.1, evidence_bits=3.0, value=value),),
    )
    tried = tried_of(action=NASTY, reason=NASTY, text_after=NASTY)
    report = report_of([slot], [tried], texts(prompt, f"{value}!", items))
    for html in (report.to_html(), report._repr_html_()):
        page = safe(html)
        assert page.box("prompt").text == prompt.translate({0: 0x2400, 13: 0x240D, 27: 0x241B})
        assert page.box("answer").text == f"{value}!"
        assert page.box("prompt").of("evidence") in (value, f"{key} = {value};")
        assert key in page.box("prompt").notes("evidence")
        assert repr(value) in page.seen


def test_other_scripts_keep_their_characters(texts: Texts) -> None:
    prompt = "שם: דנה = ١٢٣; 名前は花子。👩‍👩‍👧 é"
    items: list[Binding | Evidence] = [Binding("דנה", "١٢٣"), Evidence("人", text="名前は花子")]
    page = safe(report_of([], [], texts(prompt, " ١٢٣", items)).to_html())
    assert page.box("prompt").text == prompt
    assert page.box("prompt").of("bound") == "١٢٣"
    assert page.box("prompt").of("item1") == "名前は花子"
    assert page.box("answer").text == " ١٢٣"


def test_without_text_there_are_the_records_only(texts: Texts) -> None:
    slots, tried = [slot_of(key="secret", token_text="hidden", final_text="hidden")], [tried_of(text_after="hidden")]
    captured = report_of(slots, tried, texts(PROMPT, "42", PAIR))
    for html in (
        captured.to_html(text=False),
        report_of(slots, tried).to_html(),
        report_of(slots, tried)._repr_html_(),
    ):
        page = safe(html)
        assert "Records only" in page.seen
        assert page.boxes == []
        assert not re.search(r"secret|hidden|alpha|beta|\b42\b|\b17\b", page.seen + str(page.attributes))
        assert "✓ ok" in page.seen
        assert "contrast" in page.seen
    assert "Records only" not in Page(captured.to_html()).seen


def test_a_report_of_nothing_is_a_page() -> None:
    page = safe(report_of([], []).to_html())
    assert "Records only" in page.seen
    assert "No slot" in page.seen


def test_a_notebook_gets_no_page_within_its_page(texts: Texts) -> None:
    report = report_of([slot_of()], [], texts(PROMPT, "42", PAIR))
    fragment = report._repr_html_()
    assert not {"html", "head", "body", "meta"} & set(Page(fragment).tags)
    style = fragment[fragment.index("<style>") + 7 : fragment.index("</style>")]
    selectors = [found.strip() for found in re.findall(r"^\s*([^\s{}@][^{};]*)\{", style, flags=re.MULTILINE)]
    assert len(selectors) > 20
    assert not [one for one in selectors if ".guardbind" not in one]


def test_each_colour_of_a_binding_has_its_rule(texts: Texts) -> None:
    many: list[Binding | Evidence] = [Binding(f"key{i}", f"v{i}") for i in range(2 * COLOURS)]
    html = report_of([], [], texts("\n".join(f"key{i}=v{i}" for i in range(2 * COLOURS)), "no", many)).to_html()
    used = {name for _, _, names, _, _ in Page(html).box("prompt").parts for name in names if name.startswith("item")}
    assert len(used) == COLOURS
    assert not [name for name in used if f".{name} {{" not in html or f"--{name}:" not in html]


def test_jinja_is_loaded_by_the_first_page_and_not_before() -> None:
    code = "import sys, guardbind.report; print('jinja2' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


def test_json_has_no_transcript(texts: Texts) -> None:
    assert report_of([slot_of()], [], texts(PROMPT, "42", PAIR)).to_json() == report_of([slot_of()], []).to_json()


MARKS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=6)


@given(st.text(alphabet="a<&\"'é\n", min_size=12, max_size=12), MARKS)
def test_marks_that_overlap_lose_no_character(text: str, places: list[tuple[int, int]]) -> None:
    marks = [Mark(min(p), max(p), f"m{i}", f"note {i}", "*") for i, p in enumerate(places)]
    macros = template("parts.html.j2").make_module()
    painted = str(macros.painted(cut(text, marks, 0, len(text))))  # type: ignore[attr-defined]  # a macro
    page = Page(f'<div class="text">{painted}</div>')
    box = page.box("answer")
    assert box.text == text
    for i, mark in enumerate(marks):
        covered = [
            place for start, end, classes, _, _ in box.parts if f"m{i}" in classes for place in range(start, end)
        ]
        assert covered == list(range(mark.start, mark.end))
    assert sum(len(sign) for *_, sign in box.parts) == len(marks)


def test_a_browser_draws_the_page(texts: Texts, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on this machine")
    page = tmp_path / "report.html"
    page.write_text(report_of([slot_of()], [], texts(PROMPT + NASTY, "42", PAIR)).to_html(), encoding="utf-8")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    drawn = subprocess.run([*command, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=120)
    if drawn.returncode:
        pytest.skip(f"Chromium does not start here: {drawn.stderr[-200:]}")
    assert safe(drawn.stdout).box("prompt").text == PROMPT + NASTY


CAPTURE = GuardConfig(capture_text=True)


@pytest.fixture
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


def test_a_guarded_batch_is_shown_row_by_row(ask: Ask) -> None:
    prompts = [BETA, "padded on the left\n" + ALPHA]
    output = ask(ask.first, prompts, CAPTURE, bindings=[BINDINGS, BINDINGS])
    page = safe(output.report.to_html())
    assert page.sections == 2
    for row, prompt in enumerate(prompts):
        assert page.box("prompt", row).text == prompt
        assert page.box("prompt", row).of("bound") == "17|42"
        assert page.box("answer", row).text == output.text[row]
    assert page.box("answer", 0).of("slot") == "4"
    assert page.box("answer", 0).of("value") == "42"
    assert "✗→↻" in page.box("answer", 0).signs("slot")[0]


def test_the_answer_ends_where_the_row_does(ask: Ask, tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    end = int(tiny_tokenizer.encode("]", add_special_tokens=False)[0])
    output = ask(ask.first, [ALPHA, BETA], CAPTURE, bindings=[BINDINGS, BINDINGS], new=9, eos_token_id=end)
    assert [t.text[t.prompt_end :] for t in output.report.transcripts] == ["17]", "42]"]


def test_a_call_that_raised_shows_what_it_read(ask: Ask) -> None:
    guard = Guard(ask.first, ask.tokenizer, GuardConfig(capture_text=True, policy="raise"))
    with guard.attached(BINDINGS) as handle, pytest.raises(BindingFailureError):
        handle.generate(**ask.inputs(BETA), max_new_tokens=4, do_sample=False)
    page = safe(handle.report.to_html())
    assert page.box("prompt").text == BETA
    assert page.box("answer").text == ""
    assert page.box("answer").signs("slot") == ["1\u2009✗"]


def test_text_is_kept_only_when_asked_for(ask: Ask) -> None:
    report = ask(ask.first, BETA).report
    assert report.transcripts == ()
    assert not re.search("alpha|beta|'42'", report.to_html())
