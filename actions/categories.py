"""The seven WhatsApp categories (catalogue B.2) and the action that begins each."""

from __future__ import annotations

from collections.abc import Collection

from actions import fields
from bot.ledger.anonymous import find_code

STARTS = {
    "tanya_nindy": "action_start_tanya_nindy",
    "lacak_tiket": "action_start_lacak_tiket",
    "info_sp2d": "action_start_info_sp2d",
    "status_supplier": "action_start_status_supplier",
    "register_kontrak": "action_start_register_kontrak",
    "akun_digit": "action_start_akun_digit",
    "reset_sakti": "action_start_reset_sakti",
}
"""Intent of each category, in the catalogue's order, and its first action."""

FIXED = {
    "complaint": "utter_pengaduan",
    "refuse_interpretation": "utter_batas_penafsiran",
    "refuse_unregulated": "utter_batas_belum_diatur",
    "refuse_case": "utter_batas_kasus",
    "refuse_ppid": "utter_batas_ppid",
    "off_topic": "utter_di_luar_topik",
    "upset": "utter_maaf_kecewa",
    "which_password": "utter_password_mana",
}
"""Intents with one fixed answer: complaints, the limits of catalogue F.1, other topics, anger, and
a password without its application."""

_BY_SHAPE = {"nomor_tiket": "lacak_tiket", "nomor_sp2d": "info_sp2d"}
"""Data that tells its category by its shape alone."""


def start_for(text: str, shapes: Collection[str] = tuple(_BY_SHAPE)) -> str | None:
    """Return the first action of the category to which loose data belongs, if its shape tells."""
    if find_code(text):
        return STARTS["lacak_tiket"]
    found = fields.find(text, shapes)
    return next((STARTS[_BY_SHAPE[name]] for name in shapes if name in found), None)
