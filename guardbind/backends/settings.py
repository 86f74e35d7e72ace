"""Holds the settings of a client of a server: how many requests at once and a minute, how long, how often again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator

from guardbind.errors import ConfigError
from guardbind.frozen import Frozen

__all__ = ["ClientConfig"]


class ClientConfig(Frozen):
    """How requests are sent to a server; each backend of one adds settings of its own.

    Raises:
        ConfigError: A setting is unknown, of the wrong type or outside its range.
    """

    concurrency: int = Field(default=8, ge=1)
    """Requests under way at the same time, at most."""

    timeout: float = Field(default=120.0, gt=0, allow_inf_nan=False)
    """Seconds that one try may take, from sending to the last byte of the answer."""

    attempts: int = Field(default=5, ge=1)
    """Tries of one request, the first included."""

    backoff: float = Field(default=0.5, ge=0, allow_inf_nan=False)
    """Seconds before the second try, about; each further wait is up to twice as long as the last."""

    longest_wait: float = Field(default=60.0, ge=0, allow_inf_nan=False)
    """Longest wait between two tries in seconds; a server that asks for a longer one is given up."""

    requests_per_minute: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Requests that are sent in a minute, at most, repeated ones included."""

    tokens_per_minute: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Tokens that are read and written in a minute, at most; estimated when a request is sent, then put right."""

    cached: int = Field(default=1024, ge=0)
    """Answers that are kept in memory; 0: none."""

    cache: Path | None = None
    """Folder in which answers are kept beyond this process; it holds texts that the model wrote, and no prompt."""

    key_variable: str | None = None
    """Name of the environment variable that holds the key of the server. The key itself is never a setting."""

    @field_validator("key_variable")
    @classmethod
    def _is_a_name(cls, name: str | None) -> str | None:
        # Whoever gives the key itself by mistake must not find it in the message.
        if name is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", name):
            raise ValueError("this is no name of an environment variable; give the name, and never the key itself")
        return name

    def __init__(self, **settings: Any) -> None:
        try:
            super().__init__(**settings)
        except ValidationError as error:
            faults = error.errors(include_input=False, include_context=False)
        else:
            return
        what = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'settings'}: {fault['msg']}" for fault in faults)
        # Raised here, so that no error with the input of a setting hangs on it.
        raise ConfigError(f"{type(self).__name__}: {what}.")
