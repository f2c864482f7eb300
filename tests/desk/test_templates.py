"""Templates hold no script and no style, and say what a screen reader needs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TEMPLATES = sorted((Path(__file__).parents[2] / "desk/templates").rglob("*.html"))


def source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_inline_script_or_style(path: Path) -> None:
    text = source(path)
    assert not re.search(r"<style|\sstyle\s*=", text, re.IGNORECASE)
    assert not re.search(
        r"\son[a-z]+\s*=|javascript:|hx-on|hx-vals\s*=\s*[\"']js", text, re.IGNORECASE
    )
    for tag in re.findall(r"<script[^>]*>[^<]*", text):
        assert re.fullmatch(r'<script src="/static/[\w.-]+" defer>', tag), tag
    assert "|safe" not in text.replace(" ", "") and "autoescape" not in text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_form_that_changes_brings_its_token(path: Path) -> None:
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", source(path), re.DOTALL):
        assert 'name="csrf" value="{{ csrf }}"' in form


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_field_has_its_label(path: Path) -> None:
    text = source(path)
    for field in re.findall(r"<(?:input|select|textarea)[^>]*>", text):
        if 'type="hidden"' in field:
            continue
        found = re.search(r'id="([^"]+)"', field)
        assert "aria-label" in field or (found and f'for="{found.group(1)}"' in text), field


def test_htmx_is_kept_from_evaluating_and_styling() -> None:
    base = source(next(path for path in TEMPLATES if path.name == "dasar.html"))
    assert '"allowEval": false' in base and '"includeIndicatorStyles": false' in base


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("ink", "ground"), ("ink", "paper"), ("soft", "ground"), ("soft", "paper"),
        ("accent", "paper"), ("accent", "ground"), ("paper", "accent"), ("paper", "accent-dark"),
        ("good", "good-ground"), ("bad", "bad-ground"),
    ],
)  # fmt: skip
def test_text_can_be_read(text: str, ground: str) -> None:
    css = (TEMPLATES[0].parents[1] / "static/desk.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", css))
    light, dark = sorted((_luminance(colours[text]), _luminance(colours[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5
