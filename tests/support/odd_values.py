"""Makes strings that look like values and are none, as a prompt may hold them: what parsers fall over."""

from __future__ import annotations

from hypothesis import strategies as st

__all__ = ["BROKE_A_PARSER", "odd_values"]

# Each ended `classify` with an exception once.
BROKE_A_PARSER = {
    "a@[b": "text",
    "x@[": "text",
    "a@[1.2.3.4": "text",
    "999999999999999999999999999999,": "number",
    "\u0be7" * 30 + ",": "number",
    "10.10.10.10-2400": "version",
    "20240503T101010-2400": "id",
    "3 May 2024 10:00 +9999": "text",
}

_ADDRESSES = "a@[b|a@b|@|a.b|..|.|a@b.org|://|http://|http://[|[::1]|//|?q=|#|&|[|]|(|)|<|>|{|}|\"|'|\\|`|_|*|~|^"
_AMOUNTS = "$|\u20ac|\u20bf|US$|USD|JPY|XXX|-|+|\u2212|%|1,250.00|1.250,00|1'000|0|1|00|,|;|:|!"
_NUMBERS = "NaN|inf|1e999|-0|0x1F|1_000|v1|v1.2.3|1!2.0|1.2.3.dev0+x|#20391|(514) 555-0114|+351 555|Bob|null|true"
_DATES = "2024-05-03|2024-13-45|0000-00-00|9999-12-31|10000-01-01|2024-02-30|2024-W10-3|20240503|03/04/2025|May"
_TIMES = "May 3, 2024|3. Mai 2024|12:30|25:99|T10:10:10.1234567890|Z|UTC|EST|+9999|-2400|+00:60|AM|10h|24:00"
_SIGNS = "\u0664\u0664\u0be7\uff11\u00b2\u00bd\u4e00\u2167\U0001d7d8\u00df\u0130\u01c5"
_UNSEEN = "\u0301\u200f\u202e\ufeff\u2028\ud800\0\x1c\x85\u00a0\u202f"
_PARTED = "|".join([_ADDRESSES, _AMOUNTS, _NUMBERS, _DATES, _TIMES])
_PIECES = [*_PARTED.split("|"), *_SIGNS, *_UNSEEN, "|", " ", "\t", "\n"]
_LONG = ("9" * 30, "9" * 64, "1" * 5000, "1," * 40, "0." + "0" * 40, "((((" * 2000, "[" * 3000, "a." * 1000 + "@b.c")


def odd_values(most: int = 6) -> st.SearchStrategy[str]:
    """Join at most so many pieces of values, or take any text at all."""
    pieces = st.one_of(st.sampled_from(_PIECES), st.sampled_from(_LONG), st.text(max_size=3))
    return st.lists(pieces, max_size=most).map("".join)
