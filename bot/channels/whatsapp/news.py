"""Meta's news about our account: one word for each, and whether it is trouble."""

from __future__ import annotations

from bot.channels.whatsapp import wire
from bot.channels.whatsapp.delivered import About, Note

_JUDGED: dict[str, tuple[str, ...]] = {
    "account_alerts": ("alert_type", "alert_info.alert_type"),
    "account_review_update": ("decision",),
    "account_update": (
        "event",
        "ban_info.waba_ban_state",
        "partner_client_certification_info.status",
    ),
    "message_template_quality_update": ("new_quality_score",),
    "message_template_status_update": ("event",),
    "phone_number_name_update": ("decision",),
    "phone_number_quality_update": ("event",),
    "security": ("event",),
    "template_category_update": ("new_category", "correct_category"),
}
"""By field: the members that say what happened, the one that decides last."""
_ABOUT = ("current_limit", "message_template_name")
"""Members that say what it happened to."""
_GOOD = frozenset(
    {
        *("APPROVED", "DEFERRED", "GREEN", "HIGH", "IN_APPEAL", "PENDING", "UNKNOWN"),
        *("REINSTATE", "REINSTATED", "UNARCHIVED", "UNFLAGGED", "UNPAUSED"),
        *("ONBOARDING", "THROUGHPUT_UPGRADE", "UPGRADE"),
        *("ACCOUNT_RECONNECTED", "OBA_APPROVED", "VERIFIED_ACCOUNT"),
        *("AD_ACCOUNT_LINKED", "MM_LITE_TERMS_SIGNED", "PARTNER_ADDED", "PARTNER_APP_INSTALLED"),
        *("AUTH_INTL_PRICE_ELIGIBILITY_UPDATE", "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE"),
        "VOLUME_BASED_PRICING_TIER_UPDATE",
    }
)
"""What happened without being trouble; whatever is not known is."""
_WORD_LIMIT = 130
"""Characters that an alarm keeps."""


def read(field: str, value: wire.Table) -> Note:
    """Return what is to be said of a change in a field that brings no messages."""
    judged = _found(value, _JUDGED.get(field, ("event",)))
    word = ":".join([field, *judged, *_found(value, _ABOUT)])[:_WORD_LIMIT]
    trouble = field in _JUDGED and (not judged or judged[-1] not in _GOOD)
    return Note(About.ACCOUNT if trouble else About.FIELD, word)


def _found(value: wire.Table, paths: tuple[str, ...]) -> list[str]:
    members = []
    for path in paths:
        above, _, name = path.rpartition(".")
        members.append((wire.table(value.get(above)) if above else value).get(name))
    return [wire.word(member) for member in members if member]
