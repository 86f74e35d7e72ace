"""Prompts, answers and settings that nobody would think of, and tiny models that can be made to write them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import byte_tokens
import yaml
from byte_tokens import LEFT_PADDED, SPECIAL
from conftest import CHAT_TEMPLATE, CORPUS
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor
from transformers import LogitsProcessor, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from guardbind import Binding, CheckpointConfig, Evidence, GuardConfig

# --- tokenizers -----------------------------------------------------------------------------------------------------

_BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def byte_level() -> PreTrainedTokenizerBase:
    """A BPE over bytes, as the demo model's: every text is written with it, one token per digit."""
    return byte_tokens.byte_level(CORPUS, 400, chat_template=CHAT_TEMPLATE)


def metaspace() -> PreTrainedTokenizerBase:
    """As sentencepiece makes them: a space goes before the text, and unknown characters fall back to bytes."""
    bpe = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    bpe.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    bpe.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="first")])
    special = [*SPECIAL, "<unk>", *_BYTES]
    bpe.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=440, special_tokens=special, show_progress=False))
    return PreTrainedTokenizerFast(tokenizer_object=bpe, unk_token="<unk>", chat_template=CHAT_TEMPLATE, **LEFT_PADDED)


def letters() -> PreTrainedTokenizerBase:
    """A token per character of ASCII; all others are unknown."""
    known = [*SPECIAL, "<unk>", "\n", *map(chr, range(32, 127))]
    model = models.BPE({token: i for i, token in enumerate(known)}, [], unk_token="<unk>")
    characters = Tokenizer(model)
    characters.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(tokenizer_object=characters, unk_token="<unk>", **LEFT_PADDED)


def words() -> PreTrainedTokenizerBase:
    """A token per word of a closed vocabulary; text is put together with spaces."""
    text = " ".join([*CORPUS, *KEYS, *VALUES[:20], "What is the of ? = [ ] { } \" ' : | , . ( ) -"])
    split = pre_tokenizers.Whitespace()
    known = dict.fromkeys([*SPECIAL, "<unk>", *(word for word, _ in split.pre_tokenize_str(text))])
    level = Tokenizer(models.WordLevel({word: i for i, word in enumerate(known)}, unk_token="<unk>"))
    level.pre_tokenizer = split
    return PreTrainedTokenizerFast(tokenizer_object=level, unk_token="<unk>", **LEFT_PADDED)


def demo() -> PreTrainedTokenizerBase:
    """That of the demo model."""
    from transformers import AutoTokenizer

    from guardbind.model.loading import resolve

    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(resolve("smollm2-135m"), padding_side="left")
    return tokenizer


_MAKERS = {maker.__name__: maker for maker in (byte_level, metaspace, letters, words, demo)}


@cache
def tokenizer_of(name: str) -> PreTrainedTokenizerBase:
    """Return the one tokenizer of a name."""
    return _MAKERS[name]()


# --- texts ----------------------------------------------------------------------------------------------------------

KEYS = [
    *["badge", "badge number", "number", "Alice", "Alice's badge number", "Alice's badge", "order", "order_id", "id"],
    *["total", "KEY1", "KEY10", "a b", "order.items[0].price"],
    *["מספר", "رقم الطلب", "名前", "🎟", "clé", "cle\u0301", "x\u200dy", "44", '"', "{", "|", "a\\b"],
]
VALUES = [
    *["44", "4417", "44170", "4417-A", "Alice", "Bob", "badge", "Ann Lee", "$1,250.00", "1250 USD", "1.250,00 USD"],
    *["May 3, 2024", "2024-05-03", "a@b.org", "https://a.b/c?d=e", "v1.1.0", "null", "true", "''", "[]", "{}"],
    *[" 4417", "-44", "00417", 'x"y', "x\\y", "x\ny", "{a}", "a|b", "x\ty", "``", "\\", "<img src=x>", "<script>"],
    *["4821", "9" * 400, "ab " * 130 + "c", "é" * 130, "e\u0301\u0323\u0301", "\u0301", "I\u0307stanbul", "ẞ", "ﬁ"],
    *["👩\u200d👩\u200d👧\u200d👦", "🇩🇪🇫🇷", "👍🏽", "44\u200d17", "\ufeff44", "４４１７", "𝟒𝟒", "日本語"],
    *["שלום 44", "مرحبا", "٤٤١٧", "\u202e4417\u202c", "\u200f4417", "\x00", "a\x00b", "\x1b[0m"],
    *["\u2028", "\xa04417", "<|end|>", "<unk>", "<0x41>", "▁44", "Ġ44", "\ufffd"],
]
PHRASES = [
    *["The badge number is ", "Alice's badge is", "badge=", "badge = [", '{"badge": "', '{"order_id": ', "| Alice | "],
    *["| name | badge |\n|---|---|\n| Alice | ", "It was changed to $", "\n", ". ", " and ", "not ", "(", "**", "“"],
]
CHARACTERS = st.characters(exclude_categories=["Cs"])
ANYTHING = st.text(CHARACTERS, max_size=12)
KEY = st.one_of(st.sampled_from(KEYS), ANYTHING)
VALUE = st.one_of(st.sampled_from(VALUES), st.integers(0, 10**6).map(str), ANYTHING, KEY)
Fact = tuple[str, str]


def _json(facts: Sequence[Fact]) -> str:
    return json.dumps(dict(facts), ensure_ascii=False)


FORMATS = [
    lambda facts: "\n".join(f"{key} = {value}" for key, value in facts),
    lambda facts: "\n".join(f"{key}: {value}" for key, value in facts),
    lambda facts: "\n".join(f"{key}=[{value}]" for key, value in facts),
    lambda facts: ", ".join(f"{key}='{value}'" for key, value in facts),
    lambda facts: " ".join(f"Alice's {key} is {value}." for key, value in facts),
    lambda facts: " ".join(f"The {key} of Bob is {value}." for key, value in facts),
    lambda facts: " ".join(f"{value} is {key}'s badge number." for key, value in facts),
    lambda facts: "set({})".format(", ".join(f"{key}={value!r}" for key, value in facts)),
    lambda facts: "key,value\n" + "\n".join(f"{key},{value}" for key, value in facts),
    lambda facts: "| name | badge |\n|---|---|\n" + "\n".join(f"| {key} | {value} |" for key, value in facts),
    lambda facts: "```yaml\n" + yaml.safe_dump(dict(facts), allow_unicode=True) + "```",
    _json,
    lambda facts: json.dumps([{"name": key, "badge": value} for key, value in facts]),
    lambda facts: "".join(f"<|start|>user\n{key}: {value}<|end|>\n" for key, value in facts),
    lambda facts: "".join(f"<|im_start|>tool\n{_json([fact])}<|im_end|>\n" for fact in facts),
]
ENDINGS = [
    *["\nWhat is {}?", "\nWhat is {}?", "\nWhat is {}'s badge?", "\nWhose {} is 4417?", "\nThe {} is", ""],
    *["\n{}=[", "\n{} = ", '\n{{"{}": "', "\n| {} | "],
    *["\n<|start|>assistant\n", "\nIs {} not 44? ", "\nGive me the sum of {}. ", "\nמה {}? "],
]
# Keys of their own and values that begin alike, so that a question has an answer and a wrong one can be written.
ASKED = st.lists(
    st.tuples(st.sampled_from(["Alice", "Bob", "badge", "badge number", "order_id", "KEY1"]), VALUE),
    min_size=2,
    max_size=4,
    unique_by=(lambda fact: fact[0], lambda fact: fact[1].strip()),
)
FACTS = st.one_of(ASKED, ASKED, st.lists(st.tuples(KEY, VALUE), min_size=1, max_size=4))


@st.composite
def prompts(draw: st.DrawFn) -> tuple[str, list[Fact]]:
    """Return a prompt and the facts that it was made of."""
    facts = draw(FACTS)
    stated = draw(st.lists(st.sampled_from(FORMATS), min_size=1, max_size=2))
    texts = [draw(ANYTHING), *(form(facts) for form in stated)]
    ending = draw(st.one_of(st.sampled_from(ENDINGS).map(lambda text: text.format(facts[0][0])), ANYTHING))
    return "\n".join(draw(st.permutations(texts))) + ending, facts


# --- answers --------------------------------------------------------------------------------------------------------

SPLITS = ("whole", "spaced", "characters", "bytes")
Part = tuple[str, str]
"""A text and how it is split."""


def parts(facts: Sequence[Fact]) -> st.SearchStrategy[list[Part]]:
    """Answers that hold right and wrong values, whole, broken off, or split as the prompt does not."""
    stated = st.sampled_from([value for _, value in reversed(facts)])
    begun = st.builds(lambda value, length: value[:length], stated, st.integers(1, 4))
    named = st.sampled_from([f"{form}{key}{to}" for key, _ in facts for form, to in (("", " is "), ('{"', '": "'))])
    text = st.one_of(stated, stated, stated, begun, VALUE, named, st.sampled_from(PHRASES))
    first = st.one_of(stated, stated, text)
    part = st.tuples(text, st.sampled_from(SPLITS))
    return st.tuples(st.tuples(first, st.sampled_from(SPLITS)), st.lists(part, max_size=3)).map(lambda p: [p[0], *p[1]])


def _behind(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Return the tokens of a text as they are in the middle of another one."""
    for anchor in ("\n", "=", ""):
        before = tokenizer.encode(anchor, add_special_tokens=False)
        tokens: list[int] = tokenizer.encode(anchor + text, add_special_tokens=False)
        if tokens[: len(before)] == before:
            return tokens[len(before) :]
    return []


def split(tokenizer: PreTrainedTokenizerBase, text: str, how: str) -> list[int]:
    """Return a text as tokens, split in one of the ways of `SPLITS`; as a whole where a way does not exist."""
    if how == "spaced":
        return _behind(tokenizer, f" {text}")
    if how == "characters":
        return [token for char in text for token in _behind(tokenizer, char)]
    if how == "bytes":
        vocabulary = tokenizer.get_vocab()
        written = [vocabulary.get(f"<0x{byte:02X}>") for byte in text.encode()]
        if None in written:
            level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
            written = [vocabulary.get(char) for char in (level.pre_tokenize_str(text) or [("", (0, 0))])[0][0]]
        if None not in written:
            return [token for token in written if token is not None]
    return _behind(tokenizer, text)


class Script(LogitsProcessor):
    """Makes each row write a text of its own, and keeps the scores that it hands on.

    Args:
        rows: The tokens of each row; where they end, the model writes what it likes.
        columns: Columns of the prompt.
        lead: By how much the next one of them is ahead of all other tokens.
    """

    def __init__(self, rows: Sequence[Sequence[int]], columns: int, lead: float) -> None:
        self.rows = rows
        self.columns = columns
        self.lead = lead
        self.handed: list[Tensor] = []

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        step = input_ids.shape[1] - self.columns
        scores = scores.clone()
        for row, tokens in enumerate(self.rows):
            if step < len(tokens):
                scores[row, tokens[step]] = scores[row].max() + self.lead
        self.handed.append(scores.clone())
        return scores


# --- settings -------------------------------------------------------------------------------------------------------

POLICIES = ("observe", "contrast", "attend", "veto", "checkpoint", "visible", "abstain", "auto", "raise")
VISIBLE = CheckpointConfig(placement="slot", visible=True)
HIDDEN = (CheckpointConfig(), CheckpointConfig(placement="slot"))
UNRESOLVED = {"observe": ["leave"], "raise": ["leave", "raise"]}
SLOTS = ("prompt_end", "line_end", "field", "cell", "passage", "key_phrase", "automatic")

SOME_SLOTS = st.lists(st.sampled_from(SLOTS), min_size=1, unique=True).map(tuple)


@st.composite
def configs(draw: st.DrawFn, policies: Sequence[str] = POLICIES) -> GuardConfig:
    """Settings of a guard, most of them more eager to act than the defaults."""
    policy = draw(st.sampled_from(policies))
    return GuardConfig(
        policy="checkpoint" if policy == "visible" else policy,
        checkpoint=VISIBLE if policy == "visible" else draw(st.sampled_from(HIDDEN)),
        slots=draw(st.one_of(st.just(SLOTS[1:]), st.just(SLOTS[1:]), SOME_SLOTS)),
        patterns=draw(st.sampled_from([(), (r"is ",)])),
        min_evidence_bits=draw(st.sampled_from([0.0, 0.1, 3.0])),
        plausibility=draw(st.sampled_from([1e-6, 0.01])),
        max_interventions=draw(st.sampled_from([0, 1, 8])),
        max_value_tokens=draw(st.sampled_from([1, 16])),
        null=draw(st.sampled_from(["mask", "mask", "redact", "delete", "same_length"])),
        abstain_text=draw(st.sampled_from([None, "unknown", "\u202e👍"])),
        on_unresolved=draw(st.sampled_from(UNRESOLVED.get(policy, ["leave", "leave", "abstain"]))),
        capture_text=draw(st.booleans()),
    )


@st.composite
def declared(draw: st.DrawFn, facts: Sequence[Fact], text: str) -> list[Binding | Evidence]:
    """Bindings as a caller may declare them, also ones that are refused."""
    items: list[Binding | Evidence] = []
    careless, plain = draw(st.sampled_from([(True, False), (False, False), (False, True), (False, True)]))
    for key, value in facts:
        if (not careless and not (key.strip() and value.strip())) or (plain and not f"{key}{value}".isprintable()):
            continue
        if plain and not value.isascii():
            value = "4417"
        attribute, owners = draw(st.sampled_from([(None, ()), (None, ()), ("badge", (key,)), (key, (value, "Bob"))]))
        aliases = draw(st.sampled_from([(), (f"#{value}",), ("44", "x")])) if careless else ()
        at = text.find(value)
        span = (at, at + len(value)) if careless and at >= 0 and draw(st.booleans()) else None
        items.append(Binding(key, value, aliases, span, attribute=attribute, owners=owners))
    if not items or draw(st.booleans()):
        items.append(Evidence("passage", text=draw(st.sampled_from([text[-9:], "Alice", "?"]))))
    return items


@dataclass(frozen=True)
class Case:
    """One guarded call.

    Attributes:
        prompts: One text per row.
        answers: What each row is made to write.
        bindings: What is declared for each row; None to have it read out of the prompts.
        target: What is declared as the target of each row.
        config: Settings of the guard.
        lead: How far what a row is made to write is ahead.
        seed: Of the draws; None for greedy decoding.
    """

    prompts: tuple[str, ...]
    answers: tuple[tuple[Part, ...], ...]
    bindings: tuple[tuple[Binding | Evidence, ...], ...] | None = None
    target: tuple[str | None, ...] | None = None
    config: GuardConfig = field(default_factory=GuardConfig)
    lead: float = 30.0
    seed: int | None = None


@st.composite
def targets(draw: st.DrawFn, bindings: tuple[tuple[Binding | Evidence, ...], ...]) -> tuple[str | None, ...]:
    """Return what may be declared as the target of each row."""
    names = [[item.key if isinstance(item, Binding) else item.id for item in items] for items in bindings]
    return tuple(draw(st.sampled_from([None, row[0], *row])) for row in names)


@st.composite
def cases(draw: st.DrawFn, *, reads: bool = True, rows: int = 3, policies: Sequence[str] = POLICIES) -> Case:
    """Guarded calls.

    Args:
        draw: As hypothesis gives it.
        reads: The bindings are read out of the prompts; else they are declared.
        rows: Most rows of a batch.
        policies: What may be done.
    """
    drawn = draw(st.lists(prompts(), min_size=1, max_size=rows))
    answers = tuple(tuple(draw(parts(facts))) for _, facts in drawn)
    bindings = None if reads else tuple(tuple(draw(declared(facts, text))) for text, facts in drawn)
    return Case(
        prompts=tuple(text for text, _ in drawn),
        answers=answers,
        bindings=bindings,
        target=None if bindings is None else draw(targets(bindings)),
        config=draw(configs(policies)),
        lead=draw(st.sampled_from([0.5, 30.0])),
        seed=draw(st.sampled_from([None, None, 0, 1])),
    )
