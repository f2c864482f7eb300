"""The one exception tree of Nindy.

    NindyError
    ├── StartupError            a setting, file or port that stops the start (exit code 2)
    │   └── DataError           a data file that is wrong, with file, line and remedy
    │       └── MissingYear     the calendar has no such year (bot/worktime.py)
    ├── UpstreamError           an outside system did not give what we asked for
    │   ├── UpstreamUnavailable it cannot be reached, answers 5xx, or its breaker is open
    │   ├── UpstreamTimeout     the time budget ran out
    │   ├── BadAnswer           it answered something outside its contract
    │   ├── NotFound            it has no such record
    │   └── Refused             it understood and declined (for example a locked account)
    ├── ChannelError            a message could not be handed to a channel
    │   ├── Retryable           later may work
    │   │   ├── Blocked         … once a person has mended the account
    │   │   └── TooSoon         … after a known time; the message is not at fault
    │   ├── Permanent           it never will
    │   │   ├── WindowShut      … as free text; a template may go out instead
    │   │   ├── Unwanted        … because the person wants no more of its kind
    │   │   └── Faulty          … because what we sent is wrong; somebody of ours must look
    │   └── Uncertain           it may have been accepted; nobody knows yet
    ├── ChatRefused             web chat does not take a request; told to the client as a code
    ├── FileRefused             a file is not taken, for a reason that its sender is told
    ├── FileLost                a file that was kept is not there, or is not what was kept
    ├── ApiRefused              a program's request is refused, with a status and a stable code
    ├── SignInError             an identity provider said what must not be believed
    ├── Misread                 an answer to a form's question is none (actions/questions.py)
    ├── FieldError              it is no value of its field; told to the person
    │                           (actions/fields/words.py)
    ├── ChangeRefused           a ticket does not allow a change (bot/tickets/life.py)
    ├── ReviewRefused           an entry of the FAQ does not (bot/faq/review.py)
    ├── BroadcastRefused        a broadcast does not (bot/broadcast/life.py)
    ├── StillOpen               a person with open tickets is not erased (bot/personal/erasure.py)
    └── TurnError               a turn could not be finished and was rolled back
        ├── TurnLost            lease or version lost; somebody else has the conversation
        └── TurnFailed          Rasa, an action or the database raised

What Meta's codes make of a ChannelError is drawn in `bot.channels.whatsapp.errors`. One stands
outside: `bot.api.addresses.AddressRefused`, which a library must take for its own.

No message of these exceptions may hold personal data: they reach logs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


class NindyError(Exception):
    """Root of every exception that Nindy raises on purpose."""


class StartupError(NindyError):
    """Nindy cannot start; the text is one clear line with the remedy."""


class DataError(StartupError):
    """A data file is wrong.

    Args:
        path: The file.
        line: 1-based line, or 0 when the whole file is meant.
        problem: What is wrong and what to do about it.
    """

    def __init__(self, path: Path | str, line: int, problem: str) -> None:
        self.path = str(path)
        self.line = line
        self.problem = problem
        super().__init__(f"{self.path}:{line}: {problem}" if line else f"{self.path}: {problem}")


class UpstreamError(NindyError):
    """An outside system did not give what we asked for.

    Args:
        system: ``span``, ``sakti`` or ``digit``.
        detail: A word for the log (never data of a person).
    """

    def __init__(self, system: str, detail: str = "") -> None:
        self.system = system
        self.detail = detail
        super().__init__(f"{system}: {detail or type(self).__name__}")


class UpstreamUnavailable(UpstreamError):
    """The system cannot be reached, answers 5xx, or its breaker is open."""


class UpstreamTimeout(UpstreamError):
    """The time budget ran out."""


class BadAnswer(UpstreamError):
    """The system answered something outside its contract."""


class NotFound(UpstreamError):
    """The system has no such record."""


class Refused(UpstreamError):
    """The system understood the request and declined it."""


class ChannelError(NindyError):
    """A message could not be handed to a channel.

    Args:
        code: The provider's error code, or 0.
        detail: A word for the log (never data of a person).
    """

    def __init__(self, code: int = 0, detail: str = "") -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{type(self).__name__} {code} {detail}".strip())


class Retryable(ChannelError):
    """A later try may work.

    Args:
        code: The provider's error code, or 0.
        detail: A word for the log (never data of a person).
        seconds: When it may be tried again; None where nobody knows better than to wait longer
            each time.
    """

    def __init__(self, code: int = 0, detail: str = "", seconds: float | None = None) -> None:
        self.seconds = seconds
        super().__init__(code, detail)


class Blocked(Retryable):
    """The whole account is refused; a person must mend it, and nothing is given up meanwhile."""


class TooSoon(Retryable):
    """We keep within the provider's rate, or shall; the message itself is not at fault.

    Args:
        seconds: When it may be tried.
        code: The provider's error code; 0 when it was not even tried.
    """

    def __init__(self, seconds: float, code: int = 0) -> None:
        super().__init__(code, "too soon")
        self.seconds: float = seconds


class Permanent(ChannelError):
    """No later try will work."""


class WindowShut(Permanent):
    """The channel takes no free text for this person until they write again."""


class Unwanted(Permanent):
    """The person has told the channel that they want no more messages of this kind."""


class Faulty(Permanent):
    """What we sent is wrong, and so will be the next of its kind until somebody has looked.

    Args:
        code: The provider's error code, or 0.
        detail: A word for the log (never data of a person).
        word: What the desk's alarm is called.
    """

    def __init__(self, code: int = 0, detail: str = "", word: str = "refused_content") -> None:
        self.word = word
        super().__init__(code, detail)


class Uncertain(ChannelError):
    """The provider may have accepted the message; nobody knows yet."""


class ChatRefused(NindyError):
    """Web chat does not take a request.

    Args:
        code: What the client is told (docs/webchat.md).
        retry_after: Seconds after which it may come again, 0 when that is of no use.
    """

    def __init__(self, code: str, retry_after: int = 0) -> None:
        self.code = code
        self.retry_after = retry_after
        super().__init__(code)


class FileRefused(NindyError):
    """A file is not taken.

    Args:
        reason: ``empty``, ``large``, ``type`` (not on the list), ``unsafe`` (something inside may
            run, or unfolds too far), ``infected``, or too ``many`` in a day.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FileLost(NindyError):
    """A file that was kept is not there, or is not what was kept."""


class ApiRefused(NindyError):
    """A request of another program is refused.

    Args:
        status: HTTP status.
        code: The stable word for it (docs/api.openapi.yaml).
        detail: What to do about it, in English; never data of a person.
        more: Further members of the answer.
    """

    def __init__(self, status: int, code: str, detail: str = "", **more: Any) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.more = more
        super().__init__(code)


class SignInError(NindyError):
    """OpenID Connect could not be finished; the text is a word for the log."""


class TurnError(NindyError):
    """A turn could not be finished and was rolled back."""


class TurnLost(TurnError):
    """The lease or the conversation's version was lost to somebody else."""


class TurnFailed(TurnError):
    """Rasa, an action or the database raised; the turn is tried again."""
