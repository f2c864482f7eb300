"""The real processes over HTTP: signed webhooks in, Graph API out, for every category."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.product import PROJECT, Product, free_port

pytestmark = [pytest.mark.rasa, pytest.mark.timeout(180)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(model: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    async with Product(tmp_path_factory.mktemp("product")) as running:
        await running.start()
        await running.ask("hangat", "halo", 60)
        yield running


@pytest.mark.asyncio(loop_scope="module")
class TestEveryCategory:
    """Each of the seven through signed webhooks and the Graph API."""

    async def test_tanya_nindy_answers_from_the_faq(self, product: Product) -> None:
        answer = await product.ask("ani", "Apa itu HAI-DJPb?")
        assert "contact center" in answer["text"]
        assert answer["buttons"][0]["title"] == "Terbantu"

    async def test_tanya_nindy_makes_a_ticket_that_lacak_tiket_finds(
        self, product: Product
    ) -> None:
        await product.ask("beni", "bagaimana cara beternak lele di kolam terpal")
        await product.press("beni", "Ya, buat tiket")
        for line in ("Sejak kemarin saya mencari jawabannya", "Beni Contoh", "beni@contoh.go.id"):
            await product.ask("beni", line)
        await product.press("beni", "Lewati")
        made = await product.press("beni", "Kirim tiket")
        number = re.search(r"\d{8}-[2-9A-HJ-NP-Z]{6}", made["text"])
        assert number is not None, made["text"]
        assert "paling lambat" in made["text"]
        found = await product.ask("beni", f"lacak tiket {number.group()}")
        assert "Subjek" in found["text"]
        stranger = await product.ask("cici", f"lacak tiket {number.group()}")
        assert number.group() in stranger["text"]
        assert "lele" not in stranger["text"]

    async def test_informasi_sp2d_by_list(self, product: Product) -> None:
        await product.ask("dedi", "menu")
        await product.press("dedi", "Informasi SP2D")
        await product.ask("dedi", "260261301000123")
        answer = await product.ask("dedi", "0012345678901")
        assert "Kementerian Keuangan" in answer["text"]
        assert "0012345678901" not in answer["text"]

    async def test_status_supplier(self, product: Product) -> None:
        await product.ask("eka", "cek status supplier")
        await product.press("eka", "2 Penyedia barang/jasa")
        answer = await product.ask("eka", "0012345678901")
        assert "NRS-0000123" in answer["text"]

    async def test_register_kontrak(self, product: Product) -> None:
        answer = await product.ask("feri", "cek nrk satker 527010 nomor kontrak 001/PPK/2026")
        assert "NRK-0000456" in answer["text"]

    async def test_akun_digit(self, product: Product) -> None:
        await product.ask("gita", "6")
        await product.press("gita", "Reset kata sandi")
        await product.ask("gita", "198508122010121001")
        answer = await product.ask("gita", "siti@contoh.go.id")
        assert "diteruskan ke Digit" in answer["text"]
        assert "siti@" not in answer["text"]

    async def test_reset_sakti(self, product: Product) -> None:
        await product.ask("hadi", "reset mfa sakti dong")
        await product.ask("hadi", "3171014508900001")
        answer = await product.ask("hadi", "527010")
        assert "MFA" in answer["text"]
        calls = (await product.get("/sandbox/upstream-calls"))["calls"]
        assert [call["body"]["jenis"] for call in calls if call["system"] == "sakti"] == ["mfa"]

    @pytest.mark.parametrize("fault", ["duplicated", "batched", "reordered", "status_first"])
    async def test_webhooks_that_misbehave_are_answered_once(
        self, product: Product, fault: str
    ) -> None:
        await product.faults({"webhooks": fault})
        person = f"webhook-{fault}".replace("_", "-")
        await product.ask(person, "halo")
        await product.faults({"webhooks": "off"})
        await product.ask(person, "menu")
        said = [entry for entry in await product.chat(person) if entry["from"] == "nindy"]
        assert len(said) == 2

    @pytest.mark.parametrize("fault", ["rate_limit", "error", "pair_rate"])
    async def test_a_graph_api_in_trouble_gets_the_bubble_later(
        self, product: Product, fault: str
    ) -> None:
        await product.faults({"graph": {"kind": fault, "times": 2}})
        person = f"graph-{fault}".replace("_", "-")
        assert "Nindy" in (await product.ask(person, "halo"))["text"]

    async def test_an_answer_lost_after_acceptance_is_not_sent_twice(
        self, product: Product
    ) -> None:
        await product.faults({"graph": {"kind": "timeout_after_accept", "times": 1, "seconds": 1}})
        await product.ask("ida", "halo")
        await product.ask("ida", "menu")
        said = [entry for entry in await product.chat("ida") if entry["from"] == "nindy"]
        assert len(said) == 2
        assert (await product.get("/sandbox/stats"))["duplicates_by_callback"] == 0

    async def test_nothing_personal_stands_in_log_or_database(self, product: Product) -> None:
        await product.ask("joko", "cek sp2d 260261301000123 rek 7788990011223")
        await product.ask("joko", "nik saya 3404051207850002 email joko.marker@contoh.go.id")
        var = Path(product.environment["NINDY_VAR_DIR"])
        stored = b"".join(path.read_bytes() for path in var.glob("nindy.db*"))
        for marker in ("7788990011223", "3404051207850002", "joko.marker"):
            assert marker not in product.log
            assert marker.encode() not in stored


@pytest.mark.asyncio(loop_scope="module")
async def test_a_second_start_answers_soon_and_ctrl_c_drains(model: Path, tmp_path: Path) -> None:
    async with Product(tmp_path) as running:
        await running.start()
        await running.ask("siti", "halo", 60)
        assert running.stop(signal.SIGINT) < 15
        assert running.process is not None and running.process.returncode == 0
        await running.start()
        index = await running.write("siti", text="menu")
        await running.answer("siti", index, 20)
        rows = sqlite3.connect(f"{tmp_path}/var/nindy.db").execute(
            "SELECT state, count(*) FROM inbox GROUP BY state"
        )
        assert dict(rows.fetchall()) == {"done": 2}


def _run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    nindy = str(Path(sys.executable).parent / "nindy")
    return subprocess.run(
        [nindy, *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


class TestStartsThatCannotWork:
    """Each ends with one clear line and exit code 2."""

    def environment(self, folder: Path, **changes: str) -> dict[str, str]:
        return {**Product(folder).environment, **changes}

    def refused(self, environment: dict[str, str]) -> str:
        result = _run(environment, "up")
        assert result.returncode == 2, result.stderr
        lines = [line for line in result.stderr.splitlines() if line.startswith("nindy: ")]
        assert len(lines) == 1, result.stderr
        assert "Traceback" not in result.stderr
        return lines[0]

    def test_missing_secret_with_a_real_api_url(self, model: Path, tmp_path: Path) -> None:
        environment = self.environment(
            tmp_path, NINDY_WHATSAPP_API_URL="https://graph.example.com/v26.0"
        )
        del environment["NINDY_WHATSAPP_APP_SECRET"]
        assert "NINDY_WHATSAPP_APP_SECRET" in self.refused(environment)

    async def test_port_taken(self, model: Path, tmp_path: Path) -> None:
        port = free_port()
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", port)
        async with server:
            environment = self.environment(tmp_path, NINDY_EDGE_PORT=str(port))
            line = await asyncio.to_thread(self.refused, environment)
        assert str(port) in line and "NINDY_EDGE_PORT" in line

    def test_no_permission_to_write(self, model: Path, tmp_path: Path) -> None:
        (tmp_path / "taken").write_text("a file where a folder should be")
        line = self.refused(self.environment(tmp_path, NINDY_VAR_DIR=str(tmp_path / "taken")))
        assert "taken" in line

    def test_unusable_database(self, model: Path, tmp_path: Path) -> None:
        environment = self.environment(
            tmp_path,
            NINDY_DATABASE_URL="postgresql://127.0.0.1:1/none",
            NINDY_ENCRYPTION_KEYS="x" * 43 + "=",
            NINDY_INDEX_KEY="an index key of tests, for nothing else",
        )
        assert "database" in self.refused(environment)

    @pytest.mark.parametrize(
        ("file", "broken"),
        [
            ("data/faq/retur.yml", "entries:\n- id: [unclosed\n"),
            ("data/calendar/2026.yml", "year: 2026\n"),
            ("data/fields/choices.yml", "digit_layanan: {status: [a\n"),
            ("domain.yml", 'version: "3.1"\nresponses: [\n'),
        ],
    )
    def test_broken_data_is_named_with_its_file(
        self, tmp_path: Path, file: str, broken: str
    ) -> None:
        copy = tmp_path / "project"
        for name in ("bot", "actions", "desk", "sandbox", "data"):
            shutil.copytree(PROJECT / name, copy / name)
        for name in ("domain.yml", "config.yml"):
            shutil.copy(PROJECT / name, copy / name)
        (copy / file).write_text(broken)
        result = subprocess.run(
            [sys.executable, "-c", "from bot.cli import main; main()", "up"],
            cwd=copy,
            env={**self.environment(tmp_path), "PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert result.returncode == 2, result.stderr
        said = [line for line in result.stderr.splitlines() if line.startswith("nindy: ")]
        assert len(said) == 1, result.stderr
        assert Path(file).name in said[0] and "Traceback" not in result.stderr
