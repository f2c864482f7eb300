"""Bodies of outgoing messages."""

from __future__ import annotations

from typing import Any


def rows(count: int, prefix: str = "r") -> list[dict[str, str]]:
    return [{"id": f"{prefix}{number}", "title": f"Baris {number}"} for number in range(count)]


def section(of: list[dict[str, str]], title: str | None = "Bagian") -> dict[str, Any]:
    return {"rows": of} if title is None else {"title": title, "rows": of}


def listing(
    *sections: dict[str, Any],
    body: str = "Pilih topik",
    button: str = "Lihat pilihan",
    header: str = "Layanan",
    footer: str = "Nindy",
) -> dict[str, Any]:
    return {
        "type": "interactive",
        "interactive": {
            "type": "list",
            "header": {"type": "text", "text": header},
            "body": {"text": body},
            "footer": {"text": footer},
            "action": {"button": button, "sections": list(sections or (section(rows(2)),))},
        },
    }


def buttons(
    *titles: str, body: str = "Terbantu?", footer: str = "Nindy", ids: list[str] | None = None
) -> dict[str, Any]:
    names = ids or [f"b{number}" for number in range(len(titles))]
    return {
        "type": "interactive",
        "interactive": {
            "type": "button",
            "body": {"text": body},
            "footer": {"text": footer},
            "action": {
                "buttons": [
                    {"type": "reply", "reply": {"id": name, "title": title}}
                    for name, title in zip(names, titles, strict=True)
                ]
            },
        },
    }
