"""Takes the key of a server out of the environment when it is sent, and out of every text that comes back."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from guardbind.errors import ConfigError

__all__ = ["EnvironmentKey", "check_address"]

_LIKE_A_KEY = re.compile(r"\b(?:sk|pk|key|hf|gsk|xai|r8|nvapi)[-_][\w*.-]{8,}|\bBearer\s+\S+", re.IGNORECASE)
_SECRET_NAMES = re.compile(r"(key|token|secret|password|signature|sig|auth)", re.IGNORECASE)


class EnvironmentKey:
    """A key that stands in an environment variable; this object holds the variable's name only.

    Args:
        variable: Name of the variable; None where no key is sent.
    """

    __slots__ = ("variable",)

    def __init__(self, variable: str | None) -> None:
        self.variable = variable

    def __repr__(self) -> str:
        return f"EnvironmentKey({self.variable!r})"

    def read(self) -> str | None:
        """Return the key, or None where there is none.

        Raises:
            ConfigError: The variable is not set, is empty, or holds what no header can.
        """
        if self.variable is None:
            return None
        key = os.environ.get(self.variable, "").strip()
        if not key:
            raise ConfigError(
                f"the environment variable {self.variable} holds no key.", hint="Set it, or name another: key_variable."
            )
        if not key.isascii() or not key.isprintable():
            raise ConfigError(
                f"the environment variable {self.variable} holds signs that no key has.", hint="Set it again."
            )
        return key

    def scrubbed(self, text: str) -> str:
        """Return a text of a server without the key, and without whatever looks like one."""
        key = os.environ.get(self.variable, "").strip() if self.variable else ""
        if key:
            text = text.replace(key, "[key]")
        return _LIKE_A_KEY.sub("[key]", text)


def check_address(address: str) -> str:
    """Return the address of a server, without a slash at its end.

    Raises:
        ConfigError: It is no address of a web server, or it holds a name, a password or a key.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    # What stands in the address is not repeated: it may hold a password.
    if not host or parts.scheme not in ("http", "https") or parts.fragment:
        raise ConfigError("the address is no web address.", hint="Give one like http://localhost:8000/v1.")
    names = [pair.partition("=")[0] for pair in parts.query.split("&")]
    if parts.username or parts.password or any(_SECRET_NAMES.search(name) for name in names):
        raise ConfigError(
            "the address holds a name, a password or a key, which would get into logs.",
            hint="Take it out, put the key into an environment variable, and name that by key_variable.",
        )
    return address.rstrip("/")
