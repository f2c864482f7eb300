"""Where a ticket goes: the service it belongs to, and whether its sender may ask that service.

Pure rules over the catalogue and what the matcher gave; people, words and the ledger are elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.catalogue import Catalogue
from bot.catalogue.access import Group
from bot.catalogue.channels import Channel

Candidates = Sequence[tuple[int, float]]
"""Services with their probabilities, the best first, as the matcher gives them."""


def choose(candidates: Candidates, threshold: float) -> int | None:
    """Return the service that a ticket goes to at once; None leaves it to who sorts tickets."""
    if not candidates:
        return None
    service, probability = candidates[0]
    return service if probability >= threshold else None


def fullest(texts: Iterable[str]) -> str:
    """Return the text with the most words, of equals the first: it tells most about a matter."""
    return max(texts, key=lambda text: len(text.split()))


def restricts(catalogue: Catalogue, service: int | None) -> bool:
    """Say whether most groups may not ask this service, so that it matters who asks.

    Where only one or two of the thirteen are shut out (TIK.1 and TIK.2 exclude debtors alone),
    nearly everybody would be asked in vain; the desk sees who it was.
    """
    if service is None:
        return False
    marks = catalogue.access(service)
    return sum(marks) * 2 < len(marks)


def shut_out(
    catalogue: Catalogue, service: int | None, group: int | None
) -> tuple[int, int] | None:
    """Return service and group when the one does not serve the other; who is unknown is let in."""
    if service is None or group is None or catalogue.may_ask(group, service):
        return None
    return service, group


def users(catalogue: Catalogue, service: int) -> tuple[tuple[Group, ...], bool]:
    """Return the shorter list of those who may ask a service or may not.

    Returns:
        The groups, and whether they are the ones let in rather than the ones shut out.
    """
    let_in: list[Group] = []
    shut_out: list[Group] = []
    for group, allowed in zip(catalogue.groups, catalogue.access(service), strict=True):
        (let_in if allowed else shut_out).append(group)
    few = len(let_in) <= len(shut_out)
    return tuple(let_in if few else shut_out), few


def is_outside(catalogue: Catalogue, service: int | None, channel: str) -> bool:
    """Say whether a channel serves its categories only and this service is in none of them."""
    limited = {each.name.casefold() for each in catalogue.channels if each.limited}
    return channel in limited and service in catalogue.outside_categories


def open_channels(catalogue: Catalogue, mechanism: str, count: int) -> tuple[Channel, ...]:
    """Return the first channels of a mechanism that serve the whole catalogue."""
    able = (one for one in catalogue.channels if one.mechanism.id == mechanism and not one.limited)
    return tuple(able)[:count]
