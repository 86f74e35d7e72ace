"""Holds the words that dates are written with, of all languages together: a date is told by its form alone."""

from __future__ import annotations

__all__ = ["ENDINGS", "MONTHS", "OF"]

# Of English, German, French and Spanish; a shorter name is a part of a longer one.
MONTHS = (
    "jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch|s|zo)?|m\u00e4rz|apr(?:il)?|avril|abril|may|mai|mayo|june?|juni|juin|junio"
    "|july?|juli|juillet|julio|aug(?:ust)?|ao\u00fbt|agosto|sept?(?:ember)?|septembre|se(?:p)?tiembre|oct(?:ober|obre|ubre)?"
    "|okt(?:ober)?|nov(?:ember|embre|iembre)?|dec(?:ember)?|dez(?:ember)?|d\u00e9cembre|diciembre|janvier|f\u00e9vrier"
    "|enero|febrero"
)
"""A regular expression of the names of months, in any case."""

ENDINGS = "st|nd|rd|th"
"""What stands behind the number of a day."""

OF = "(?:del? |of )?"
"""What may stand before a month or a year."""
