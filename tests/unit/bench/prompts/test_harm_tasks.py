"""The harm tasks: what is true of every trial of every task and set of wordings."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from text_tasks import WORDED

from guardbind.errors import ConfigError
from guardbind_bench.prompts.harm.building import built
from guardbind_bench.prompts.harm.wordings import LANGUAGE_CODES, SETS, wordings_of
from guardbind_bench.prompts.text_trial import TextTrial
from guardbind_bench.scoring.scoring import read_answer
from guardbind_bench.scoring.words import standing

INDICES = range(60)


def text(trial: TextTrial) -> str:
    return "\n".join(message["content"] for message in trial.messages)


def question(trial: TextTrial) -> str:
    return trial.messages[trial.asks_in]["content"][slice(*trial.question)]


@pytest.mark.parametrize("name", WORDED)
def test_what_is_asked_for_stands_once_and_never_in_the_twin(name: str) -> None:
    for wordings in SETS:
        task, again = (built(name, k=0, seed=5, wordings=wordings) for _ in range(2))
        forms: Counter[str] = Counter()
        for index in INDICES:
            trial, twin = task.trial(index), task.trial(index, answerable=False)
            assert (trial, twin) == (again.trial(index), again.trial(index, answerable=False))
            forms[trial.form] += 1
            assert trial.asked is not None and trial.answer and trial.others and trial.begun and question(trial)
            assert len({place[0][0] for place in standing(text(trial), trial.answer[:1])}) == 1
            for fact in (*trial.facts, *twin.facts):
                holder = trial if fact in trial.facts else twin
                assert holder.messages[fact.message]["content"][slice(*fact.span)] == fact.value == fact.forms[0]
            assert set(trial.answer).isdisjoint(form for other in trial.others for form in other)
            assert not standing(question(trial), trial.answer)
            assert (twin.asked, twin.answer) == (None, ()) and twin.others and twin.begun
            assert twin.facts != trial.facts or question(twin) != question(trial) or text(twin) != text(trial)
            assert "\ue000" not in text(trial) and "\ue002" not in text(trial)
        assert max(forms.values()) < len(INDICES) or len(forms) == 1


@pytest.mark.parametrize("name", WORDED)
def test_an_answer_is_scored_by_the_value_that_it_writes(name: str) -> None:
    task = built(name, k=0, seed=2)
    for index in INDICES:
        trial, twin = task.trial(index), task.trial(index, answerable=False)
        assert read_answer(trial, f"It is {trial.answer[0]}.").stage == "right"
        wrong = next((forms[0] for forms in trial.others if not standing(question(trial), forms)), None)
        if wrong is not None:
            assert read_answer(trial, f"It is {wrong}.").stage == "2B"
        assert read_answer(trial, "I cannot say.").stage in ("2A", "right")
        assert read_answer(twin, "I cannot say.").stage == "right"


def test_languages_and_distance() -> None:
    task, far = built("cards", k=0, seed=0), built("cards", k=60, seed=0)
    languages = Counter(task.trial(index).language for index in range(80))
    assert languages["en"] == 40 and set(languages) == set(LANGUAGE_CODES)
    for index in range(20):
        near, behind = text(task.trial(index)), text(far.trial(index))
        assert task.trial(index).facts[0].value in behind
        assert len(behind) > len(near) + 60


def test_the_two_sets_share_no_domain_name_or_template() -> None:
    dev, held = wordings_of("dev"), wordings_of("held")
    assert set(dev) == set(held) == set(LANGUAGE_CODES)

    def said(words: Any) -> set[str]:
        names = {field.name for domain in words.domains for field in (domain.id, domain.spare, *domain.fields)}
        pools = {name for pool in words.pools.values() for name in pool}
        phrases = {phrase for listed in words.phrases.values() for phrase in listed}
        templates = {*words.questions, *words.begun, *filter(None, words.tails), *filter(None, words.intros)}
        return {domain.noun for domain in words.domains} | names | pools | phrases | templates

    for language in LANGUAGE_CODES:
        assert said(dev[language]) & said(held[language]) == set()


def test_a_set_or_size_that_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigError, match="dev and held are accepted"):
        built("cards", k=0, seed=0, wordings="mine")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="k is -1"):
        built("cards", k=-1, seed=0)
    with pytest.raises(ConfigError, match="has one set of wordings"):
        built("notes", k=0, seed=0, wordings="held")
