"""What ``nindy catalogue`` prints, and how it fails."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import cli
from bot.catalogue import Catalogue
from bot.catalogue.show import as_data
from bot.errors import DataError
from tests.conftest import PROJECT

HOME = PROJECT / "data/catalogue"
Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["nindy", "catalogue", *map(str, arguments)])
        cli.main()
        return capsys.readouterr().out

    return call


def edit(folder: Path, file: str, before: str, after: str) -> None:
    text = (folder / file).read_text()
    assert before in text
    (folder / file).write_text(text.replace(before, after, 1))


def test_a_service_as_json(run: Run) -> None:
    found = json.loads(run("show", 14, "--json"))
    assert list(found) == [
        "number",
        "name",
        "aliases",
        "unit",
        "sla_hours",
        "definition",
        "users",
        "scope",
        "access",
    ]
    assert (found["number"], found["sla_hours"]) == (14, 16)
    assert found["name"] == "Layanan Konsultasi Teknis Badan Pengelola Dana Perkebunan"
    assert "BPDPKS" in found["aliases"]
    assert len(found["scope"]) == 33
    assert found["access"] == [True] * 13


def test_parts_are_flat_in_json(run: Run) -> None:
    assert json.loads(run("show", 10, "--json"))["scope"] == [
        "SAKTI: Layanan Permintaan Batal Persetujuan Aset dan Persediaan",
        "SAKTI: Layanan Permintaan Buka/Tutup Periode Terpusat",
        "SPAN: Layanan Open Period Tambahan Capaian Output",
    ]


def test_every_service_has_its_json(catalogue: Catalogue) -> None:
    for service in catalogue.services:
        found = json.loads(json.dumps(as_data(catalogue, service)))
        assert found["scope"] and all(type(line) is str for line in found["scope"])
        assert len(found["access"]) == 13
        assert {type(mark) for mark in found["access"]} == {bool}


def test_a_service_to_read(run: Run) -> None:
    said = run("show", 13)
    assert said.startswith("13. Layanan Broadcast\n")
    for line in (
        "  unit: Direktorat Sistem Informasi dan Teknologi Perbendaharaan",
        "  SLA: 8 working hours",
        "  X 2 Kantor Pelayanan Perbendaharaan Negara (turns to service 2, 3, 4, 5, 6, 7)",
        "  O 8 Direktorat Teknis Kantor Pusat Ditjen Perbendaharaan",
        "  Portal HAI-DJPb: hai.kemenkeu.go.id",
    ):
        assert line in said.splitlines()
    assert "(ask the owner)" in said
    assert "    b. Reset password/MFA pengguna Sistem SAKTI non Satker\n" in run("show", 9)
    assert all(len(line) <= 100 for line in said.splitlines())


def test_the_kept_changes_to_read(run: Run) -> None:
    said = run("diff", "2025.1", "2026.0")
    assert said.startswith("Catalogue 2025.1 -> 2026.0: 44 changes\n")
    numbers = [line.split(".")[0].strip() for line in said.splitlines() if line[2:3].isdigit()]
    assert sorted(map(int, numbers)) == list(range(1, 45))
    assert "\nE. Definisi dan Ruang Lingkup Layanan: removed\n" in said
    assert "      - Layanan OMSPAN\n" in said
    assert "      + Manajemen Kinerja Pegawai\n" in said


def test_a_folder_is_compared_by_its_content(run: Run, folder: Path) -> None:
    edit(folder, "services.yml", 'version: "2026.0"', 'version: "2027.0"')
    edit(folder, "services.yml", "unit: KPPN Khusus Penerimaan", "unit: Sekretariat DJPb")
    edit(folder, "services.yml", "  sla_hours: 8\n", "")
    edit(folder, "services.yml", "  - Retur SP2D\n", "  - Retur SP2D dan SPM\n")
    edit(folder, "services.yml", "  name: TIK.4 Layanan Data", "  name: TIK.4 Layanan Data Latih")
    edit(folder, "access.yml", "  10: O O O X", "  10: O O O O")
    edit(folder, "access.yml", "groups: [4, 5, 7,", "groups: [5, 7,")
    door = "- {services: [11, 12, 13], groups: [4], turn_to: [8]}"
    edit(folder, "access.yml", "doors:\n", f"doors:\n{door}\n")
    edit(folder, "channels.yml", "akun @haiDJPb", "akun @hai_djpb")
    said = run("diff", "2026.0", folder)
    assert said.startswith(f"Catalogue 2026.0 (2026.0) -> 2027.0 ({folder})\n")
    for block in (
        "Services renamed\n  11 TIK.4 Layanan Data -> TIK.4 Layanan Data Latih",
        "Service 3 Layanan Konsultasi Teknis Pengelolaan Kas Negara\n"
        "  + scope: Retur SP2D dan SPM\n  - scope: Retur SP2D",
        "Service 13 Layanan Broadcast\n  SLA in working hours: 8 -> 16",
        "Service 17 Layanan Konsultasi Teknis KPPN Khusus Penerimaan\n"
        "  unit: KPPN Khusus Penerimaan -> Sekretariat DJPb",
        "Access (+ may ask now, - may not any more)\n"
        "  + 10 TIK.3 Layanan Sistem Informasi: Wajib Pajak, Wajib Bayar, Wajib Setor",
        "Channels\n  + Twitter: akun @hai_djpb\n  - Twitter: akun @haiDJPb",
    ):
        assert f"\n\n{block}\n" in said
    assert len(said.split("\n\n")) == 7
    back = run("diff", folder, "2026.0")
    assert "  SLA in working hours: 16 -> 8\n" in back
    assert "  11 TIK.4 Layanan Data Latih -> TIK.4 Layanan Data\n" in back
    assert "  - 10 TIK.3 Layanan Sistem Informasi: Wajib Pajak," in back


NEW_SERVICE = """\
- number: 21
  name: Layanan Baru
  aliases: [Layanan Pengaduan]
  unit: Sekretariat DJPb
  definition: Contoh.
  users: Contoh.
  scope: [Contoh]
"""


def test_services_come_and_go(run: Run, folder: Path) -> None:
    text = (folder / "services.yml").read_text()
    kept = text[: text.index("- number: 20\n")]
    taken_over = NEW_SERVICE.replace("21", "20")
    (folder / "services.yml").write_text(kept + taken_over)
    assert "Services renamed\n  20 Layanan Pengaduan -> Layanan Baru\n" in run("diff", HOME, folder)

    added = NEW_SERVICE.replace("  aliases: [Layanan Pengaduan]\n", "")
    (folder / "services.yml").write_text(text + added)
    edit(folder, "access.yml", "  20: O", "  21: O O O O O O O O O O O O O\n  20: O")
    said = run("diff", HOME, folder)
    assert "Services added\n  + 21 Layanan Baru (Sekretariat DJPb)\n" in said
    assert "Services removed" not in said
    assert "Services removed\n  - 21 Layanan Baru\n" in run("diff", folder, HOME)
    with pytest.raises(DataError, match="21 services, 20 are wanted"):
        Catalogue(folder)


def test_names_taken_in_by_one_service_are_removed_not_renamed(run: Run, folder: Path) -> None:
    text = (folder / "services.yml").read_text()
    kept = text[: text.index("- number: 19\n")]
    heir = NEW_SERVICE.replace("21", "19").replace(
        "[Layanan", "[Layanan Narasumber Bidang Perbendaharaan, Layanan"
    )
    (folder / "services.yml").write_text(kept + heir)
    edit(folder, "access.yml", "  20: O O O O O O O O O O O O O\n", "")
    edit(folder, "access.yml", "turn_to: [2, 7, 20]", "turn_to: [2, 7]")
    edit(folder, "notes.yml", "services: [3, 4, 5, 19]", "services: [3, 4, 5]")
    edit(folder, "channels.yml", "13, 19, 20]", "13, 19]")
    said = run("diff", HOME, folder)
    assert "- 20 Layanan Pengaduan (an alias of Layanan Baru now)" in said
    assert "Services renamed" not in said


def test_equal_catalogues_do_not_differ(run: Run, folder: Path) -> None:
    assert run("diff", HOME, folder).endswith(": nothing differs\n")
    assert run("diff", "2026.0", "2026.0").endswith(": nothing differs\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "21"), "service 21 is not known; use 1 to 20"),
        (("show", "0", "--json"), "service 0 is not known"),
        (("show", "satu"), "service satu is not known"),
        (("diff", "2024.0", "2026.0"), "catalogue 2024.0 is not known; give its folder"),
        (("diff", "2026.0", "nowhere"), "catalogue nowhere is not known"),
        (("diff", "2025.1", str(HOME)), "of catalogue 2025.1 only lists of changes are kept"),
        (("diff", "2026.0", "2025.1"), "of catalogue 2025.1 only lists of changes are kept"),
        (("diff", "2026.0", str(HOME.parent / "faq")), "services.yml: the file is missing"),
    ],
)
def test_an_error_is_one_line_and_exit_code_2(
    run: Run, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(*arguments)
    assert stopped.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("nindy: ") and printed.err.count("\n") == 1
    assert said in printed.err
