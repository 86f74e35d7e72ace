"""The text tasks: what is true of every trial."""

from __future__ import annotations

import re
from collections import Counter
from hashlib import sha256
from itertools import pairwise
from typing import Any

import pytest
from scipy.stats import chisquare
from text_tasks import DRAFTED

from guardbind.errors import ConfigError
from guardbind.text.layout import longest, occurrences
from guardbind_bench.prompts.text_trial import Fact, TextTask, TextTrial
from guardbind_bench.prompts.texts.words import SHOPS
from guardbind_bench.registry import TEXT_TASKS

NAMES = DRAFTED
INDICES = range(120)


def made(name: str, k: int = 0, seed: int = 0) -> TextTask:
    return TEXT_TASKS.get(name)(k=k, seed=seed)


def trials(name: str, **kwargs: Any) -> list[TextTrial]:
    task = made(name)
    return [task.trial(index, **kwargs) for index in INDICES]


def text(trial: TextTrial) -> str:
    return "\n".join(message["content"] for message in trial.messages)


def question(trial: TextTrial) -> str:
    return trial.messages[-1]["content"][slice(*trial.question)]


def context(trial: TextTrial) -> list[str]:
    """The contents, without the question and what the assistant says."""
    contents = [m["content"] if m["role"] != "assistant" else "" for m in trial.messages]
    return [*contents[:-1], contents[-1][: trial.question[0]]]


def owners(trial: TextTrial) -> list[str]:
    return list(dict.fromkeys(fact.owner for fact in trial.facts if fact.owner is not None))


def standing(content: str, spellings: set[str]) -> set[tuple[int, int]]:
    lowered = {s if any(map(str.isdigit, s)) else s.lower() for s in spellings}
    return longest(span for span, _ in occurrences(content, lowered, any_case=True))


def asked_fact(trial: TextTrial) -> Fact:
    assert trial.asked is not None
    return trial.facts[trial.asked]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("k", [0, 60])
def test_the_facts_are_all_that_is_stated_and_stand_where_they_say(name: str, k: int) -> None:
    for trial in map(made(name, k=k).trial, INDICES):
        spellings = {form for fact in trial.facts for form in fact.forms}
        for fact in trial.facts:
            assert trial.messages[fact.message]["content"][slice(*fact.span)] == fact.value == fact.forms[0]
            assert trial.messages[fact.message]["role"] in ("user", "tool")
        for number, content in enumerate(context(trial)):
            spans = {fact.span for fact in trial.facts if fact.message == number}
            named = standing(content, set(owners(trial))) if owners(trial) else set()
            assert standing(content, spellings) - named == spans - named
        assert [(f.message, f.span) for f in trial.facts] == sorted((f.message, f.span) for f in trial.facts)


@pytest.mark.parametrize("name", NAMES)
def test_no_spelling_of_a_value_or_name_is_part_of_one_of_another(name: str) -> None:
    for trial in trials(name):
        groups = {fact.forms for fact in trial.facts} | {
            (owner,) for owner in owners(trial) if not any(owner == fact.value for fact in trial.facts)
        }
        assert len({forms[0] for forms in groups}) == len(groups)
        for mine in groups:
            for theirs in groups - {mine}:
                assert not any(a.lower() in b.lower() for a in mine for b in theirs)
        assert not {form for other in trial.others for form in other} & set(trial.answer)


@pytest.mark.parametrize("name", NAMES)
def test_the_question_names_attribute_and_owner_and_not_the_answer(name: str) -> None:
    for trial in trials(name):
        asked, asks = asked_fact(trial), question(trial)
        assert trial.messages[-1]["role"] == "user"
        assert asked.attribute in asks
        assert not standing(asks, set(trial.answer))
        if trial.direction == "key_value":
            assert trial.answer == asked.forms
            siblings = {f.value for f in trial.facts if f.owner == asked.owner and f.owner is not None} | {asked.owner}
            assert asked.owner is None or any(name in asks for name in siblings if name is not None)
        else:
            assert trial.answer[0] == asked.owner
            assert any(form in asks for form in asked.forms)
        assert trial.others


@pytest.mark.parametrize("name", NAMES)
def test_no_turn_of_the_assistant_or_the_user_follows_its_own(name: str) -> None:
    for k in (0, 30):
        for trial in map(made(name, k=k).trial, INDICES):
            roles = [message["role"] for message in trial.messages]
            assert roles[0] in ("system", "user") and "system" not in roles[1:]
            assert all(a != b for a, b in pairwise(roles))


@pytest.mark.parametrize("name", NAMES)
def test_which_value_of_a_key_is_asked(name: str) -> None:
    for trial in trials(name):
        asked = asked_fact(trial)
        values = [f for f in trial.facts if (f.owner, f.attribute) == (asked.owner, asked.attribute)]
        assert (len(values) == 1) == (trial.which == "only")
        assert asked == values[0 if trial.which == "first" else -1]
        if trial.direction == "key_value":
            assert {f.forms for f in values} - {asked.forms} <= set(trial.others)
    if name == "agent_log":
        assert min(Counter(trial.which for trial in trials(name)).values()) > 10


def named(trial: TextTrial, asks: str) -> set[str]:
    """Which names and values of the trial stand in a question."""
    spellings = {form for fact in trial.facts for form in fact.forms} | set(owners(trial))
    return {asks[slice(*span)] for span in standing(asks, spellings)}


@pytest.mark.parametrize("name", NAMES)
def test_a_twin_differs_only_in_the_fact_or_in_the_question(name: str) -> None:
    task = made(name)
    ways: Counter[str] = Counter()
    for index in INDICES:
        item, twin = task.trial(index), task.trial(index, answerable=False)
        asked, asks = asked_fact(item), question(twin)
        assert (twin.asked, twin.answer) == (None, ())
        assert (twin.direction, twin.which) == (item.direction, item.which)
        if asks == question(item):
            ways["left out"] += 1
            kept = [f for f in item.facts if (f.owner, f.attribute) != (asked.owner, asked.attribute)]
            assert [(f.key, f.forms) for f in twin.facts] == [(f.key, f.forms) for f in kept]
            gone = {form for fact in item.facts if fact not in kept for form in fact.forms}
            assert not standing(text(twin).removesuffix(asks), gone)
            assert is_part(text(twin), text(item))
            assert len(item.messages) - len(twin.messages) <= 2 * (len(item.facts) - len(kept))
            continue
        assert len(twin.messages) == len(item.messages)
        assert twin.facts == item.facts
        assert text(twin).removesuffix(asks) == text(item).removesuffix(question(item))
        if named(item, asks) == named(item, question(item)):
            ways["attribute"] += 1
            assert instead(question(item), asked.attribute, asks) not in {fact.attribute for fact in item.facts}
        else:
            ways["stranger"] += 1
            assert named(item, asks) < named(item, question(item))
            assert asked.attribute in asks
    assert set(ways) == {"left out", "attribute", "stranger"}
    assert min(ways.values()) >= 10


def instead(asked: str, attribute: str, asks: str) -> str:
    """What stands in a question where another one has the attribute; JSON behind it may name either."""
    before_json = [text.split(" Answer in JSON")[0] for text in (asked, asks)]
    for match in re.finditer(re.escape(attribute), before_json[0]):
        before, after = before_json[0][: match.start()], before_json[0][match.end() :]
        if before_json[1].startswith(before) and before_json[1].endswith(after):
            return before_json[1][len(before) : len(before_json[1]) - len(after)]
    raise AssertionError(f"{asks!r} is not {asked!r} with another attribute")


def is_part(part: str, whole: str) -> bool:
    """Whether a text is another one with characters left out."""
    rest = iter(whole)
    return all(char in rest for char in part)


@pytest.mark.parametrize("name", NAMES)
def test_the_others_of_a_twin_are_what_could_be_pushed_in(name: str) -> None:
    task = made(name)
    for index in INDICES:
        item, twin = task.trial(index), task.trial(index, answerable=False)
        stated = {f.forms for f in twin.facts} if twin.direction == "key_value" else {(o,) for o in owners(twin)}
        assert twin.others and set(twin.others) <= stated
        assert set(twin.others) >= {forms for forms in item.others if forms in stated} - {item.answer}
        if question(twin) != question(item):
            assert item.answer in twin.others


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("answerable", [True, False])
def test_a_renaming_changes_names_and_values_only(name: str, answerable: bool) -> None:
    task = made(name, k=20)
    for index in INDICES:
        one, two = (task.trial(index, answerable=answerable, renaming=r) for r in (0, 1))
        assert [m["role"] for m in one.messages] == [m["role"] for m in two.messages]
        assert (one.asked, one.direction, one.which) == (two.asked, two.direction, two.which)
        assert [(f.attribute, f.message) for f in one.facts] == [(f.attribute, f.message) for f in two.facts]
        assert [f.value for f in one.facts] != [f.value for f in two.facts]
        assert len(one.others) == len(two.others)
        # A twin may name what is in no fact.
        kept = None if answerable else -1
        assert skeleton(one)[:kept] == skeleton(two)[:kept]
        assert len(named(one, question(one))) == len(named(two, question(two)))


def skeleton(trial: TextTrial) -> list[str]:
    """The contents, with a number in the place of each value and name."""
    places: dict[str, str] = {}
    for i, forms in enumerate([*(fact.forms for fact in trial.facts), *((owner,) for owner in owners(trial))]):
        for form in forms:
            places.setdefault(form, f"<{i}>")
    # A single receipt's shop owns nothing.
    places.update((shop, "<shop>") for shop in SHOPS if shop not in places)
    contents = []
    head = trial.messages[-1]["content"][: trial.question[0]]
    for content in (*(m["content"] for m in trial.messages[:-1]), head, question(trial)):
        found = dict(occurrences(content, places))
        for span in sorted(longest(found), reverse=True):
            content = content[: span[0]] + places[found[span]] + content[span[1] :]
        contents.append(content)
    return contents


@pytest.mark.parametrize("name", NAMES)
def test_every_place_is_asked_for_as_often(name: str) -> None:
    task = made(name)
    quarters: Counter[int] = Counter()
    for trial in map(task.trial, range(600)):
        asked = asked_fact(trial)
        places = [i for i, fact in enumerate(trial.facts) if eligible(trial, fact)]
        # A key is drawn, and then one of its statements: only keys with one value are comparable.
        if trial.which == "only" and asked in [trial.facts[i] for i in places]:
            rank = places.index(trial.facts.index(asked))
            # Where in its place is spread evenly, so that any number of places fills the quarters evenly.
            within = (trial.index * 7919 % 1000) / 1000
            quarters[int(4 * (rank + within) / len(places))] += 1
    assert chisquare([quarters[i] for i in range(4)]).pvalue > 1e-3


def eligible(trial: TextTrial, fact: Fact) -> bool:
    """Whether a fact could have been asked for as the trial's was, and its key has one value."""
    if sum((f.owner, f.attribute) == (fact.owner, fact.attribute) for f in trial.facts) > 1:
        return False
    return trial.direction == "key_value" or fact.owner in {trial.answer[0], *(forms[0] for forms in trial.others)}


@pytest.mark.parametrize("name", NAMES)
def test_the_index_determines_the_trial_whatever_the_distance(name: str) -> None:
    near, far = made(name), made(name, k=80)
    for index in range(20):
        one, two = near.trial(index), far.trial(index)
        assert one == made(name).trial(index)
        assert one != made(name, seed=1).trial(index)
        assert [(f.key, f.forms) for f in one.facts] == [(f.key, f.forms) for f in two.facts]
        assert (question(one), one.answer) == (question(two), two.answer)
        grown = len(text(two).split()) - len(text(one).split())
        assert 80 <= grown < 80 + 25


def test_trials_are_the_same_on_every_machine() -> None:
    """A change here is a change of every stored number: raise the task's version."""
    drawn = {name: repr([made(name, k=9).trial(index) for index in range(50)]) for name in NAMES}
    seen = {name: sha256(text.encode()).hexdigest()[:12] for name, text in drawn.items()}
    assert seen == {
        "agent_log": "79c93fdf4829",
        "chat": "0880a9e5e2ac",
        "notes": "e32a65b27913",
        "receipts": "d0763ef1c824",
        "records": "85b2a11fee2f",
    }


def test_a_negative_distance_is_refused() -> None:
    for name in NAMES:
        with pytest.raises(ConfigError, match="k is -1"):
            made(name, k=-1)


@pytest.mark.parametrize("name", NAMES)
def test_both_directions_and_many_wordings_occur(name: str) -> None:
    every = trials(name)
    counts = Counter(trial.direction for trial in every)
    assert min(counts.values()) > 0.3 * len(every) and len(counts) == 2
    assert len({text(trial) for trial in every}) == len(every)
    tails = [question(trial) for trial in every]
    for part in ("only.", "sentence.", "Answer in JSON as {"):
        assert sum(part in tail for tail in tails) > 5
    assert len({trial.messages[0]["role"] for trial in every}) == 2
