"""Parts of the guard from outside that need no backend: pieces, edits, spellings, boundaries, ranges."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardbind.backends import Completion, NextToken, Spent
from guardbind.errors import ConfigError
from guardbind.information.budget import SOFTMAX_FLOOR, Budget
from guardbind.information.intervals import Interval
from guardbind.information.partial import PartialDistribution
from guardbind.policies.verdict import bits_needed
from guardbind.remote.boundaries import Boundaries
from guardbind.remote.edits import RemotePrompt, RequestChange, another_value, changed
from guardbind.remote.pieces import PieceTokenizer, render
from guardbind.remote.ranges import TokenRange, certificate, worst_record
from guardbind.remote.spelling import Spellings
from guardbind.text.chat import turns
from guardbind.text.decoded import PromptText


def token(logprobs: dict[str, float], *, whole: bool = False) -> NextToken:
    found = PartialDistribution({key: math.log(p) for key, p in logprobs.items()}, whole=whole)
    return NextToken(found, {key: key for key in logprobs})


@given(st.text())
def test_pieces_give_back_every_text(text: str) -> None:
    pieces = PieceTokenizer()
    assert pieces.decode(pieces.encode(text)) == text


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("is 42.", ["is", " 4", "2", "."]),
        ("a_b  c\n", ["a", "_", "b", " ", " c", "\n"]),
        ("号码是4821", ["号", "码", "是", "4", "8", "2", "1"]),
    ],
)
def test_pieces_are_words_digits_and_signs(text: str, cut: list[str]) -> None:
    pieces = PieceTokenizer()
    assert [pieces.decode([piece]) for piece in pieces.encode(text)] == cut


def test_a_rendered_chat_is_cut_into_the_turns_that_it_has() -> None:
    pieces = PieceTokenizer()
    said = [("system", "Be brief."), ("user", "<|assistant|>\nI am no turn."), ("tool", "a: 1"), ("user", "And?")]
    rendered = render(pieces, [{"role": role, "content": text} for role, text in said], "", "")
    prompt = PromptText.from_ids(pieces, rendered.ids)
    found = [(turn.role, prompt.text[turn.start : turn.end].strip()) for turn in turns(prompt)]
    assert [one for one in found if one[1]] == said
    assert [
        rendered.text[start : start + len(text)] for start, (_, text) in zip(rendered.starts, said, strict=True)
    ] == [text for _, text in said]


def test_what_is_no_chat_is_refused() -> None:
    with pytest.raises(ConfigError, match="role"):
        render(PieceTokenizer(), [{"role": "poet", "content": "a"}], "", "")
    with pytest.raises(ConfigError, match="content"):
        render(PieceTokenizer(), [{"role": "user", "content": [{"type": "text"}]}], "", "")


@given(st.text(max_size=30), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 10)), max_size=4))
def test_changes_leave_all_other_characters_as_they_are(text: str, spans: list[tuple[int, int]]) -> None:
    gone = {place for start, size in spans for place in range(start, start + size)}
    left = "".join(letter for place, letter in enumerate(text) if place not in gone)
    assert changed(text, [RequestChange(start, start + size, "") for start, size in spans], 0) == left


@given(st.text("0123456789ab cXYZ-,.$号", min_size=1, max_size=12), st.integers(0, 15))
def test_another_value_has_the_same_form_and_no_sign_of_the_first(value: str, salt: int) -> None:
    other = another_value(value, salt)
    kinds = [(str.isdecimal, str.isascii), (str.islower, str.isascii), (str.isupper, str.isascii)]
    for a, b in zip(value, other, strict=True):
        kind = next((one for one in kinds if all(each(a) for each in one)), None)
        assert a == b if kind is None else a != b and all(each(b) for each in kind)
    assert other[0] != "0" and another_value(value, salt) == other
    # However it is written, with commas or without, it is one value.
    assert another_value(value.replace(",", ""), salt) == other.replace(",", "") or value[0] == ","


def test_a_change_goes_to_the_message_that_it_lies_in() -> None:
    pieces = PieceTokenizer()
    messages = ({"role": "user", "content": "Anna has 4821."}, {"role": "user", "content": "Which has Anna?"})
    rendered = render(pieces, messages, "", "Anna has")
    prompt = RemotePrompt(messages, "", "Anna has", rendered)
    start = rendered.text.index("4821")
    begun = rendered.begun + len("Anna has ")
    asked = prompt.asked(" 4821", [RequestChange(start, start + 4, "[X]"), RequestChange(begun, begun + 4, "[Y]")])
    assert [message["content"] for message in asked.messages] == ["Anna has [X].", "Which has Anna?"]
    assert asked.begun == "Anna has [Y]"
    assert prompt.asked("").messages == messages


def test_spellings_tell_what_a_text_keeps_alive() -> None:
    spellings = Spellings((("4821", " 4821"), ("48", " 48"), ("9370", " 9370")))
    assert spellings.alive(" 4") == {0, 1}
    assert spellings.alive(" 482") == {0}
    assert spellings.alive(" 48 and") == {1}
    assert spellings.alive(" 48215") == frozenset()
    assert spellings.alive("the") == frozenset()


def test_forms_that_were_not_returned_are_counted_with_what_they_may_have() -> None:
    spellings = Spellings((("44", " 44"), ("33", " 33")))
    seen = token({" 44": 0.6, " 33": 0.2, "x": 0.1})
    mass = seen.distribution.mass(spellings.keys({0}, "", seen))
    assert mass.low == pytest.approx(0.6, abs=1e-5) and mass.high == pytest.approx(0.7, abs=1e-5)
    whole = token({" 44": 0.6, " 33": 0.2, "4": 0.1, "x": 0.1}, whole=True)
    exact = whole.distribution.mass(spellings.keys({0}, "", whole))
    assert exact.low == pytest.approx(0.7, abs=1e-5) and exact.high == pytest.approx(0.7, abs=1e-5)


def test_boundaries_hold_as_far_as_the_steps_say_what_was_written() -> None:
    steps = tuple(token({text: 0.9}) for text in ("The", " badge", "?", " is"))
    found = Boundaries.of(Completion("The badge is 4", steps, spent=Spent(1, 1, 6)), 10)
    assert (found.starts, found.end) == ((10, 13), 19)
    assert found.before(12) == 10 and found.before(15) == 13 and found.before(19) is None
    assert found.step_at(13) is steps[1] and found.step_at(14) is None


PART = "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("tokens", "text", "starts"),
    [
        (["Zo", PART, PART, "'s is ", "4"], "Zoë's is 4", (0, 3, 9)),
        (["Zo", r"\xc3", r"\xab", "'s is ", "4", "<end>"], "Zoë's is 4", (0, 3, 9)),
        ([PART, "号", PART, PART, "码", "4"], "工号密码4", (1, 3, 4)),
        # Two ways to lay out the tokens: behind the gap nothing is known. Then none: a part has no three characters.
        (["a", *[PART] * 3, " 4", *[PART] * 3, " 4"], "aé 4é 4é 4", (0,)),
        (["a", PART, " 4", PART, " 4"], "aé 4é 4 4", (0,)),
        # The tokens do not spell the text at all.
        (["a", PART, "b"], "aéc", (0,)),
    ],
)
def test_behind_parts_of_characters_boundaries_hold_where_one_place_fits(
    tokens: list[str], text: str, starts: tuple[int, ...]
) -> None:
    steps = tuple(token({text: 0.9}) for text in tokens)
    found = Boundaries.of(Completion(text, steps), 10, whole=True)
    assert found.starts == tuple(10 + start for start in starts)
    for place in starts:
        read = found.step_at(10 + place)
        assert read is not None and text.startswith(next(iter(read.texts)), place)
    # Where a text may have ended it, its end says nothing.
    assert Boundaries.of(Completion(text, steps), 10).starts == ((10,) if starts[0] == 0 else ())


PROBABILITY = st.floats(1e-9, 1.0)


@given(
    PROBABILITY,
    PROBABILITY,
    PROBABILITY,
    PROBABILITY,
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
    st.sampled_from([0.75, 0.95]),
)
def test_ranges_hold_every_value_of_the_box(
    a: float, b: float, c: float, d: float, along: float, across: float, tau: float
) -> None:
    p1, p0 = Interval(min(a, b), max(a, b)), Interval(min(c, d), max(c, d))
    inside = p1.low + along * (p1.high - p1.low), p0.low + across * (p0.high - p0.low)
    inside = (min(max(inside[0], p1.low), p1.high), min(max(inside[1], p0.low), p0.high))
    box, exact = TokenRange(p1, p0), Budget(*inside, tau, SOFTMAX_FLOOR)
    worst = worst_record(box, tau, "redact", {})
    assert worst is not None and worst.margin_bits <= exact.margin_bits + 1e-9
    assert box.observed is not None
    assert box.observed.low - 1e-9 <= exact.observed_bits <= box.observed.high + 1e-9
    bits = math.log2(inside[0] / inside[1])
    corners = box.corners(3.0, narrowed=True)
    assert corners is not None and box.bits is not None
    assert box.bits.low - 1e-9 <= bits <= box.bits.high + 1e-9
    (low, most), (high, least) = corners
    excess = bits - bits_needed(inside[1], 3.0, narrowed=True)
    assert low - most - 1e-9 <= excess <= high - least + 1e-9
    found = certificate(box, 7, 0, tau, "redact", {})
    if found is not None:
        assert exact.margin_bits >= -1e-9
        assert (found.p1, found.p0["redact"]) == (p1.low, p0.high)
