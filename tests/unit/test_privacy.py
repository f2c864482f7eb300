"""Keys, seals, masks, and what never reaches a log."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import InvalidToken
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import StartupError
from bot.privacy import Vault, mask_email, mask_number, new_key, open_vault, redact
from bot.settings import Settings
from tests.conftest import PROJECT

OLD, NEW = new_key().encode(), new_key().encode()
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=8,
)
OPEN = """
import sys
from pathlib import Path
from bot.privacy import open_vault
from bot.settings import Settings
print("ready", flush=True)
sys.stdin.readline()
print(open_vault(Settings(var_dir=Path(sys.argv[1]))).key("x"))
"""

INDEX = "an index key of tests, for nothing else"


@given(JSON)
def test_what_is_sealed_opens_again(value: object) -> None:
    vault = Vault([NEW], b"i")
    assert vault.open(vault.seal(value)) == value
    assert vault.seal(value) != vault.seal(value)


def test_an_older_key_still_opens_and_the_newest_seals() -> None:
    before, rotated, after = Vault([OLD], b"i"), Vault([NEW, OLD], b"i"), Vault([NEW], b"i")
    assert rotated.open(before.seal("x")) == "x"
    assert after.open(rotated.seal("x")) == "x"
    with pytest.raises(InvalidToken):
        after.open(before.seal("x"))


def test_a_wrong_key_or_a_changed_byte_opens_nothing() -> None:
    sealed = Vault([OLD], b"i").seal("x")
    with pytest.raises(InvalidToken):
        Vault([NEW], b"i").open(sealed)
    changed = bytearray(sealed)
    changed[-5] ^= 1
    with pytest.raises(InvalidToken):
        Vault([OLD], b"i").open(bytes(changed))


@given(
    st.lists(st.text(alphabet="ab:|"), min_size=1), st.lists(st.text(alphabet="ab:|"), min_size=1)
)
def test_look_up_keys_differ_as_their_parts_do(one: list[str], two: list[str]) -> None:
    vault = Vault([NEW], b"i")
    assert (vault.key(*one) == vault.key(*two)) == (one == two)
    assert re.fullmatch("[0-9a-f]{64}", vault.key(*one))
    assert vault.key(*one) != Vault([NEW], b"j").key(*one)


def test_derived_secrets_differ_by_purpose() -> None:
    vault = Vault([NEW], b"i")
    assert len({vault.derived("choice"), vault.derived("session"), vault.key("choice")}) == 3


def test_keys_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    settings = Settings(var_dir=tmp_path / "var")
    sealed = open_vault(settings).seal("x")
    assert open_vault(settings).open(sealed) == "x"
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["keys.json"]
    assert (tmp_path / "var/keys.json").stat().st_mode & 0o777 == 0o600


def test_processes_that_start_at_once_have_the_same_keys(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(tmp_path)],
            cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    keys = {process.communicate(timeout=60)[0] for process in processes}
    assert len(keys) == 1 and keys != {""}
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"encryption": ["x"], "index": "y"}', '{"encryption": 1}']
)
def test_a_broken_key_file_is_named_and_never_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(StartupError, match="encryption keys are unusable"):
        open_vault(Settings(var_dir=tmp_path))
    assert path.read_text() == text


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match=r"keys\.json"):
        open_vault(Settings(var_dir=tmp_path / "file"))


def test_given_keys_are_used_and_rotate(tmp_path: Path) -> None:
    def vault(keys: bytes) -> Vault:
        return open_vault(
            Settings(var_dir=tmp_path, encryption_keys=keys.decode(), index_key=INDEX)
        )

    sealed = vault(OLD).seal("x")
    assert vault(NEW + b", " + OLD).open(sealed) == "x"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "more",
    [
        {"database_url": "postgresql://x/y"},
        {"encryption_keys": NEW.decode()},
        {"index_key": INDEX},
        {"encryption_keys": "geheimnis", "index_key": INDEX},
    ],
)
def test_half_given_or_wrong_keys_are_refused(tmp_path: Path, more: dict[str, str]) -> None:
    with pytest.raises(StartupError, match=r"(?i)encryption.keys") as caught:
        open_vault(Settings(var_dir=tmp_path, **more))
    assert not any(value in str(caught.value) for value in more.values())
    assert not (tmp_path / "keys.json").exists()


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("1234567890", "••••••7890"),
        ("12345678", "••••5678"),
        ("123456", "•••456"),
        ("1234", "••34"),
        ("1", "•"),
        ("", ""),
    ],
)
def test_numbers_are_masked(value: str, masked: str) -> None:
    assert mask_number(value) == masked


@given(st.text(alphabet="0123456789", max_size=30), st.integers(0, 30))
def test_a_mask_hides_at_least_half(value: str, shown: int) -> None:
    masked = mask_number(value, shown)
    assert len(masked) == len(value)
    assert masked.count("•") >= len(value) / 2


def test_addresses_are_masked() -> None:
    assert mask_email("siti.aminah@kemenkeu.go.id") == "s•••@kemenkeu.go.id"


FILLER = st.text(max_size=20)


@given(FILLER, st.from_regex(r"[0-9]{6,20}", fullmatch=True), FILLER)
def test_no_long_number_survives(before: str, number: str, after: str) -> None:
    result = redact(before + number + after)
    assert not re.search(r"\d{6}", result)
    assert number not in result


@given(FILLER, st.emails(), FILLER)
def test_no_address_survives(before: str, address: str, after: str) -> None:
    result = redact(f"{before} {address} {after}")
    assert address not in result
    assert "@" not in result or "@" in before + after


@pytest.mark.parametrize("name", ["siti.aminah", "o'brien", "a!b#c", "x" * 64, "siti+hai"])
@pytest.mark.parametrize("form", ["a={}@x.go.id&b", "<{}@x.go.id>", "'{}@x'", "mailto:{}%40x.id"])
def test_no_part_of_an_address_survives(name: str, form: str) -> None:
    assert name not in redact(form.format(name))


@given(st.text())
def test_what_is_redacted_stays_redacted(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    ("line", "result"),
    [
        ("NIK 3174012345678901 wrong", "NIK <n> wrong"),
        ("call +62 812-3456-7890.", "call +<n>."),
        ("call +62 (812) 3456-7890.", "call +<n>."),
        ("3174.0123.4567.8901", "<n>"),
        ("3174\u00a00123  4567\n8901", "<n>"),
        ("satker 12345 in 2026", "satker 12345 in 2026"),
        ("to siti@kemenkeu.go.id now", "to <email> now"),
        ("GET /accounts?email=siti%40kemenkeu.go.id", "GET <email>"),
    ],
)
def test_lines(line: str, result: str) -> None:
    assert redact(line) == result
