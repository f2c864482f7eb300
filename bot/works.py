"""What works in a house: answering, watching, fetching, sending, and telling other programs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from actions.clients import upstream
from bot.api import hooks
from bot.api.bubbles import ApiOut
from bot.api.courier import Carry, Courier
from bot.api.crm import Crm
from bot.app import House
from bot.broadcast.waves import Waves
from bot.channels.whatsapp.client import GraphClient
from bot.channels.whatsapp.media import GraphMedia
from bot.channels.whatsapp.outgoing import Labels, WhatsAppOut
from bot.channels.whatsapp.pace import Pace
from bot.channels.whatsapp.uploads import Uploads
from bot.clock import now
from bot.ledger import deliveries, subscribers
from bot.personal.notice import Notice
from bot.tickets.watch import Watch
from bot.turn.apology import Apology
from bot.turn.fetcher import Fetched, Fetcher
from bot.turn.file_words import FileWords
from bot.turn.held import Held
from bot.turn.informed import Informed
from bot.turn.late import Late
from bot.turn.paged import Paged
from bot.turn.read_mark import MarkedRead
from bot.turn.sender import Send, Sender
from bot.turn.titled import Titled
from bot.turn.unread import Unread
from bot.turn.with_files import WithFiles
from bot.turn.worker import Worker

PROJECT = Path(__file__).resolve().parents[1]
_NOTICE = PROJECT / "data/whatsapp/notice.yml"


async def worker(house: House) -> Worker:
    """Load the model and make the worker."""
    dialogue = await house.model.dialogue()
    services = house.services
    apology = Apology(services.words, services.calendar, services.catalogue.unit(None))
    titled = Titled(house.ledger, dialogue.engine, house.choice_key, dialogue.respond)
    unread = Unread(house.ledger, titled)
    files = WithFiles(house.ledger, services.changes, _file_words(house), unread)
    late = Late(house.ledger, services.changes, apology, dialogue.parse, files)
    mark_read = GraphClient(house.session, *_graph(house)).mark_read
    informed = Informed({"whatsapp": Notice.load(_NOTICE)}, late)
    paged = Paged(house.ledger, services.words, house.choice_key, informed)
    respond = MarkedRead({"whatsapp": mark_read}, paged)
    listen = Held(services.changes, services.words, respond, dialogue.parse, house.choice_key)
    return Worker(
        house.ledger, respond, apology, listen, house.owner, house.wake, now, house.failpoints
    )


def watch(house: House) -> Watch:
    """Make what looks at the tickets' clocks."""
    services = house.services
    return Watch(
        services.calendar,
        services.catalogue,
        services.changes,
        services.takeover,
        timedelta(minutes=house.settings.takeover_minutes),
    )


def waves(house: House) -> Waves:
    """Make what sends broadcasts."""
    settings = house.settings
    pause = timedelta(seconds=settings.broadcast_pause)
    return Waves(settings.broadcast_wave, pause, settings.broadcast_per_day)


def _file_words(house: House) -> FileWords:
    """What people are told about files."""
    return FileWords(house.services.words, house.files.largest)


def fetcher(house: House) -> Fetcher:
    """Make what fetches files from the channels."""
    sources: dict[str, Fetched] = {"whatsapp": _graph_media(house).fetch}
    return Fetcher(house.ledger, house.files, sources, _file_words(house), house.wake, now)


def _graph_media(house: House) -> GraphMedia:
    return GraphMedia(house.session, *_graph(house), house.files.largest)


def _graph(house: House) -> tuple[str, str, str]:
    settings = house.settings
    token = settings.whatsapp_access_token.get_secret_value()
    return settings.whatsapp_api_url, settings.whatsapp_phone_number_id, token


def sender(house: House) -> Sender:
    """Make the sender."""
    settings = house.settings
    client = GraphClient(house.session, *_graph(house))
    number, per_second = settings.whatsapp_phone_number_id, settings.whatsapp_per_second
    pace = Pace(house.rates, number, per_second)
    words = house.services.words
    labels = Labels(
        words.text("utter_menu_button"),
        words.text("utter_lainnya_button"),
        words.text("utter_lainnya_sisa", jumlah="{jumlah}"),
    )
    uploads = Uploads(house.ledger, house.files, _graph_media(house), now)
    channels: dict[str, Send] = {
        "whatsapp": WhatsAppOut(client, uploads, house.choice_key, labels, pace),
        deliveries.API: ApiOut(house.ledger, house.wake, now),
    }
    return Sender(
        house.ledger,
        channels,
        house.owner,
        house.wake,
        now,
        house.failpoints,
        timedelta(seconds=settings.settle_seconds),
        house.spare,
    )


def courier(house: House) -> Courier:
    """Make what tells other programs of tickets."""
    settings, others = house.settings, dict[str, Carry]()
    if settings.crm_url:
        others[subscribers.CRM] = Crm(upstream("crm", settings, house.session))
    carry = hooks.Hooks(house.hooks, settings.reachable, now)
    return Courier(house.ledger, carry, others, house.wake, now, house.failpoints)
