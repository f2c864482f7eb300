"""What Meta's error codes ask us to do.

    ChannelError
    ├── Retryable
    │   └── TryLater        SLOW_NUMBER, SLOW_PERSON, PASSING
    │       └── Halted      ACCOUNT; also a Blocked
    ├── Permanent
    │   └── GiveUp          RECIPIENT
    │       ├── Shut        WINDOW; also a WindowShut
    │       ├── OptedOut    OPTED_OUT; also an Unwanted
    │       └── OurFault    TEMPLATE, BUG; also a Faulty
    └── Uncertain           raised as it is; there is nothing to do but wait for a status

Only `code` counts: Meta's titles and texts change, and may quote personal data.
"""

from __future__ import annotations

from enum import Enum

from bot.errors import Blocked, ChannelError, Faulty, Permanent, Retryable, Unwanted, WindowShut


class Action(str, Enum):
    """What to do about an error."""

    SLOW_NUMBER = "slow_number"
    """Slow down everything that this number sends."""
    SLOW_PERSON = "slow_person"
    """Slow down what goes to this person only."""
    PASSING = "passing"
    """Try again, waiting longer each time, for up to a quarter of an hour."""
    WINDOW = "window"
    """The 24 hours are over; only a template may be sent."""
    RECIPIENT = "recipient"
    """This person cannot be reached; show the reason to an agent."""
    OPTED_OUT = "opted_out"
    """This person has told WhatsApp that they want no more broadcasts; end their consent."""
    TEMPLATE = "template"
    """A template is unknown, paused or filled in wrongly; compare the file with the account."""
    BUG = "bug"
    """We sent something wrong; alert a developer."""
    ACCOUNT = "account"
    """Stop sending for the number, keep what is queued, call a person."""


ERRORS: dict[int, Action] = {
    code: action
    for action, codes in {
        Action.SLOW_NUMBER: (4, 80007, 130429),
        Action.SLOW_PERSON: (131056,),
        Action.PASSING: (1, 2, 131000, 131016, 131057, 133004),
        Action.WINDOW: (131047,),
        Action.RECIPIENT: (130472, 130497, 131021, 131026, 131030, 131049, 131062),
        Action.OPTED_OUT: (131050,),
        Action.TEMPLATE: (132000, 132001, 132005, 132007, 132012, 132015, 132016),
        Action.BUG: (100, 131008, 131009, 131051, 131052, 131053, 135000),
        Action.ACCOUNT: (
            *(0, 3, 10, 190, *range(200, 300), 368),
            *(131005, 131031, 131042, 131045, 131048, 133010),
        ),
    }.items()
    for code in codes
}

ALARMS = {Action.TEMPLATE: "refused_template", Action.BUG: "refused_content"}
"""What the desk's alarm is called when a message of ours was refused because of what it says."""

_LATER = {Action.SLOW_NUMBER, Action.SLOW_PERSON, Action.PASSING}


class TryLater(Retryable):
    """A later try may work; `action` says what to do until then."""

    def __init__(
        self, action: Action, code: int = 0, detail: str = "", seconds: float | None = None
    ) -> None:
        self.action = action
        super().__init__(code, detail, seconds)


class Halted(TryLater, Blocked):
    """Nothing of this number is accepted until a person has mended the account."""


class GiveUp(Permanent):
    """No later try will work; `action` says who should know."""

    def __init__(self, action: Action, code: int = 0, detail: str = "") -> None:
        self.action = action
        super().__init__(code, detail)


class Shut(GiveUp, WindowShut):
    """The 24 hours are over."""


class OptedOut(GiveUp, Unwanted):
    """No broadcast is wanted any more."""


class OurFault(GiveUp, Faulty):
    """Somebody of ours must look before the next of its kind is sent."""

    def __init__(self, action: Action, code: int = 0, detail: str = "") -> None:
        super().__init__(action, code, detail)
        self.word = ALARMS[action]


def action_for(code: int | None, http_status: int = 200) -> Action:
    """Choose the action, by the code first and by the HTTP status where the code is unknown.

    Args:
        code: Meta's error code, or None when the answer holds none.
        http_status: 200 for an error that came in a status webhook.
    """
    if code is not None and code in ERRORS:
        return ERRORS[code]
    if http_status == 429:
        return Action.SLOW_NUMBER
    if http_status >= 500 or http_status == 408 or 300 <= http_status < 400:
        return Action.PASSING
    if http_status in {401, 403}:
        return Action.ACCOUNT
    return Action.BUG


def error_for(action: Action, code: int = 0, detail: str = "") -> ChannelError:
    """Make the exception that stands for an action."""
    if action is Action.ACCOUNT:
        return Halted(action, code, detail)
    if action is Action.WINDOW:
        return Shut(action, code, detail)
    if action is Action.OPTED_OUT:
        return OptedOut(action, code, detail)
    if action in ALARMS:
        return OurFault(action, code, detail)
    kind = TryLater if action in _LATER else GiveUp
    return kind(action, code, detail)
