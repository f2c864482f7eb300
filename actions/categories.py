"""The seven WhatsApp categories (catalogue B.2) and the action that begins each."""

from __future__ import annotations

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
