"""Writing many values at once gives what asking the tokenizer behind each anchor gives, for every kind of tokenizer."""

from __future__ import annotations

import pytest
from fuzzing import tokenizer_of
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from guardbind.candidates.anchors import clean_split
from guardbind.candidates.trie import Node, Trie
from guardbind.candidates.writing import TokenForm, Writer, tokens_of_each
from guardbind.errors import CandidateError

ANCHORS = ("\n", "=", "[", '"')
CORPUS = [
    "ORD-000017,595.00\nAnn Lee = 12 Oak Street",
    'say "green"\n 5 = [5] x=12',
    "2024-05-03 and 17:30 a@x.org",
] * 4


def byte_level(*before: pre_tokenizers.PreTokenizer, added: tuple[str, ...] = ()) -> PreTrainedTokenizerBase:
    """Cuts as GPT-2 does, what stands before that aside, and merges a line break with a space behind it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*before, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=360, special_tokens=["<s>"], initial_alphabet=alphabet)
    tokenizer.train_from_iterator(CORPUS, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>")
    fast.add_tokens(list(added))
    return fast


def cut_elsewhere() -> PreTrainedTokenizerBase:
    """Takes a mark before a word into the word, as later tokenizers do."""
    tokenizer = Tokenizer(models.BPE())
    pattern = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=["<s>"], initial_alphabet=alphabet)
    tokenizer.train_from_iterator(CORPUS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>")


TOKENIZERS = {
    "gpt2": byte_level(),
    "digits": byte_level(pre_tokenizers.Digits(individual_digits=True)),
    "numbers": byte_level(pre_tokenizers.Digits(individual_digits=False)),
    "added": byte_level(added=("595", "[x]", " Ann")),
    "cut_elsewhere": cut_elsewhere(),
    **{name: tokenizer_of(name) for name in ("byte_level", "metaspace", "letters", "words", "demo")},
}
CERTAIN = {"gpt2", "digits", "numbers", "byte_level", "demo"}

texts = st.one_of(
    st.text(alphabet="aOD5 0.-s!$\"'=[\n\u00e9\u5f20x@", min_size=1, max_size=8),
    st.sampled_from(
        ["ORD-000017", "595.00", "Ann Lee", "12 Oak Street", "2024-05-03", "<s>", "$5", "5\n", "a 5", "x[x]"]
    ),
)


def one_by_one(tokenizer: PreTrainedTokenizerBase, text: str) -> tuple[TokenForm, ...] | None:
    """Return the forms of a text as they are defined: behind each anchor, for each spelling."""
    special, forms = set(tokenizer.all_special_ids), dict[TokenForm, None]()
    for spelling in dict.fromkeys((text, " " + text.lstrip(" "))):
        for anchor in ANCHORS:
            prefix = tuple(tokenizer.encode(anchor, add_special_tokens=False))
            tokens = tuple(tokenizer.encode(anchor + spelling, add_special_tokens=False))
            form = tokens[len(prefix) :]
            if tokens[: len(prefix)] == prefix and not form and special.isdisjoint(prefix):
                return None
            if tokens[: len(prefix)] == prefix and form and special.isdisjoint(form):
                forms[form] = None
    return tuple(forms) or None


def written(
    tokenizer: PreTrainedTokenizerBase, said: list[str], *, prepared: bool
) -> list[tuple[TokenForm, ...] | None]:
    writer = Writer(tokenizer)
    if prepared:
        writer.prepare(said)
    found: list[tuple[TokenForm, ...] | None] = []
    for text in said:
        try:
            found.append(writer.forms(text))
        except CandidateError:
            found.append(None)
    return found


@pytest.mark.parametrize("name", TOKENIZERS)
@settings(max_examples=30, deadline=None)
@given(said=st.lists(texts, min_size=1, max_size=12))
def test_forms_are_those_behind_each_anchor(name: str, said: list[str]) -> None:
    tokenizer = TOKENIZERS[name]
    expected = [one_by_one(tokenizer, text) for text in said]
    assert written(tokenizer, said, prepared=True) == expected
    assert written(tokenizer, said, prepared=False) == expected


@pytest.mark.parametrize("name", TOKENIZERS)
@settings(max_examples=30, deadline=None)
@given(said=st.lists(texts, max_size=20))
def test_many_texts_are_tokenised_as_each_alone(name: str, said: list[str]) -> None:
    tokenizer = TOKENIZERS[name]
    alone = [tuple(tokenizer.encode(text, add_special_tokens=False)) for text in said]
    assert tokens_of_each(tokenizer, said) == alone


def test_it_is_certain_of_tokenizers_that_cut_behind_an_anchor_only() -> None:
    assert {name for name, tokenizer in TOKENIZERS.items() if clean_split(tokenizer, ANCHORS) is not None} == CERTAIN
    split = clean_split(TOKENIZERS["gpt2"], ANCHORS)
    assert split is not None and split.holds("ORD-1") and not split.holds("$5") and not split.holds("a <s>")


def test_a_value_with_a_digit_in_front_is_tokenised_once() -> None:
    tokenizer = TOKENIZERS["digits"]
    writer = Writer(tokenizer)
    writer.prepare(["595.00", "ORD-1"])
    assert {"595.00", "ORD-1", " ORD-1"} <= writer._known.keys() and " 595.00" not in writer._known


def grown(forms: dict[str, list[TokenForm]]) -> dict[TokenForm, tuple[set[int], set[int], set[int]]]:
    """Return at each prefix of a form which tokens go on, which values are alive and which end, the plain way."""
    found: dict[TokenForm, tuple[set[int], set[int], set[int]]] = {}
    for index, each in enumerate(forms.values()):
        for form in each:
            for size in range(len(form) + 1):
                below, values, ends = found.setdefault(form[:size], (set(), set(), set()))
                values.add(index)
                if size < len(form):
                    below.add(form[size])
                else:
                    ends.add(index)
    return found


def walked(node: Node, prefix: TokenForm = ()) -> dict[TokenForm, tuple[set[int], set[int], set[int]]]:
    found = {prefix: (set(node.children), set(node.values), set(node.ends))}
    assert node.depth == len(prefix) and node.children is node.children
    for token, child in node.children.items():
        found |= walked(child, (*prefix, token))
    return found


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)) | st.tuples(st.integers(0, 3)), max_size=3), max_size=9
    )
)
def test_the_tree_that_grows_where_it_is_walked_is_the_whole_tree(drawn: list[list[TokenForm]]) -> None:
    seen: set[TokenForm] = set()
    forms: dict[str, list[TokenForm]] = {}
    for place, each in enumerate(drawn):
        own = [form for form in dict.fromkeys(each) if form not in seen]
        seen.update(own)
        if own:
            forms[f"v{place}"] = own
    if forms:
        assert walked(Trie(forms).root) == grown(forms)
