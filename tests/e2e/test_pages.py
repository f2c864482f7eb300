"""More choices than WhatsApp shows in a list, with the real processes and the sandbox's phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.product import Product

pytestmark = [pytest.mark.rasa, pytest.mark.timeout(180)]


def rows(bubble: dict[str, Any]) -> list[dict[str, str]]:
    return [row for section in bubble["list"]["sections"] for row in section["rows"]]


async def test_the_last_row_opens_the_next_page_and_the_form_goes_on(
    model: Path, tmp_path: Path
) -> None:
    async with Product(tmp_path) as product:
        await product.start()
        await product.ask("siti", "minta batal persetujuan aset di SAKTI", 60)
        first = await product.press("siti", "Ya, buat tiket")
        assert len(rows(first)) == 10
        assert rows(first)[-1]["title"] == "Lainnya"
        assert rows(first)[-1]["description"] == "Masih ada 4 pilihan lagi"
        second = await product.press("siti", "Lainnya")
        assert "pilihan lainnya" in second["text"]
        offered = [row["title"] for row in rows(second)]
        assert offered == ["Masyarakat", "Dewan Pengawas BLU", "Pimpinan DJPb", "Unit lain"]
        assert "kronologi" in (await product.press("siti", "Pimpinan DJPb"))["text"]
