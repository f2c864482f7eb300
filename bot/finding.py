"""What one look at an installation found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What one look found.

    Attributes:
        about: What was looked at.
        good: Whether all is well.
        text: What was seen, and when it is not well what to do.
    """

    about: str
    good: bool
    text: str

    def __str__(self) -> str:
        return f"{'ok  ' if self.good else 'BAD '} {self.about}: {self.text}"
