"""Imports and exports on a site of each engine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from small_transfer import Transfer

from kontora.lifecycle.site import Site

OWN = Path(__file__).parents[1] / "data"
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of test data in this repository."""
    return OWN


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The collection that cannot be copied: `KONTORA_SHARED_DATA`, or beside the repository."""
    folder = Path(os.environ.get("KONTORA_SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("the shared data is not there; set KONTORA_SHARED_DATA to its folder")
    return folder


@pytest.fixture
def transfer(site: Site, tmp_path: Path) -> Transfer:
    """Imports into an empty site."""
    return Transfer(site, tmp_path)
