"""Gives chat templates of many styles, and a tokenizer for each that knows its markers as special tokens."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any, NamedTuple

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast


class Style(NamedTuple):
    """A template, its special tokens, what it does to contents, and what it tells apart."""

    template: str
    special: tuple[str, ...] = ()
    bos: str | None = None
    strips: bool = False
    merges_system: str | None = None
    """What stands between the system's words and the user's in one turn of the user; None: a turn of its own."""
    system: bool = True
    tool: str | None = None
    """The role that a tool's turn is read as; None: the template takes none."""
    alternates: bool = False
    injects: str | None = None
    """The system turn that is written where none is given."""
    words: tuple[str, ...] = ()
    """Texts that mark a turn without being special tokens."""


_RAISE = "{{ raise_exception('not in this template') }}"

STYLES = {
    "chatml": Style(
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
        ("<|im_start|>", "<|im_end|>"),
        tool="tool",
    ),
    "chatml with its own system text": Style(
        "{% if messages[0].role != 'system' %}<|im_start|>system\nYou are kind.\nx = 1<|im_end|>\n{% endif %}"
        "{% for m in messages %}{% if m.role == 'tool' %}"
        "{% if not loop.previtem or loop.previtem.role != 'tool' %}<|im_start|>user{% endif %}"
        "\n<tool_response>\n{{ m.content }}\n</tool_response>"
        "{% if loop.last or loop.nextitem.role != 'tool' %}<|im_end|>\n{% endif %}"
        "{% else %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
        ("<|im_start|>", "<|im_end|>"),
        injects="You are kind.\nx = 1",
        tool="tool",
        words=("<tool_response>", "</tool_response>"),
    ),
    "headers": Style(
        "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ 'ipython' if m.role == 'tool' else m.role }}"
        "<|end_header_id|>\n\n{{ m.content | trim }}<|eot_id|>{% endfor %}"
        "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}",
        ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        bos="<|begin_of_text|>",
        strips=True,
        tool="tool",
    ),
    "headers with a date": Style(
        "{{ bos_token }}{% set told = messages[0].content if messages[0].role == 'system' else '' %}"
        "<|start_header_id|>system<|end_header_id|>\n\nToday: {{ strftime_now('%d %b %Y, %H:%M:%S.%f') }}\n\n"
        "{{ told }}<|eot_id|>{% for m in messages if m.role != 'system' %}"
        "<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n{{ m.content }}<|eot_id|>{% endfor %}"
        "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}",
        ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        bos="<|begin_of_text|>",
        system=False,
        tool="tool",
        injects="Today: ",
    ),
    "a model's turn": Style(
        "{{ bos_token }}{% set told = messages[0].content | trim + '\n\n' if messages[0].role == 'system' else '' %}"
        "{% for m in (messages[1:] if told else messages) %}"
        "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}" + _RAISE + "{% endif %}"
        "<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n{{ told if loop.first else '' }}"
        "{{ m.content | trim }}<end_of_turn>\n{% endfor %}"
        "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}",
        ("<start_of_turn>", "<end_of_turn>"),
        bos="<bos>",
        strips=True,
        merges_system="\n\n",
        alternates=True,
    ),
    "no system": Style(
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}" + _RAISE + "{% endif %}"
        "<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n{{ m.content }}<end_of_turn>\n{% endfor %}"
        "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}",
        ("<start_of_turn>", "<end_of_turn>"),
        bos="<bos>",
        system=False,
    ),
    "instructions": Style(
        "{{ bos_token }}{% for m in messages %}"
        "{% if m.role == 'system' %}[SYSTEM_PROMPT]{{ m.content }}[/SYSTEM_PROMPT]"
        "{% elif m.role == 'user' %}[INST] {{ m.content }}[/INST]"
        '{% elif m.role == \'tool\' %}[TOOL_RESULTS] {"content": {{ m.content }}, "call_id": "{{ m.tool_call_id }}"}'
        "[/TOOL_RESULTS]"
        "{% elif m.tool_calls %}[TOOL_CALLS] [{{ m.tool_calls[0].function.name }}]{{ eos_token }}"
        "{% else %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}",
        ("[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]"),
        bos="<s>",
        tool="tool",
    ),
    "instructions in words": Style(
        "{{ bos_token }}{% set told = '<<SYS>>\n' + messages[0].content + '\n<</SYS>>\n\n' "
        "if messages[0].role == 'system' else '' %}"
        "{% for m in (messages[1:] if told else messages) %}"
        "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}" + _RAISE + "{% endif %}"
        "{% if m.role == 'user' %}[INST] {{ told if loop.first else '' }}{{ m.content }} [/INST]"
        "{% else %} {{ m.content }} {{ eos_token }}{% endif %}{% endfor %}",
        bos="<s>",
        alternates=True,
        words=("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"),
    ),
    "named tokens": Style(
        "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>\n{% endif %}",
        ("<|system|>", "<|user|>", "<|assistant|>", "<|tool|>", "<|end|>"),
        tool="tool",
    ),
    "named words": Style(
        "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{{ eos_token }}\n{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>\n{% endif %}",
        words=("<|system|>", "<|user|>", "<|assistant|>", "<|tool|>"),
        tool="tool",
    ),
    "begun by a token alone": Style(
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}"
        "{% elif m.role == 'user' %}<｜User｜>{{ m.content }}"
        "{% elif m.role == 'assistant' %}<｜Assistant｜>{{ m.content }}{{ eos_token }}"
        "{% else %}" + _RAISE + "{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}<｜Assistant｜>{% endif %}",
        ("<｜User｜>", "<｜Assistant｜>"),
        bos="<｜begin▁of▁sentence｜>",
    ),
    "begun by a token and thought": Style(
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}<｜User｜>{{ m.content }}"
        "{% else %}<｜Assistant｜>{{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}<｜Assistant｜><think>\n{% endif %}",
        ("<｜User｜>", "<｜Assistant｜>"),
        bos="<｜begin▁of▁sentence｜>",
        system=False,
    ),
    "roles in words": Style(
        "{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}\n\n"
        "{% elif m.role == 'tool' %}" + _RAISE + "{% else %}"
        "{{ 'User' if m.role == 'user' else 'Assistant' }}: {{ m.content }}\n\n{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}Assistant:{% endif %}",
        words=("User:", "Assistant:"),
    ),
    "headings": Style(
        "{% for m in messages %}{% if m.role == 'tool' %}" + _RAISE + "{% endif %}"
        "### {{ 'Instruction' if m.role == 'user' else m.role | title }}:\n{{ m.content }}\n\n{% endfor %}"
        "{% if add_generation_prompt %}### Assistant:\n{% endif %}",
        words=("###",),
    ),
    "a role between tokens": Style(
        "{% for m in messages %}<|start_of_role|>{{ m.role }}<|end_of_role|>{{ m.content }}"
        "<|end_of_text|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|start_of_role|>assistant<|end_of_role|>{% endif %}",
        ("<|start_of_role|>", "<|end_of_role|>", "<|end_of_text|>"),
        tool="tool",
    ),
    "parts": Style(
        "{% for m in messages %}{% if m.content is string %}" + _RAISE + "{% endif %}<|im_start|>{{ m.role }}\n"
        "{% for part in m.content %}{{ part.text }}{% endfor %}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
        ("<|im_start|>", "<|im_end|>"),
        tool="tool",
    ),
}


def tokenizer_of(style: Style, eos: str = "</s>") -> PreTrainedTokenizerFast:
    """Return a byte tokenizer without merges that has the style's template and special tokens."""
    own = copy.deepcopy(_bytes())
    named: dict[str, Any] = {"eos_token": eos} | ({"bos_token": style.bos} if style.bos else {})
    own.add_special_tokens(named)
    own.add_tokens([AddedToken(token, special=True, normalized=False) for token in style.special])
    own.chat_template = style.template
    return own


@cache
def _bytes() -> PreTrainedTokenizerFast:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    plain = Tokenizer(models.BPE({letter: i for i, letter in enumerate(alphabet)}, []))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=plain)
