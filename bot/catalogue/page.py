"""Plain text for a terminal: a title, headings and wrapped lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field

_WIDTH = 100


@dataclass
class Block:
    """A heading and its lines; a block without lines is not printed."""

    heading: str
    lines: list[str] = field(default_factory=list)

    def add(self, text: str, mark: str = "", depth: int = 1) -> None:
        """Add a line behind a mark such as ``+``; what is too long goes on below the text."""
        lead = "  " * depth + (f"{mark} " if mark else "")
        wrapped = textwrap.wrap(
            text,
            _WIDTH,
            initial_indent=lead,
            subsequent_indent=" " * len(lead),
            break_long_words=False,
            break_on_hyphens=False,
        )
        self.lines.extend(wrapped)


def page(title: str, blocks: Iterable[Block]) -> str:
    """Join a title and the blocks that have lines."""
    parts = ["\n".join([block.heading, *block.lines]) for block in blocks if block.lines]
    return "\n\n".join([title, *parts])
