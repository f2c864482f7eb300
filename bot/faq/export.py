"""Writes what the desk published back into ``data/faq``, so that the next release carries it.

Only entries that differ are written; everything else in a file stays as it is, byte for byte.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import textwrap
from collections.abc import Mapping
from pathlib import Path

from bot.datafile import items, line_of, load, take
from bot.errors import StartupError
from bot.faq.bank import Bank, Entry

_WIDTH = 94
_NOTHING = "entries: []"
_TRAINING = re.compile(r"(?:- )?(?:nlu|responses|rules|stories):")
"""How a line begins that makes Rasa take a file for training data."""


def export(folder: Path, published: Mapping[str, Entry | None]) -> list[str]:
    """Bring the files up to date and return a line for each entry that was written.

    Args:
        folder: ``data/faq``.
        published: What answers instead of the files, by id; None for what was withdrawn.

    Raises:
        StartupError: The files would not be in order then; nothing is written.
    """
    bank = Bank.load(folder)
    wanted = bank.overlaid(published)
    said: list[str] = []
    texts: dict[Path, str] = {}
    for id, entry in sorted(published.items()):
        old = bank.get(id) if id in bank else None
        if old == entry:
            continue
        for topic in dict.fromkeys(one.topic for one in (old, entry) if one is not None):
            path = folder / f"{topic}.yml"
            text = texts.get(path) or _text(path)
            here = entry if entry is not None and entry.topic == topic else None
            texts[path] = _rewritten(path, text, id, here)
        what = "withdrawn" if entry is None else "changed" if old else "added"
        said.append(f"{what}: {id} ({(entry or old).topic}.yml)")  # type: ignore[union-attr]
    _prove(folder, texts, wanted)
    for path, text in texts.items():
        draft = path.with_suffix(".new")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    return said


def render(entry: Entry) -> str:
    """Return an entry as the lines of a file, in the style of those that are there."""
    lines = [
        f"  - id: {entry.id}",
        f"    question: {_quoted(entry.question)}",
        *_folded("answer", entry.answer),
        *_folded("source", entry.source),
        f"    source_label: {_quoted(entry.source_label)}",
        f"    confidence: {entry.confidence}",
        f"    service: {entry.service}",
        *([f"    category: {entry.category}"] if entry.category else []),
        "    variants:",
        *(f"      - {_quoted(text)}" for text in entry.variants),
        *([f"    related: [{', '.join(entry.related)}]"] if entry.related else []),
        *([f"    valid_until: {entry.valid_until}"] if entry.valid_until else []),
    ]
    return "\n".join(lines) + "\n"


def _folded(key: str, text: str) -> list[str]:
    wrapped = textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
    if any(_TRAINING.match(line) for line in wrapped):
        return [f"    {key}: {_quoted(text)}"]
    return [f"    {key}: >-", *(f"      {line}" for line in wrapped)]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _rewritten(path: Path, text: str, id: str, entry: Entry | None) -> str:
    """Return a file's text with an entry put in place of the old one, added, or taken away."""
    lines = text.splitlines(keepends=True)
    starts = _starts(path, text)
    block = render(entry) if entry is not None else ""
    if id not in starts:
        return text.replace(_NOTHING, "entries:", 1).rstrip() + f"\n\n{block}" if block else text
    start = starts[id] - 1
    later = [line - 1 for line in starts.values() if line - 1 > start]
    end = min(later, default=len(lines))
    # Blank lines and comments at the end belong to what comes next.
    while end > start and re.match(r"\s*(#.*)?$", lines[end - 1]):
        end -= 1
    if not block and not later:
        while start and not lines[start - 1].strip():
            start -= 1
    elif not block:
        end = min(later)
    left = "".join((*lines[:start], block, *lines[end:]))
    return left if block or len(starts) > 1 else left.replace("entries:", _NOTHING, 1)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else _NOTHING


def _starts(path: Path, text: str) -> dict[str, int]:
    """Return the line at which each entry of a file begins."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        copy.write_text(text, encoding="utf-8")
        nodes = items(load(copy), "entries", dict)
        return {take(node, "id", str): line_of(node) for node in nodes}


def _prove(folder: Path, texts: Mapping[Path, str], wanted: Bank) -> None:
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / folder.name
        shutil.copytree(folder, copy)
        for path, text in texts.items():
            (copy / path.name).write_text(text, encoding="utf-8")
        found = {entry.id: entry for entry in Bank.load(copy).entries}
    if found != {entry.id: entry for entry in wanted.entries}:
        raise StartupError("the FAQ's files cannot hold what was published; nothing was written")
