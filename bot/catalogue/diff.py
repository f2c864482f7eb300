"""What changed between two versions: from the kept list, or by comparing two folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.catalogue.catalogue import Catalogue
from bot.catalogue.changes import KINDS, Change, Replaced, Revision
from bot.catalogue.compare import compare
from bot.catalogue.page import Block, page
from bot.errors import StartupError

_MARKS = {"added": "+", "removed": "-"}


def difference(old: str, new: str, home: Path) -> str:
    """Describe what changed from one version to another.

    Args:
        old: A version known here, or a folder with the data of a catalogue.
        new: The same.
        home: ``data/catalogue``.

    Raises:
        StartupError: A version is not known here, or only its list of changes is kept.
        DataError: A file of a folder is wrong.
    """
    here = Catalogue(home)
    revisions = _chain(here.revisions, old, new)
    if revisions:
        return "\n\n".join(_kept(revision) for revision in revisions)
    before, after = (_open(name, here) for name in (old, new))
    title = f"Catalogue {before.version} ({old}) -> {after.version} ({new})"
    blocks = [block for block in compare(before, after) if block.lines]
    return page(title, blocks) if blocks else f"{title}: nothing differs"


def _chain(revisions: Sequence[Revision], old: str, new: str) -> list[Revision]:
    """Return the revisions that lead from one version to another; empty when they do not."""
    chain: list[Revision] = []
    at = old
    while at != new:
        step = next((one for one in revisions if one.old == at), None)
        if step is None or step in chain:
            return []
        chain.append(step)
        at = step.new
    return chain


def _open(name: str, here: Catalogue) -> Catalogue:
    if name == here.version:
        return here
    kept = {version for one in here.revisions for version in (one.old, one.new)}
    if name in kept:
        lists = ", ".join(f"{one.old} {one.new}" for one in here.revisions)
        problem = f"of catalogue {name} only lists of changes are kept ({lists}); give its folder"
        raise StartupError(problem)
    if Path(name).is_dir():
        return Catalogue(Path(name), fixed_size=False)
    known = ", ".join(sorted(kept | {here.version}))
    raise StartupError(f"catalogue {name} is not known; give its folder, or one of: {known}")


def _kept(revision: Revision) -> str:
    title = f"Catalogue {revision.old} -> {revision.new}: {len(revision.changes)} changes"
    return page(title, _groups(revision))


def _groups(revision: Revision) -> Iterator[Block]:
    for letter, name in revision.titles.items():
        for kind in KINDS:
            block = Block(f"{letter}. {name}: {kind}")
            for change in revision.changes:
                if (change.section[0], change.kind) == (letter, kind):
                    _add(block, change)
            yield block


def _add(block: Block, change: Change) -> None:
    block.add(change.text, f"{change.number}.")
    for item in change.items:
        if isinstance(item, Replaced):
            block.add(item.old, "-", depth=3)
            block.add(item.new, "+", depth=3)
        else:
            for line in item.lines:
                block.add(line, _MARKS[change.kind], depth=3)
