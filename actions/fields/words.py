"""The words of the fields: what Nindy says about them and how users name them.

Everything comes from ``data/fields``; the files are read once, when first needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.datafile import items, load, only, take, wrong
from bot.errors import NindyError

FOLDER = Path(__file__).resolve().parents[2] / "data" / "fields"

NAMES = (
    "nomor_sp2d",
    "nomor_rekening",
    "kode_satker",
    "nik",
    "nip",
    "nrp",
    "identitas",
    "email",
    "nomor_tiket",
    "tipe_supplier",
    "nomor_kontrak",
    "nama",
)
"""Every field, by the name that slots and forms use."""


@dataclass(frozen=True)
class FieldText:
    """What a user is told about a field."""

    label: str
    example: str
    explain: str


@dataclass(frozen=True)
class SupplierType:
    """A *tipe supplier* of SPAN/SAKTI; ``searchable`` is false where SPAN has no search."""

    code: str
    name: str
    searchable: bool
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class FieldWords:
    """``fields.yml``, checked."""

    texts: Mapping[str, FieldText]
    errors: Mapping[str, Mapping[str, str]]
    labels: Mapping[str, tuple[str, ...]]
    lists: Mapping[str, tuple[str, ...]]
    supplier_number: Mapping[str, str]


class FieldError(NindyError):
    """An answer cannot be read; ``str`` of it is the sentence for the user.

    The sentence is fixed in ``fields.yml`` and so never holds what the user wrote.

    Args:
        field: The field that was asked for.
        reason: One of ``REASONS``; where the field has no sentence for it, ``bentuk``.
    """

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        sentences = field_words().errors[field]
        self.reason = reason if reason in sentences else "bentuk"
        super().__init__(sentences[self.reason])


REASONS = ("kosong", "bentuk", "panjang", "huruf", "susunan", "tanggal", "pilihan", "banyak")
"""Why an answer cannot be read: nothing there, unreadable, wrong length, letters among digits,
digits that cannot be, no date, no such choice, more than one."""

LISTS = (
    "number",
    "owner",
    "other",
    "courtesy",
    "glued",
    "conjunction",
    "negation",
    "towards",
    "correction",
    "not_correction",
    "contract_part",
    "name_intro",
    "name_courtesy",
    "name_stop",
    "part_lead",
    "secret",
    "secret_between",
)


@lru_cache(maxsize=1)
def field_words() -> FieldWords:
    """Return the words of ``fields.yml``.

    Raises:
        DataError: The file is missing or wrong.
    """
    root = load(FOLDER / "fields.yml")
    fields, words = take(root, "fields", dict), take(root, "words", dict)
    only(fields, NAMES)
    only(words, (*LISTS, "supplier_number"))
    texts, errors, labels = {}, {}, {}
    for name in NAMES:
        node = take(fields, name, dict)
        texts[name] = FieldText(*(_text(node, key) for key in ("label", "example", "explain")))
        sentences = take(node, "errors", dict)
        for reason in ("kosong", "bentuk"):
            take(sentences, reason, str)
        only(sentences, REASONS)
        errors[name] = {reason: _text(sentences, reason) for reason in sentences}
        labels[name] = _texts(node, "labels")
    numbers = take(words, "supplier_number", dict)
    return FieldWords(
        texts=texts,
        errors=errors,
        labels=labels,
        lists={name: _texts(words, name) for name in LISTS},
        supplier_number={word: _text(numbers, word) for word in numbers},
    )


@lru_cache(maxsize=1)
def supplier_types() -> tuple[SupplierType, ...]:
    """Return the eight supplier types, by code.

    Raises:
        DataError: ``supplier_types.yml`` is missing or wrong.
    """
    root = load(FOLDER / "supplier_types.yml")
    types = tuple(
        SupplierType(
            code=_text(entry, "code"),
            name=_text(entry, "name"),
            searchable=take(entry, "searchable", bool),
            aliases=_texts(entry, "aliases"),
        )
        for entry in items(root, "types", dict)
    )
    if [kind.code for kind in types] != [str(code) for code in range(1, 9)]:
        raise wrong(root, "'types' must list the codes 1 to 8 in order; complete it", "types")
    return types


def supplier_name(code: str) -> str:
    """Return the name of a supplier type; an unknown code comes back as it is."""
    return next((kind.name for kind in supplier_types() if kind.code == code), code)


def is_searchable(code: str) -> bool:
    """Tell whether SPAN can be searched for a supplier type; not for an unknown code."""
    return any(kind.searchable for kind in supplier_types() if kind.code == code)


def describe(field: str) -> FieldText:
    """Return the label, the example and the longer explanation of a field.

    Raises:
        KeyError: There is no such field.
    """
    return field_words().texts[field]


def _text(node: Any, key: str) -> str:
    found = take(node, key, str)
    if not found.strip():
        raise wrong(node, f"'{key}' is empty; write its text", key)
    return found


def _texts(node: Any, key: str) -> tuple[str, ...]:
    found = items(node, key, str)
    if not found or not all(map(str.strip, found)):
        raise wrong(node, f"'{key}' is empty or holds an empty item; write its words", key)
    return tuple(found)
