from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from bench_tiny import bench_tokenizer
from conftest import CHAT_TEMPLATE
from hypothesis import given
from hypothesis import strategies as st

from guardbind.errors import ConfigError
from guardbind_bench.prompts.cell import PromptForm
from guardbind_bench.prompts.pool import encode
from guardbind_bench.prompts.tasks.binding import BindingTask
from guardbind_bench.prompts.tasks.sketch import Segment, Sketch, assemble, flat
from guardbind_bench.registry import ARMS, TASKS

TOKENIZER = bench_tokenizer()
NAMES = ("competing_vars", "decoy_injection", "primacy_recency")
TWO_ONLY = ("competitor_only", "target_only", "wrong_value")
SPREAD = [name for name in ARMS.names() if name not in ("reread", "short", "single")]


CHAT = deepcopy(TOKENIZER)
CHAT.chat_template = CHAT_TEMPLATE


@cache
def built(task: str, k: int, filler: str, form: PromptForm) -> BindingTask:
    task_built = TASKS.get(task)(CHAT, filler=filler, k=k, seed=0, form=form)
    assert isinstance(task_built, BindingTask)
    return task_built


def sketch(task: str, arm: str, *, k: int = 40, index: int = 0, filler: str = "natural", **form: str) -> Sketch:
    plain = built(task, k, filler, PromptForm.model_validate({"layout": "C", **form})).sketch(index)
    name, _, number = arm.partition(":")
    return plain if name == "baseline" else ARMS.get(name)(plain, int(number) if number else None)


def text_of(ids: tuple[int, ...]) -> str:
    return str(TOKENIZER.decode(list(ids), clean_up_tokenization_spaces=False))


def inserted(sketch: Sketch) -> list[tuple[int, tuple[int, ...]]]:
    """What an arm has added: how many tokens of filler of the last block stand before it, and its ids."""
    places: list[tuple[int, tuple[int, ...]]] = []
    filler = 0
    for segment, before in zip(sketch.segments, (None, *sketch.segments), strict=False):
        if segment.role == "restatement":
            known = before is not None and before.role == "restatement"
            ids = (*(places.pop()[1] if known else ()), *segment.ids)
            places.append((filler, ids))
        elif segment.role == "filler":
            filler += len(segment.ids)
        elif segment.bound is not None:
            filler = 0
    return places


def says(sketch: Sketch) -> str:
    [(_, ids)] = inserted(sketch)
    return text_of(ids)


def without(sketch: Sketch) -> tuple[int, ...]:
    return flat([segment for segment in sketch.segments if segment.role != "restatement"])


@pytest.mark.parametrize(
    ("every", "k", "places"),
    [
        (128, 0, []),
        (128, 1, []),
        (128, 127, []),
        (128, 128, []),
        (128, 129, [128]),
        (128, 256, [128]),
        (128, 300, [128, 256]),
        (128, 512, [128, 256, 384]),
        (128, 1024, list(range(128, 1024, 128))),
        (128, 2048, list(range(128, 2048, 128))),
        (64, 64, []),
        (64, 128, [64]),
        (64, 256, [64, 128, 192]),
        (64, 512, list(range(64, 512, 64))),
        (64, 1024, list(range(64, 1024, 64))),
    ],
)
@pytest.mark.parametrize("task", NAMES)
def test_a_checkpoint_follows_every_so_many_tokens_of_the_last_block(
    task: str, every: int, k: int, places: list[int]
) -> None:
    found = inserted(sketch(task, f"oracle:{every}", k=k, filler="repeat"))
    assert [place for place, _ in found] == places
    assert len({ids for _, ids in found}) <= 1
    if every == 128:
        assert inserted(sketch(task, "oracle", k=k, filler="repeat")) == found


def test_the_checkpoint_is_that_of_the_paper() -> None:
    def expected(task: str, style: str, index: int) -> list[str | int]:
        v: list[str | int] = [value.token for value in sketch(task, "baseline", style=style, index=index).values]
        return {
            ("competing_vars", "bracket"): ["\nCHECKPOINT: KEY1=[", v[0], "] KEY2=[", v[-1], "]\n"],
            ("competing_vars", "eq"): ["\nCHECKPOINT: KEY1 is", v[0], " ; KEY2 is", v[-1], ".\n"],
            ("primacy_recency", "bracket"): ["\nCHECKPOINT: FIRST(KEY)=[", v[0], "] LAST(KEY)=[", v[-1], "]\n"],
            ("primacy_recency", "eq"): ["\nCHECKPOINT: FIRST(KEY) is", v[0], " ; LAST(KEY) is", v[-1], ".\n"],
            ("decoy_injection", "bracket"): ["\nCHECKPOINT: KEY=[", v[0], "]\n"],
            ("decoy_injection", "eq"): ["\nCHECKPOINT: KEY is", v[0], ".\n"],
        }[task, style]

    for task in NAMES:
        for style in ("bracket", "eq"):
            for index in range(4):
                pieces: list[int] = []
                for piece in expected(task, style, index):
                    pieces += [piece] if isinstance(piece, int) else encode(TOKENIZER, piece)
                for layout in ("S", "C"):
                    for asked in ("random", "fixed"):
                        form: dict[str, Any] = {"style": style, "layout": layout, "asked": asked}
                        assert inserted(sketch(task, "oracle:32", index=index, **form)) == [(32, tuple(pieces))]


@given(
    st.sampled_from(SPREAD),
    st.sampled_from(NAMES),
    st.sampled_from([0, 1, 40, 120]),
    st.integers(1, 60),
    st.integers(0, 10**4),
    st.sampled_from(["bracket", "eq"]),
    st.sampled_from(["natural", "decoy_heavy"]),
)
def test_an_arm_only_adds_where_the_oracle_adds(
    arm: str, task: str, k: int, every: int, index: int, style: str, filler: str
) -> None:
    if task == "decoy_injection" and arm in TWO_ONLY:
        return
    plain = sketch(task, "baseline", k=k, index=index, filler=filler, style=style)
    oracle = sketch(task, f"oracle:{every}", k=k, index=index, filler=filler, style=style)
    changed = sketch(task, f"{arm}:{every}", k=k, index=index, filler=filler, style=style)
    assert [place for place, _ in inserted(changed)] == [place for place, _ in inserted(oracle)]
    assert without(changed) == flat(plain.segments)
    before, after = assemble(plain), assemble(changed)
    assert after.bound[after.asked] == before.bound[before.asked]
    assert (after.bound, after.asked, after.competitor) == (before.bound, before.asked, before.competitor)
    assert after.candidates == before.candidates
    assert after.distance - before.distance == sum(len(ids) for _, ids in inserted(changed))
    assert after.ids[after.question.start :] == before.ids[before.question.start :]


def test_what_each_arm_says() -> None:
    for index in range(6):
        plain = sketch("competing_vars", "baseline", index=index)
        v1, v2 = (value.word for value in plain.values)
        target, other = ("KEY1", v1, "KEY2", v2) if plain.asked == 0 else ("KEY2", v2, "KEY1", v1), plain.unbound.word
        common = text_of((plain.stock.common,))
        lies = (other, v2) if plain.asked == 0 else (v1, other)
        expected = {
            "blank": f"\nCHECKPOINT: KEY1=[{common}] KEY2=[{common}]\n",
            "competitor_only": f"\nCHECKPOINT: {target[2]}=[ {target[3]}]\n",
            "oracle": f"\nCHECKPOINT: KEY1=[ {v1}] KEY2=[ {v2}]\n",
            "raw_copy": f"\nKEY1=[ {v1}]\n\nKEY2=[ {v2}]\n",
            "reread": f"\n{target[0]}=[ {target[1]}]\n",
            "single": f"\nCHECKPOINT: KEY1=[ {v1}] KEY2=[ {v2}]\n",
            "target_only": f"\nCHECKPOINT: {target[0]}=[ {target[1]}]\n",
            "unrelated_key": f"\nCHECKPOINT: KEY7=[ {v1}] KEY8=[ {v2}]\n",
            "unrelated_value": f"\nCHECKPOINT: KEY1=[ {lies[0]}] KEY2=[ {lies[1]}]\n",
            "wrong_value": f"\nCHECKPOINT: KEY1=[ {v2}] KEY2=[ {v1}]\n",
        }
        assert {*expected, "extra_filler", "short"} == set(ARMS)
        number = {"reread": 0, "single": 0}
        for arm, text in expected.items():
            assert says(sketch("competing_vars", f"{arm}:{number.get(arm, 32)}", index=index)) == text


def test_roles_are_restated_by_their_names() -> None:
    for index in range(6):
        plain = sketch("primacy_recency", "baseline", index=index)
        v1, v2, v3 = (value.word for value in plain.values)
        asked, rival = (("FIRST", v1), ("LAST", v3)) if plain.asked == 0 else (("LAST", v3), ("FIRST", v1))
        expected = {
            "competitor_only:32": f"\nCHECKPOINT: {rival[0]}(KEY)=[ {rival[1]}]\n",
            "raw_copy:32": f"\nKEY=[ {v1}]\n\nKEY=[ {v2}]\n\nKEY=[ {v3}]\n",
            "reread": f"\nKEY=[ {v1}]\nKEY=[ {v2}]\nKEY=[ {v3}]\n",
            "target_only:32": f"\nCHECKPOINT: {asked[0]}(KEY)=[ {asked[1]}]\n",
            "unrelated_key:32": f"\nCHECKPOINT: FIRST(KEY7)=[ {v1}] LAST(KEY7)=[ {v3}]\n",
            "wrong_value:32": f"\nCHECKPOINT: FIRST(KEY)=[ {v3}] LAST(KEY)=[ {v1}]\n",
        }
        for arm, text in expected.items():
            assert says(sketch("primacy_recency", arm, index=index)) == text


@pytest.mark.parametrize("filler", ["natural", "decoy_heavy", "repeat", "random"])
def test_extra_filler_is_as_long_and_holds_no_value(filler: str) -> None:
    for task in NAMES:
        oracle = inserted(sketch(task, "oracle:16", k=100, filler=filler))
        extra = sketch(task, "extra_filler:16", k=100, filler=filler)
        assert [(place, len(ids)) for place, ids in inserted(extra)] == [(place, len(ids)) for place, ids in oracle]
        added = {token for _, ids in inserted(extra) for token in ids}
        assert added.isdisjoint(extra.stock.forbidden)
        if filler == "repeat":
            assert added == {extra.stock.common}


def test_short_keeps_the_start_of_the_last_block() -> None:
    for k, every, left in ((40, 16, 16), (40, 40, 40), (40, 64, 40), (0, 16, 0)):
        plain, cut = sketch("competing_vars", "baseline", k=k), sketch("competing_vars", f"short:{every}", k=k)
        assert cut.segments[cut.tail].ids == plain.segments[plain.tail].ids[:left]
        assert cut.segments[: cut.tail] == plain.segments[: plain.tail]
        assert cut.segments[-1] == plain.segments[-1]
        assert not inserted(cut)


@pytest.mark.parametrize("arm", ["single", "reread"])
def test_one_place_is_counted_from_the_question(arm: str) -> None:
    plain = sketch("competing_vars", "baseline")
    for distance in (0, 1, 17, 40):
        changed = sketch("competing_vars", f"{arm}:{distance}")
        assert [place for place, _ in inserted(changed)] == [40 - distance]
        assert without(changed) == flat(plain.segments)
    assert sketch("competing_vars", arm).segments == sketch("competing_vars", f"{arm}:0").segments
    with pytest.raises(ConfigError, match=r"41 tokens before the question .* 0 to 40 are accepted"):
        sketch("competing_vars", f"{arm}:41")


@pytest.mark.parametrize("layout", ["S", "C"])
def test_rereading_knows_the_question_only(layout: str) -> None:
    close = {"S": " ]\n", "C": "]\n"}[layout]
    for index in range(4):
        plain = sketch("competing_vars", "baseline", index=index, layout=layout)
        key, word = plain.keys[plain.asked], plain.values[plain.asked].word
        assert says(sketch("competing_vars", "reread", index=index, layout=layout)) == f"\n{key}=[ {word}{close}"
        eq = sketch("competing_vars", "reread", index=index, layout=layout, style="eq")
        assert says(eq) == f"\n{key} = {word}\n"
        told = sketch("competing_vars", "reread", index=index, layout=layout, template="chat")
        assert says(told) == f"\n{key}=[ {word}{close}"


def test_assignments_without_an_end_are_copied_as_lines() -> None:
    plain = sketch("competing_vars", "baseline", style="eq")
    v1, v2 = (value.word for value in plain.values)
    assert says(sketch("competing_vars", "raw_copy:32", style="eq")) == f"\nKEY1 = {v1}\nKEY2 = {v2}\n"


def test_what_is_added_is_no_evidence() -> None:
    for arm in SPREAD:
        for segment in sketch("competing_vars", f"{arm}:8").segments:
            assert (segment.bound is not None) == (segment.role in ("statement", "value"))


def test_what_does_not_exist_is_refused() -> None:
    for arm in TWO_ONLY:
        with pytest.raises(ConfigError, match=rf"arm '{arm}' .* restates only KEY; tasks that restate two"):
            sketch("decoy_injection", arm)
    for arm in (*SPREAD, "short"):
        with pytest.raises(ConfigError, match="every 0 tokens was asked for; 1 or more"):
            sketch("competing_vars", f"{arm}:0")
    plain = sketch("competing_vars", "baseline")
    question = Segment(plain.encode("Which value is it?"), "question")
    with pytest.raises(ConfigError, match=r"ends with 'Which value is it\?'; arm 'reread' accepts"):
        ARMS.get("reread")(replace(plain, segments=(*plain.segments[:-1], question)), None)
