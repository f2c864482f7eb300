"""The only shapes of a message that the rest of Nindy knows.

A channel turns what it receives into `Inbound`, `Status` and `IdentityChange`, and turns a
`Reply` into what its provider wants.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Kind(str, Enum):
    """What a person sent."""

    TEXT = "text"
    CHOICE = "choice"
    MEDIA = "media"
    OTHER = "other"
    SILENT = "silent"
    """Reactions and system notes: kept, but they never start a turn."""


@dataclass(frozen=True)
class Sender:
    """Who sent a message, as the channel knows them.

    Attributes:
        user_id: The channel's own stable id (WhatsApp: business-scoped user id), if given.
        phone: Digits without ``+``, if given.
        name: The profile name, if given.
    """

    user_id: str | None = None
    phone: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Media:
    """A file that the channel's provider has and we have not.

    Attributes:
        id: The provider's id of the file.
        name: What the sender calls it, if anything.
        sha256: Its digest in base64 as the provider gives it, if given.
    """

    id: str
    name: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Inbound:
    """One message of a person.

    Attributes:
        channel: ``whatsapp``, ``webchat`` or ``api``.
        account: Our own number or site at the provider (WhatsApp: phone number id).
        external_id: The provider's id, unique within `account`.
        sender: Who sent it.
        sent_at: The provider's time of sending.
        kind: What was sent.
        text: The words; for a choice its title, for media the caption.
        choice_id: The id of the pressed button or row, as we issued it (unverified).
        reply_to: The provider's id of the message this one answers, if given.
        type: The provider's word for the type, for the log (``audio``, ``sticker`` …).
        media: A file to be fetched; once the message is stored, one of its attachments.
        attachments: Ids of files that belong to it (`bot.ledger.attachments`).
    """

    channel: str
    account: str
    external_id: str
    sender: Sender
    sent_at: datetime
    kind: Kind
    text: str = ""
    choice_id: str | None = None
    reply_to: str | None = None
    type: str = "text"
    media: Media | None = None
    attachments: tuple[str, ...] = ()


class Delivery(str, Enum):
    """State of a message of ours, in the order in which it may advance."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    SHUT = "shut"
    """Refused because the channel takes no free text for this person now."""
    HELD = "held"
    """Refused because of our account; it waits until that is mended."""
    PUT_OFF = "put_off"
    """Refused for now; a later try may work."""
    UNWANTED = "unwanted"
    """Refused because the person has told the channel that they want no more of its kind."""


@dataclass(frozen=True)
class Price:
    """What a message of ours cost, as the provider tells.

    Attributes:
        category: Its kind (WhatsApp: service, utility, marketing, authentication).
        charged: Whether it cost money.
    """

    category: str
    charged: bool


@dataclass(frozen=True)
class Status:
    """News about a message of ours.

    Attributes:
        channel: The channel it was sent through.
        account: Our own number or site at the provider.
        external_id: The provider's id of the message.
        state: What happened.
        callback: The key that we gave along (our outbox id), if given back.
        error_code: The provider's code when it was refused, else 0.
        at: The provider's time.
        price: What it cost, if this status tells.
    """

    channel: str
    account: str
    external_id: str
    state: Delivery
    at: datetime
    callback: str | None = None
    error_code: int = 0
    price: Price | None = None


@dataclass(frozen=True)
class Alarm:
    """Trouble with our account at a channel; somebody should look.

    Attributes:
        channel: The channel.
        word: The provider's word for it; never personal data.
        code: The provider's code, or 0.
        stops: Whether the channel takes nothing from us until somebody has mended it.
    """

    channel: str
    word: str
    code: int
    stops: bool = False


@dataclass(frozen=True)
class IdentityChange:
    """A person's number or id changed; nothing verified may be carried over.

    Attributes:
        channel: The channel that says so.
        account: Our own number or site at the provider.
        external_id: The provider's id of the system note.
        old: The person as known before.
        new: The person as known from now on.
        at: The provider's time.
    """

    channel: str
    account: str
    external_id: str
    old: Sender
    new: Sender
    at: datetime


@dataclass(frozen=True)
class Choice:
    """One thing to press.

    Attributes:
        title: What is shown; a channel may shorten it on a word bound.
        payload: What the dialogue receives when it is pressed (``/intent{…}``).
        description: A second line where the channel has one.
    """

    title: str
    payload: str
    description: str = ""


@dataclass(frozen=True)
class Template:
    """Words that the channel has approved beforehand.

    Attributes:
        name: Their name at the channel.
        language: Their language there.
        parameters: What is filled in, by name, in the order of the words.
    """

    name: str
    language: str
    parameters: dict[str, str]


@dataclass(frozen=True)
class Reply:
    """One bubble to a person.

    Attributes:
        text: The words, never empty.
        choices: What can be pressed beneath.
        menu: The word on the button that opens a list, where the channel has one.
        attachments: Ids of files beneath (`bot.ledger.attachments`); at most one in a bubble.
        template: Set when the bubble is such a template; `text` is how it reads.
        otherwise: The template that goes out first where the channel takes no free text. If it
            offers something to press, the bubble waits until the person writes; else it said all.
        beneath: The end of `text` that stays beneath whatever is joined to it: the privacy notice.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    menu: str = ""
    attachments: tuple[str, ...] = ()
    template: Template | None = None
    otherwise: Reply | None = None
    beneath: str = ""
