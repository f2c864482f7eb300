"""The invented records behind SPAN, SAKTI and Digit."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML

RECORDS = Path(__file__).with_name("records.yml")


@dataclass(frozen=True)
class Sp2d:
    """A payment order."""

    nomor_sp2d: str
    nomor_rekening: str
    nama_kl: str
    kode_satker: str
    nama_satker: str
    tipe_supplier: str


@dataclass(frozen=True)
class Supplier:
    """The registration of a supplier."""

    tipe_supplier: str
    nomor_rekening: str
    status: str
    nrs: str | None
    alasan: str | None
    diperbarui: str


@dataclass(frozen=True)
class Contract:
    """The registration of a contract."""

    kode_satker: str
    nomor_kontrak: str
    status: str
    nrk: str | None
    alasan: str | None
    diperbarui: str


@dataclass(frozen=True)
class SaktiUser:
    """A user of SAKTI."""

    nik: str
    kode_satker: str
    terkunci: bool


@dataclass(frozen=True)
class DigitUser:
    """A user of Digit."""

    identitas: str
    email: str
    status: str


Record = TypeVar("Record", Sp2d, Supplier, Contract, SaktiUser, DigitUser)


@dataclass(frozen=True)
class Records:
    """Everything that can be looked up."""

    sp2d: tuple[Sp2d, ...]
    suppliers: tuple[Supplier, ...]
    contracts: tuple[Contract, ...]
    sakti_users: tuple[SaktiUser, ...]
    digit_users: tuple[DigitUser, ...]

    def as_json(self) -> dict[str, Any]:
        """Shape for the help panel."""
        return asdict(self)


def load(path: Path = RECORDS) -> Records:
    """Read the records.

    Raises:
        ValueError: A record lacks a member or has a number where text belongs.
    """
    with path.open(encoding="utf-8") as file:
        tree = YAML(typ="safe", pure=True).load(file)
    return Records(
        _read(Sp2d, tree["span"]["sp2d"]),
        _read(Supplier, tree["span"]["suppliers"]),
        _read(Contract, tree["span"]["contracts"]),
        _read(SaktiUser, tree["sakti"]["users"]),
        _read(DigitUser, tree["digit"]["users"]),
    )


def _read(kind: type[Record], rows: list[dict[str, Any]]) -> tuple[Record, ...]:
    names = {field.name for field in fields(kind)}
    for row in rows:
        if set(row) != names:
            raise ValueError(f"{RECORDS.name}: {kind.__name__} needs exactly {sorted(names)}")
        for name, value in row.items():
            if not isinstance(value, (str, bool, type(None))):
                raise ValueError(f"{RECORDS.name}: put {name}: {value} in quotes")
    return tuple(kind(**row) for row in rows)
