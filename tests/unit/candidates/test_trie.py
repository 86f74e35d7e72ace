from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import ByT5Tokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from guardbind.candidates.trie import Trie, surface_forms
from guardbind.errors import CandidateError

CORPUS = [
    "the colour is blue and the bluebird is red",
    "KEY = blue",
    "code=[42]",
    "order 1234 and 1235 = 99",
    'say "green" or "blue"\n',
] * 3


def byte_level() -> PreTrainedTokenizerBase:
    """GPT-2 style: no space is added at the start of a text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=340, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")


def metaspace() -> PreTrainedTokenizerBase:
    """Sentencepiece style: a space is added at the start of a text, unknown characters fall back to bytes."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="never")])
    special = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    tokenizer.train_from_iterator(
        CORPUS, trainers.BpeTrainer(vocab_size=400, special_tokens=special, show_progress=False)
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


def words() -> PreTrainedTokenizerBase:
    """A closed vocabulary of words, in which the anchors are unknown."""
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, "blue": 1, "red": 2}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>")


TOKENIZERS = {"byte_level": byte_level(), "metaspace": metaspace(), "slow_bytes": ByT5Tokenizer()}
each_tokenizer = pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS)


def pieces(tokenizer: PreTrainedTokenizerBase, value: str, aliases: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    forms = surface_forms(tokenizer, value, aliases)
    assert len(set(forms)) == len(forms)
    return {tuple(tokenizer.convert_ids_to_tokens(list(form))) for form in forms}


def decode(tokenizer: PreTrainedTokenizerBase, tokens: list[int]) -> str:
    text = tokenizer.decode(tokens, clean_up_tokenization_spaces=False)
    assert isinstance(text, str)
    return text


def test_byte_level_forms_with_and_without_a_space() -> None:
    assert pieces(TOKENIZERS["byte_level"], "blue") == {("blue",), ("Ġblue",)}


def test_metaspace_form_without_a_space_is_found() -> None:
    tokenizer = TOKENIZERS["metaspace"]
    at_start = tokenizer.convert_ids_to_tokens(tokenizer.encode("blue", add_special_tokens=False))
    assert at_start == ["▁blue"]
    assert pieces(tokenizer, "blue") == {("blue",), ("▁blue",)}


def test_a_value_may_be_split_differently_behind_a_space() -> None:
    assert pieces(TOKENIZERS["byte_level"], "1234") == {("12", "3", "4"), ("Ġ1234",)}


def test_a_split_that_depends_on_the_context_gives_one_form_for_each() -> None:
    # "b" merges with "[" and "=" before it merges with "l": behind these the anchor is gone, behind "\n" it is not.
    vocabulary = {token: i for i, token in enumerate(["\n", "=", "[", '"', "b", "l", " ", "[b", "=b", '"l', "bl"])}
    tokenizer = Tokenizer(models.BPE(vocabulary, [("[", "b"), ("=", "b"), ('"', "l"), ("b", "l")]))
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    assert pieces(fast, "bl") == {("bl",), (" ", "bl")}
    assert pieces(fast, "l") == {("l",), (" ", "l")}


@each_tokenizer
@given(value=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zs")), min_size=1, max_size=8))
def test_forms_decode_to_the_value(tokenizer: PreTrainedTokenizerBase, value: str) -> None:
    special = set(tokenizer.all_special_ids)
    anchor = tokenizer.encode("=", add_special_tokens=False)
    for form in surface_forms(tokenizer, value):
        assert special.isdisjoint(form)
        assert decode(tokenizer, [*anchor, *form]).lstrip() in (f"={value}", f"= {value}")


@each_tokenizer
@pytest.mark.parametrize("value", ["naïve", "日本", "🙂", "two words", "[x]", "=", '"', "-5.00"])
def test_unicode_and_punctuation_have_both_forms(tokenizer: PreTrainedTokenizerBase, value: str) -> None:
    decoded = {decode(tokenizer, list(form)).strip() for form in surface_forms(tokenizer, f"x{value}")}
    assert decoded == {f"x{value}"}
    assert len(surface_forms(tokenizer, value)) >= 2


def test_aliases_add_forms_and_repetition_does_not() -> None:
    tokenizer = TOKENIZERS["byte_level"]
    own = surface_forms(tokenizer, "blue")
    assert surface_forms(tokenizer, "blue", ("blue", " blue")) == own
    assert set(surface_forms(tokenizer, "blue", ("red",))) == set(own) | set(surface_forms(tokenizer, "red"))


def test_a_leading_space_is_not_doubled() -> None:
    assert pieces(TOKENIZERS["byte_level"], " blue") == {("Ġblue",)}


@each_tokenizer
def test_an_empty_value_is_refused(tokenizer: PreTrainedTokenizerBase) -> None:
    with pytest.raises(CandidateError, match="tokenises to nothing"):
        surface_forms(tokenizer, "")
    with pytest.raises(CandidateError, match="tokenises to nothing"):
        surface_forms(tokenizer, "blue", ("",))


def test_special_tokens_are_no_form() -> None:
    with pytest.raises(CandidateError, match="not special"):
        surface_forms(TOKENIZERS["byte_level"], "</s>")
    with pytest.raises(CandidateError, match="not special"):
        surface_forms(words(), "green")


def test_unknown_anchors_do_not_hide_a_known_value() -> None:
    assert surface_forms(words(), "blue") == ((1,),)


# --- the trie -------------------------------------------------------------------------------------------------------

FormSets = dict[str, list[tuple[int, ...]]]


@st.composite
def form_sets(draw: st.DrawFn) -> FormSets:
    """Values of up to three forms over a few token ids, with shared beginnings and values that begin others."""
    form = st.lists(st.integers(0, 4), min_size=1, max_size=4).map(tuple)
    forms = draw(st.lists(form, min_size=1, max_size=8, unique=True))
    owners = draw(st.lists(st.integers(0, 3), min_size=len(forms), max_size=len(forms)))
    sets: FormSets = {}
    for owner, sequence in zip(owners, forms, strict=True):
        sets.setdefault(f"value{owner}", []).append(sequence)
    return sets


@given(form_sets(), st.lists(st.integers(0, 5), max_size=5).map(tuple))
def test_walk_agrees_with_the_list_of_forms(sets: FormSets, tokens: tuple[int, ...]) -> None:
    trie = Trie(sets)
    node = trie.walk(tokens)
    beginning = {i for i, forms in enumerate(sets.values()) for form in forms if form[: len(tokens)] == tokens}
    if node is None:
        assert not beginning
        return
    assert node.values == beginning
    assert node.ends == {i for i, forms in enumerate(sets.values()) if tokens in forms}
    assert node.depth == len(tokens)
    following: dict[int, set[int]] = {}
    for i, forms in enumerate(sets.values()):
        for form in forms:
            if form[: len(tokens)] == tokens and len(form) > len(tokens):
                following.setdefault(i, set()).add(form[len(tokens)])
    assert trie.groups(node) == {i: tuple(sorted(following[i])) for i in sorted(following)}


@given(form_sets())
def test_every_form_is_found_and_ends_its_value(sets: FormSets) -> None:
    trie = Trie(sets)
    assert [candidate.value for candidate in trie.candidates] == list(sets)
    assert trie.first_tokens == {form[0] for forms in sets.values() for form in forms}
    for candidate in trie.candidates:
        assert trie.index_of(candidate.value) == candidate.index
        assert set(candidate.forms) == set(sets[candidate.value])
        for form in candidate.forms:
            node = trie.walk(form)
            assert node is not None
            assert node.ends == {candidate.index}


def test_branching_is_a_choice_between_candidates() -> None:
    trie = Trie({"10": [(1, 0), (9, 1, 0)], "12": [(1, 2), (9, 1, 2)], "120": [(1, 2, 0), (9, 1, 2, 0)]})
    branching = {
        tokens: node.branching
        for tokens in [(), (9,), (1,), (1, 0), (1, 2), (1, 2, 0)]
        if (node := trie.walk(tokens)) is not None
    }
    # Both first tokens lead to the same three values; "12" may end where "120" goes on.
    assert branching == {(): False, (9,): False, (1,): True, (1, 0): False, (1, 2): True, (1, 2, 0): False}


def test_an_end_and_a_longer_form_of_the_same_value_are_no_choice() -> None:
    assert not Trie({"St": [(1,), (1, 2)]}).walk([1]).branching  # type: ignore[union-attr]


def test_equal_values_are_one_candidate_with_all_aliases() -> None:
    tokenizer = TOKENIZERS["byte_level"]
    trie = Trie.build(tokenizer, [("blue", ()), ("red", ()), ("blue", ("green",))])
    assert [candidate.value for candidate in trie.candidates] == ["blue", "red"]
    assert set(surface_forms(tokenizer, "green")) < set(trie.candidates[trie.index_of("blue")].forms)


@pytest.mark.parametrize(
    "values",
    [
        [("blue", ("navy",)), ("red", ("navy",))],
        [("blue", ("red",)), ("red", ())],
        [("blue", ()), (" blue", ())],
    ],
)
def test_values_that_share_a_form_are_refused(values: list[tuple[str, tuple[str, ...]]]) -> None:
    with pytest.raises(CandidateError, match="cannot be told apart") as caught:
        Trie.build(TOKENIZERS["byte_level"], values)
    assert all(repr(value) in str(caught.value) for value, _ in values)


def test_a_value_may_begin_another_one() -> None:
    trie = Trie.build(TOKENIZERS["slow_bytes"], [("4", ()), ("42", ())])
    node = trie.walk(surface_forms(TOKENIZERS["slow_bytes"], "4")[0])
    assert node is not None
    assert node.ends == {0}
    assert node.values == {0, 1}
    assert node.branching


def test_a_value_may_be_longer_than_the_recursion_limit() -> None:
    form = tuple(range(1500))
    node = Trie({"long": [form]}).walk(form)
    assert node is not None
    assert node.ends == {0}


def test_what_is_no_candidate_set_is_refused() -> None:
    with pytest.raises(CandidateError, match="empty"):
        Trie({})
    with pytest.raises(CandidateError, match="nothing"):
        Trie({"blue": [()]})
    with pytest.raises(CandidateError, match="nothing"):
        Trie({"blue": []})
    with pytest.raises(CandidateError, match="'green' is not in the candidate set"):
        Trie({"blue": [(1,)]}).index_of("green")
