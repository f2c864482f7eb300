"""Reading fields out of what users type. Every value here is invented."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions import fields
from actions.fields import finding, text, words
from actions.fields.words import field_words
from bot.errors import DataError, NindyError

VALID = {
    "nomor_sp2d": "260261301000123",
    "nomor_rekening": "00123456789",
    "kode_satker": "029018",
    "nik": "9901011501900001",
    "nip": "190001011925011001",
    "nrp": "12345678",
    "identitas": "9901011501900001",
    "email": "nama@contoh.go.id",
    "nomor_tiket": "20260115-AB12CD",
    "tipe_supplier": "2",
    "nomor_kontrak": "001/PPK/2026",
    "nama": "Sekar Contohwati",
}
NAMES = st.sampled_from(fields.NAMES)
DIGIT_FIELDS = [name for name in fields.NAMES if VALID[name].isdigit() and len(VALID[name]) > 1]
# Messages made of the pieces that matter, which random characters would seldom hit.
PIECES = st.sampled_from(
    [
        *VALID.values(),
        *(label for many in field_words().labels.values() for label in many[:3]),
        *field_words().lists["courtesy"][:20],
        *(
            "-",
            ".",
            "/",
            "@",
            "|",
            "\n",
            ", ",
            "bukan",
            "tapi",
            "O",
            "12",
            "2026",
            "HAI-",
            "nya",
            "?",
        ),
        *("1234567890", "527010", "AB1", "٢٦", "１２", "\u200b", "DE89 3704 0044 0532", "1", "no."),
    ]
)
MESSY = st.one_of(
    st.text(max_size=80),
    st.lists(PIECES, max_size=12).map(" ".join),
    st.lists(PIECES, max_size=6).map("".join),
)


def reason(field: str, message: str, *, insist: bool = False) -> str:
    with pytest.raises(fields.FieldError) as caught:
        fields.parse(field, message, insist=insist)
    assert caught.value.field == field
    return caught.value.reason


@pytest.mark.parametrize(
    ("field", "message", "value"),
    [
        ("nomor_sp2d", "ini kak 260261301000123 ya", "260261301000123"),
        ("nomor_sp2d", "No. SP2D: 2602-6130-1000-123", "260261301000123"),
        ("nomor_sp2d", "sp2dnya\n260261301 000123\nmakasih", "260261301000123"),
        ("nomor_sp2d", "２６０２６１３０１０００１２３", "260261301000123"),
        ("nomor_sp2d", "٢٦٠٢٦١٣٠١٠٠٠١٢٣", "260261301000123"),
        ("nomor_sp2d", "2602613\u200b01000123", "260261301000123"),
        ("nomor_sp2d", "260261301000123ya", "260261301000123"),
        ("nomor_rekening", "rek 0012 3456 789 a.n. CV Contoh", "00123456789"),
        ("nomor_rekening", "norek satker 00123-456-789", "00123456789"),
        ("nomor_rekening", "bank 014 rek 1234567890", "1234567890"),
        ("nomor_rekening", "XX89 3704 0044 0532 0130 00", "XX89370400440532013000"),
        ("kode_satker", "kode satker saya 029018 kak", "029018"),
        ("kode_satker", "527010 tahun 2026", "527010"),
        ("kode_satker", "satker/527010", "527010"),
        ("kode_satker", "bukan 527010 tapi 029018", "029018"),
        ("kode_satker", "527010 harusnya 029018", "029018"),
        ("nik", "NIK: 9901 0115 0190 0001", "9901011501900001"),
        ("nik", "5401014502000001", "5401014502000001"),  # unknown province, woman
        ("nik", "9901012902960001", "9901012902960001"),  # 29 February
        ("nip", "19000101 192501 1 001", "190001011925011001"),  # PNS
        ("nip", "190001011925212001", "190001011925212001"),  # PPPK: 21 is no month
        ("nrp", "NRP 12345/P", "12345/P"),
        ("identitas", "NIK/NIP: 9901011501900001", "9901011501900001"),
        ("identitas", "nip saya 190001011925011001", "190001011925011001"),
        ("identitas", "nrp 88051234", "88051234"),
        ("email", "emailku Budi.C@Contoh.GO.ID.", "Budi.C@contoh.go.id"),
        ("email", "mailto:budi @ contoh.go.id,", "budi@contoh.go.id"),
        ("email", "budi [at] contoh.go.id", "budi@contoh.go.id"),
        ("nomor_tiket", "20260115ab12cd", "20260115-AB12CD"),
        ("nomor_tiket", "2026 0115 - AB1 2CD ya kak", "20260115-AB12CD"),
        ("nomor_tiket", "hai kak, tiketnya hai 507093012", "HAI-507093012"),
        ("tipe_supplier", "tipe 2 kak", "2"),
        ("tipe_supplier", "dua", "2"),
        ("tipe_supplier", "penyedya", "2"),
        ("tipe_supplier", "bendahara", "1"),
        ("tipe_supplier", "satker", "1"),
        ("tipe_supplier", "ba bun", "4"),
        ("tipe_supplier", "PPNPN", "6"),
        ("tipe_supplier", "lain-lain", "7"),
        ("tipe_supplier", "bukan 1 tapi tipe 2 maksudnya", "2"),
        ("nomor_kontrak", "ini kak 001 / ppk / 2026 ya", "001/PPK/2026"),
        ("nomor_kontrak", "nomor kontraknya SPK-01.A/2026 tolong dicek", "SPK-01.A/2026"),
        ("nomor_kontrak", "spk 12 tahun 2026", "SPK12TAHUN2026"),
        ("nama", "nama saya Sekar Contohwati, S.E., M.M.", "Sekar Contohwati, S.E., M.M."),
        ("nama", "halo kak, saya Dewi dari KPPN", "Dewi"),
        ("nama", "Ni Luh Contoh ya kak", "Ni Luh Contoh"),
    ],
)
def test_messy_answers_are_read(field: str, message: str, value: str) -> None:
    assert fields.parse(field, message) == value


@pytest.mark.parametrize(
    ("field", "message", "expected"),
    [
        ("nomor_sp2d", " \u200b\n", "kosong"),
        ("nomor_sp2d", "belum ada", "bentuk"),
        ("nomor_sp2d", "2602613010001234", "panjang"),
        ("nomor_sp2d", "26O261301000123", "huruf"),
        ("nomor_sp2d", "260261301000123 260261301000124", "banyak"),
        ("nomor_rekening", "1234", "panjang"),
        ("nomor_rekening", "0O123456789", "huruf"),
        ("nomor_rekening", "1234567890 0987654321", "banyak"),
        ("nomor_rekening", "1234567890 2", "banyak"),
        ("kode_satker", "12345", "panjang"),
        ("kode_satker", "527010 atau 029018", "banyak"),
        ("nik", "9901011501900000", "susunan"),  # serial 0000
        ("nik", "9901013213900001", "susunan"),  # day 32, month 13
        ("nik", "9901018101900001", "susunan"),  # day 81
        ("nik", "9901013002900001", "susunan"),  # 30 February
        ("nik", "9901012902950001", "susunan"),  # no leap year
        ("nik", "nip 190001011925011001", "bentuk"),
        ("nip", "190002301925011001", "susunan"),
        ("nip", "190001011925013001", "susunan"),  # sex 3
        ("nip", "190001011925001001", "susunan"),  # neither month nor count
        ("nrp", "12/P", "bentuk"),
        ("identitas", "99010115019000011", "panjang"),
        ("identitas", "9901013213900001", "susunan"),
        ("email", "budi@contoh", "bentuk"),
        ("email", "a@contoh.go.id b@contoh.go.id", "banyak"),
        ("nomor_tiket", "20261315-AB12CD", "tanggal"),
        ("nomor_tiket", "20260115 segera", "bentuk"),
        ("tipe_supplier", "9", "pilihan"),
        ("tipe_supplier", "hibah atau pegawai", "banyak"),
        ("nomor_kontrak", "belum ada", "bentuk"),
        ("nomor_kontrak", "mau bicara dengan 2 orang", "bentuk"),
        ("nomor_kontrak", "1/" * 80, "panjang"),
        ("nomor_kontrak", "001/PPK/2026 dan 002/PPK/2026", "banyak"),
        ("nama", "mau tanya dong", "bentuk"),
        ("nama", "siapa ya?", "bentuk"),
        ("nama", "budi@contoh.go.id", "bentuk"),
        ("nama", "www.contoh.go.id", "bentuk"),
        ("nama", "Budi 2", "bentuk"),
        ("nama", "Abc " * 16, "panjang"),
    ],
)
def test_refusals_name_the_reason(field: str, message: str, expected: str) -> None:
    assert reason(field, message) == expected


def test_a_user_may_insist_on_an_unusual_number() -> None:
    assert fields.parse("nomor_sp2d", "2602613010001234", insist=True) == "2602613010001234"
    assert fields.parse("nomor_sp2d", "AB26-02613010001", insist=True) == "AB2602613010001"
    assert fields.parse("nomor_rekening", "0O123456789", insist=True) == "0O123456789"
    assert reason("nomor_sp2d", "26026", insist=True) == "bentuk"


def test_an_unknown_field_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="no such field"):
        fields.parse("umur", "17")


@pytest.mark.parametrize("identity", ["198508122010121001", "3404051207850002", "88051234"])
def test_identities_of_every_kind_are_taken(identity: str) -> None:
    assert fields.parse("identitas", identity) == identity


SP2D_FORM = {"nomor_sp2d", "nomor_rekening"}
EVERY = set(fields.NAMES)


@pytest.mark.parametrize(
    ("message", "wanted", "expected"),
    [
        (
            "cek sp2d dong kak 260261301000123 rek 00123-456-789",
            SP2D_FORM,
            {"nomor_sp2d": "260261301000123", "nomor_rekening": "00123456789"},
        ),
        (
            "260261301000123 00123456789",
            SP2D_FORM,
            {"nomor_sp2d": "260261301000123", "nomor_rekening": "00123456789"},
        ),
        (
            "260261301000123 rek 00123456789",
            SP2D_FORM,
            {"nomor_sp2d": "260261301000123", "nomor_rekening": "00123456789"},
        ),
        ("eh salah, kode satkernya 527010", EVERY, {"kode_satker": "527010"}),
        (
            "nik 9901011501900001 satker 527010 reset mfa ya",
            {"identitas", "kode_satker"},
            {"identitas": "9901011501900001", "kode_satker": "527010"},
        ),
        (
            "kontrak no. 001/PPK/2026 belum muncul, satker 029018",
            EVERY,
            {"nomor_kontrak": "001/PPK/2026", "kode_satker": "029018"},
        ),
        (
            "kontrak spk 12 tahun 2026 satker 029018",
            EVERY,
            {"nomor_kontrak": "SPK12TAHUN2026", "kode_satker": "029018"},
        ),
        ("emailku budi@contoh.go.id", {"email"}, {"email": "budi@contoh.go.id"}),
        (
            "00123456789 rekeningnya, 527010 satkernya",
            EVERY,
            {"nomor_rekening": "00123456789", "kode_satker": "527010"},
        ),
        (
            "cek supplier pegawai rekening 1234567890",
            EVERY,
            {"tipe_supplier": "3", "nomor_rekening": "1234567890"},
        ),
        (
            "jenis supplier satker rek 1234567890",
            EVERY,
            {"tipe_supplier": "1", "nomor_rekening": "1234567890"},
        ),
        ("ganti satker 527010 jadi 029018", EVERY, {"kode_satker": "029018"}),
        ("satker 527010 atau 029018", EVERY, {}),
        ("nama saya Budi, mau tanya sp2d", EVERY, {"nama": "Budi"}),
        ("tiket saya 20260115-AB12CD gimana", EVERY, {"nomor_tiket": "20260115-AB12CD"}),
        # Nothing is guessed.
        ("nik 9901011501900001", {"nomor_rekening"}, {}),
        ("sp2d 26026130100012", SP2D_FORM, {}),
        ("hp 081234567890", EVERY, {}),
        ("Rp 500.000 belum cair sejak 15-01-2026", EVERY, {}),
        ("kontrak sudah 3 kali ditolak", EVERY, {}),
        ("001/PPK/2026", EVERY, {}),
        ("Sekar Contohwati", EVERY, {}),
        ("status supplier pegawai belum muncul?", {"nama", "kode_satker"}, {}),
        ("111111 222222", {"kode_satker", "nomor_rekening"}, {}),
    ],
)
def test_values_are_found_in_messages(
    message: str, wanted: set[str], expected: dict[str, str]
) -> None:
    assert fields.find(message, wanted) == expected


def test_labelled_takes_nothing_by_shape() -> None:
    assert fields.labelled("260261301000123 527010", EVERY) == {}
    assert fields.labelled("ralat rekeningnya 1234567", EVERY) == {"nomor_rekening": "1234567"}
    assert fields.labelled("bukan 1 tapi tipe 2 maksudnya", EVERY) == {"tipe_supplier": "2"}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("eh salah, kode satkernya 527010", True),
        ("RALAT ya kak", True),
        ("harusnya 029018", True),
        ("typo hehe", True),
        ("bukan 1 tapi 2", True),
        ("salah satu satker belum cair", False),
        ("mau ganti password", False),
        ("260261301000123", False),
        ("bukan", False),
    ],
)
def test_corrections_are_noticed(message: str, expected: bool) -> None:
    assert fields.is_correction(message) is expected


@given(NAMES, MESSY, st.booleans())
@settings(max_examples=400, deadline=None)
def test_parse_is_idempotent_and_raises_only_field_errors(
    field: str, message: str, insist: bool
) -> None:
    try:
        value = fields.parse(field, message, insist=insist)
    except fields.FieldError as error:
        assert str(error) in field_words().errors[field].values()
        assert str(error) != message
    else:
        assert fields.parse(field, value, insist=insist) == value


AROUND = st.sampled_from(["", " ", "\n", "  ", "\u200b", " kak ", " ya ", " kak ya ", "\t"])


@given(NAMES, st.data())
@settings(max_examples=200, deadline=None)
def test_decoration_changes_nothing(field: str, data: st.DataObject) -> None:
    value = VALID[field]
    if field in DIGIT_FIELDS:
        cut = data.draw(st.integers(2, len(value) - 2))
        gap = data.draw(st.sampled_from(["", " ", ".", "-", " - "]))
        value = value[:cut] + gap + value[cut:]
    label = data.draw(st.sampled_from(["", fields.describe(field).label + ": "]))
    if field == "identitas":
        label = ""
    front = data.draw(st.sampled_from(["", " ", "\n", "ini ", "halo kak, ", "ini kak "]))
    assert fields.parse(field, front + label + value + data.draw(AROUND)) == VALID[field]


@given(MESSY, st.sets(NAMES))
@settings(max_examples=400, deadline=None)
def test_no_piece_of_a_message_is_used_twice(message: str, wanted: set[str]) -> None:
    hits = finding.locate(message, wanted)
    for one, other in pairwise(hits):
        assert one.end <= other.start
    for hit in hits:
        assert hit.field in wanted
        assert fields.parse(hit.field, hit.value) == hit.value
    assert fields.labelled(message, wanted).items() <= fields.find(message, wanted).items()


@given(st.text())
@settings(deadline=None)
def test_cleaning_bounds_the_length(message: str) -> None:
    # One zero-width removal may let marks combine, never grow the text.
    assert len(text.clean(message * 3)) <= text.LONGEST


def test_only_the_first_characters_are_looked_at() -> None:
    assert reason("kode_satker", "x " * text.LONGEST + "029018") == "bentuk"
    assert len(text.labels_in("nik " * 1000)) == text.MOST_LABELS


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece",
    ["1", "1 ", "1-", "1.1-1 ", "a@", "x@a.", "nik ", "tipe pegawia ", "A1 ", "/1a", "HAI "],
)
def test_hostile_input_is_read_in_bounded_time(piece: str) -> None:
    # Each takes milliseconds; a pattern that backtracks would need minutes.
    message = piece * (10_000 // len(piece))
    for field in fields.NAMES:
        try:
            fields.parse(field, message)
        except fields.FieldError as error:
            assert isinstance(error, NindyError)
    fields.find(message, fields.NAMES)


@pytest.mark.parametrize("field", fields.NAMES)
def test_words_are_complete_and_kind(field: str) -> None:
    described = fields.describe(field)
    assert fields.parse(field, described.example) == described.example
    assert described.example.replace(" ", "") in described.explain.replace(" ", "")
    for sentence in field_words().errors[field].values():
        assert "Kak" in sentence
        assert len(sentence) <= 130


def test_supplier_types_follow_the_manuals() -> None:
    types = fields.supplier_types()
    assert [kind.code for kind in types] == list("12345678")
    assert {kind.code for kind in types if not kind.searchable} == set("138")
    assert fields.supplier_name("2") == "Penyedia barang dan jasa"
    assert fields.supplier_name("9") == "9", "of an earlier edition of the list"
    assert not fields.is_searchable("3") and not fields.is_searchable("9")
    assert fields.is_searchable("2")
    for kind in types:
        for alias in (kind.name, *kind.aliases):
            assert fields.parse("tipe_supplier", alias) == kind.code


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    shutil.copytree(words.FOLDER, tmp_path / "fields")
    monkeypatch.setattr(words, "FOLDER", tmp_path / "fields")
    words.field_words.cache_clear()
    words.supplier_types.cache_clear()
    yield tmp_path / "fields"
    words.field_words.cache_clear()
    words.supplier_types.cache_clear()


def test_a_broken_file_names_line_and_remedy(folder: Path) -> None:
    path = folder / "fields.yml"
    whole = path.read_text(encoding="utf-8")
    line = whole[: whole.index('example: "029018"')].count("\n") + 1
    path.write_text(whole.replace('example: "029018"', "example: 29018"), encoding="utf-8")
    with pytest.raises(DataError, match=r"fields\.yml:\d+: 'example' must be text") as caught:
        words.field_words()
    assert caught.value.line == line
    path.unlink()
    with pytest.raises(DataError, match="missing"):
        words.field_words()


def test_supplier_codes_must_be_complete(folder: Path) -> None:
    path = folder / "supplier_types.yml"
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace('code: "8"', 'code: "9"'), encoding="utf-8")
    with pytest.raises(DataError, match="codes 1 to 8"):
        words.supplier_types()


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        ("label: nomor SP2D", 'label: " "', 'label: " "', "'label' is empty; write its text"),
        ("towards: [", 'towards: ["", ', "towards:", "is empty or holds an empty item; write its"),
        ("labels: [sp2d, sp 2d, sp2 d]", "labels: []", "labels: []", "'labels' is empty or holds"),
    ],
)
def test_empty_words_are_named_with_their_line(
    folder: Path, old: str, new: str, at: str, says: str
) -> None:
    path = folder / "fields.yml"
    whole = path.read_text(encoding="utf-8")
    assert old in whole
    path.write_text(whole.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        words.field_words()
    assert says in caught.value.problem
    assert caught.value.line == path.read_text(encoding="utf-8").split(at)[0].count("\n") + 1
