"""Routing inside a turn: the service of a ticket, who asks, and what is said about both.

The slot ``calon_layanan`` holds the matcher's services for the question (while ``pertanyaan``
holds one) and later for what the ticket says; ``kelompok`` is the person's group, asked once in a
conversation; ``pintu`` is where a ticket goes of somebody whom its own service does not serve.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rasa_sdk.events import SlotSet

from actions import offers
from actions.base import Events, Turn
from actions.reset_sakti import TIK_2
from actions.services import Services
from bot import routing
from bot.ledger.tables import COMPLAINTS
from bot.ledger.tickets import Reason
from bot.routing import Candidates

CANDIDATES, GROUP, DOOR = "calon_layanan", "kelompok", "pintu"
SORTED_OUT = 0
"""Value of the slot ``pintu`` where several services are open, so that the ticket is sorted."""

GROUPS = {
    "satker": 1,
    "kppn": 2,
    "kanwil": 3,
    "wajib_setor": 4,
    "penyedia": 5,
    "debitur": 6,
    "masyarakat": 7,
    "pusat": 8,
    "pimpinan": 9,
    "dewas": 10,
    "blu": 11,
    "pemda": 12,
    "lainnya": 13,
}
"""The choices of ``data/fields/choices.yml`` and the catalogue's groups; "lewati" is none."""

_BY_CATEGORY = {"reset_sakti_non_satker": TIK_2, "akun_digit": TIK_2}
"""Where the category already says which service it is."""
_MECHANISM = "hai"
_CHANNELS = 3
"""Channels that are named; the catalogue puts those first that most people have."""


@dataclass(frozen=True)
class Route:
    """Where a ticket goes.

    Attributes:
        service: The catalogue's service; None is sorted by a person.
        candidates: What the matcher gave, the best first.
        group: The person's group, where known.
        asks: Whether the person's group is to be asked.
        shut: The service and the group that it does not serve, if that is so.
    """

    service: int | None
    candidates: Candidates
    group: int | None
    asks: bool
    shut: tuple[int, int] | None


def route(turn: Turn, changed: Mapping[str, Any]) -> Route:
    """Return where the ticket goes, by the slots and by those that this turn changes."""

    def slot(name: str) -> Any:
        return changed[name] if name in changed else turn.slot(name)

    catalogue = turn.services.catalogue
    candidates = tuple((service, chance) for service, chance in slot(CANDIDATES) or ())
    group = GROUPS.get(slot(GROUP) or "")
    settled = _BY_CATEGORY.get(slot("asal") or "", slot(DOOR))
    if settled is not None:
        return Route(settled or None, candidates, group, asks=False, shut=None)
    service = routing.choose(candidates, catalogue.auto_route)
    asks = slot(GROUP) is None and routing.restricts(catalogue, service)
    return Route(service, candidates, group, asks, routing.shut_out(catalogue, service, group))


def of_question(turn: Turn) -> Candidates:
    """Return the services of the question that is remembered; none without a question."""
    return tuple(turn.slot(CANDIDATES) or ()) if turn.slot("pertanyaan") else ()


def keep(candidates: Iterable[Iterable[float]]) -> dict[str, Any]:
    """Return the event that remembers services with their probabilities."""
    return dict(SlotSet(CANDIDATES, [list(pair) for pair in candidates]))


def service_name(services: Services, service: int | None) -> str:
    """Name a service, or say that it is being found."""
    if service is None:
        return services.words.text("utter_layanan_dipilah")
    return services.catalogue.service(service).name


def offer_ticket(turn: Turn, candidates: Candidates) -> Events:
    """Offer a ticket for what has no answer.

    Where the channel serves its categories only, a service outside them is told its own channels.
    """
    services, reason = turn.services, Reason.UNANSWERED
    catalogue = services.catalogue
    service = routing.choose(candidates, catalogue.auto_route)
    group = GROUPS.get(turn.slot(GROUP) or "")
    if service == COMPLAINTS:
        return offers.complaint(turn)
    if service is None or service not in catalogue.outside_categories:
        turn.say("utter_belum_tahu")
    elif shut := routing.shut_out(catalogue, service, group):
        return turn_away(turn, *shut)
    elif not routing.is_outside(catalogue, service, turn.work.claim.message.channel):
        turn.say("utter_layanan_di_sini", pelayanan=catalogue.service(service).name)
    else:
        reason = Reason.ELSEWHERE
        known = routing.open_channels(catalogue, _MECHANISM, _CHANNELS)
        lines = (
            services.words.text("utter_kanal", nama=one.name, alamat=", ".join(one.addresses))
            for one in known
        )
        turn.say(
            "utter_luar_kategori",
            pelayanan=catalogue.service(service).name,
            kanal="\n".join(lines),
        )
    return offers.ticket(reason)


def turn_away(turn: Turn, service: int, group: int) -> Events:
    """Say who may ask a service and where this group turns, and offer a ticket there."""
    catalogue = turn.services.catalogue
    doors = catalogue.doors(group, service)
    named, let_in = routing.users(catalogue, service)
    turn.say(
        "utter_bukan_penggunanya" if let_in else "utter_dikecualikan",
        pelayanan=catalogue.service(service).name,
        siapa=_lines(turn, (one.name for one in named)),
        sebagai=catalogue.groups[group - 1].name,
        tujuan=_lines(turn, (door.name for door in doors)),
    )
    door = doors[0].number if len(doors) == 1 else SORTED_OUT
    return offers.ticket(Reason.ELSEWHERE, offers.of_door(door))


def _lines(turn: Turn, names: Iterable[str]) -> str:
    return "\n".join(turn.services.words.text("utter_butir", isi=name) for name in names)
