"""Checks links from the docs to files of the repository, which the site does not hold, and shows them as plain text."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

logger = logging.getLogger("mkdocs.hooks.links")

_LINK = re.compile(r"\[(?P<text>[^\]]+)\]\((?P<path>\.\./[^)#\s]+)(?:#[^)\s]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """Replace links that leave the folder docs by their text; warn of one that leads nowhere.

    Args:
        markdown: The source of the page.
        page: The page, for its place.
        config: The settings of the site, for the folder docs.
    """
    docs = Path(config["docs_dir"]).resolve()

    def shown(match: re.Match[str]) -> str:
        target = (docs / page.file.src_uri).parent.joinpath(match["path"]).resolve()
        if target.is_relative_to(docs):
            return match[0]
        if not target.exists():
            logger.warning("%s links to %s, which does not exist.", page.file.src_uri, match["path"])
        return match["text"]

    return _LINK.sub(shown, markdown)
