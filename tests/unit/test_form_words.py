"""The words that forms understand beside answers: data/fields/sayings.yml and its readers."""

from __future__ import annotations

import pytest

from actions import choices, fields, offers, parts, sayings, secret
from actions.leaving import left_for
from actions.parts import Part
from actions.pelapor import ANONYMOUS, hidden
from actions.questions import Ask, Confirm
from actions.tell import Tell
from bot.masking import veil

NAME, NOTE, CHECK = Ask("nama", "nama"), Tell("satker", optional=True), Confirm("konfirmasi")


@pytest.mark.parametrize("text", ["udahlah gausah", "Never mind", "ganti topik kak", "salah pilih"])
def test_giving_up_ends_any_form(text: str) -> None:
    for question in (NAME, NOTE, CHECK):
        assert left_for(text, question) == "action_cancel"


def test_no_need_answers_what_is_optional() -> None:
    assert left_for("gak usah deh min", NAME) == "action_cancel"
    assert left_for("gak usah deh min", NOTE) is None


def test_what_is_fine_under_a_summary_does_not_cancel_it() -> None:
    assert left_for("sudah bisa", NAME) == "action_cancel"
    assert left_for("sudah oke", CHECK) is None


def test_who_only_asks_goes_on_to_ask() -> None:
    assert left_for("saya mau nanya, bukan bikin tiket", NAME) == "action_start_tanya_nindy"


@pytest.mark.parametrize(
    "text",
    [
        "tidak jadi terbit SP2D karena pagu minus sejak kemarin siang",
        "Siti Aminah",
        "sudah bisa login tapi menu tidak muncul",
    ],
)
def test_a_story_or_a_name_leaves_nothing(text: str) -> None:
    assert left_for(text, NAME) is None


@pytest.mark.parametrize(
    ("text", "slot", "value"),
    [
        ("namanya salah, harusnya Siti Aminah", "nama", "Siti Aminah"),
        ("subjeknya ganti jadi SPM ditolak", "subjek", "SPM ditolak"),
        (
            "subjek salah, harusnya nama supplier tidak muncul",
            "subjek",
            "nama supplier tidak muncul",
        ),
        ("satkernya 527010", "satker", "527010"),
        ("ganti nama jadi Siti", "nama", "Siti"),
        ("ada yang salah di nama kak", "nama", ""),
        ("ubah kronologi", "kronologi", ""),
        ("emailnya belum benar", "email", ""),
    ],
)
def test_a_part_is_named_with_its_value(text: str, slot: str, value: str) -> None:
    assert parts.named("bagian_tiket", text) == Part(slot, value)


@pytest.mark.parametrize("text", ["SPM saya ditolak satker", "kirim", "nama sudah benar", ""])
def test_what_names_no_part_to_change(text: str) -> None:
    assert parts.named("bagian_tiket", text) is None


@pytest.mark.parametrize(
    "text",
    [
        "gak usah pake nama",
        "nggak mau pakai nama",
        "jangan dengan nama",
        "saya tidak mau sebut nama",
        "rahasiakan nama saya",
        "nama saya dirahasiakan ya",
        "takut, jangan ada nama saya",
        "boleh gak tanpa nama?",
        "bisa dirahasiakan?",
    ],
)
def test_a_word_of_refusal_hides_the_name(text: str) -> None:
    assert hidden(text) == ANONYMOUS


@pytest.mark.parametrize(
    "text", ["jangan dirahasiakan", "tidak apa-apa dengan nama", "takut", "tanpa nama itu apa?"]
)
def test_what_is_not_plain_is_asked_again(text: str) -> None:
    assert hidden(text) is None


def test_two_choices_are_told_from_one() -> None:
    for text in ("password sama mfa", "dua-duanya", "dua duanya, password dan mfa"):
        assert choices.several("sakti_layanan", text)
    for text in ("password", "lupa password", "bukan user satker, password dan mfa"):
        assert not choices.several("sakti_layanan", text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password: Rahasia1", "password: •••"),
        ("password saya Abc12345 gak bisa", "password saya ••• gak bisa"),
        ("otp 123456 tidak masuk", "otp ••• tidak masuk"),
        ("password salah terus", "password salah terus"),
        ("reset password SAKTI 527010", "reset password SAKTI 527010"),
        ("NIK 3171014508900001", "NIK ••••••••••••0001"),
    ],
)
def test_a_story_is_shown_without_its_secrets(text: str, shown: str) -> None:
    assert secret.shown(text) == shown


def test_a_password_that_is_talked_of_is_not_told() -> None:
    assert secret.told("kata sandi saya adalah hore99")
    assert not secret.told("lupa password SAKTI sejak kemarin")


def test_a_ticket_number_is_not_masked() -> None:
    text = "tiket 20261123-K7M2QX dari ali@contoh.go.id"
    assert veil(text) == "tiket 20261123-K7M2QX dari a•••@contoh.go.id"


def test_a_short_story_is_told_from_a_wish_to_tell_one() -> None:
    assert offers.tells("saya mau lapor, petugas kppn minta uang 500rb biar sp2d cepet")
    assert not offers.tells("saya mau lapor pungli di kantor")
    assert not offers.tells("saya mau lapor, bagaimana cara melaporkan pegawai yang minta uang")


def test_labels_and_their_values_are_not_the_rest() -> None:
    assert fields.rest("mfa, nik 3171014508900001 satker 527010").split() == ["mfa,"]


@pytest.mark.parametrize(
    "text", ["itu terjadi sejak tadi pagi kak", "screenshot nya saya kirim ya", "kirim"]
)
def test_a_sentence_is_no_name(text: str) -> None:
    with pytest.raises(fields.FieldError):
        fields.parse("nama", text)


def test_a_letter_that_is_held_down_is_one_letter() -> None:
    assert sayings.is_saying("gausaaaah deh", "no_need")
