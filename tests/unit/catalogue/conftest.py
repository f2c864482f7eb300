"""The catalogue of the project, and a copy of its folder to spoil or revise."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.catalogue import Catalogue
from tests.conftest import PROJECT

HOME = PROJECT / "data/catalogue"


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue(HOME)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(HOME, tmp_path / "catalogue")
