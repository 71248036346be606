"""No file names where packages were fetched from, or a path of the machine it was written on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.sources import files, name

# Written in parts, so that this file passes its own test.
_HOSTS = (
    "pypi" + r"\.org",
    "python" + r"hosted\.org",
    "registry" + r"\.npmjs",
    "deb" + r"\.debian",
    "security" + r"\.debian",
    "proxy" + r"\.golang",
)
_PATHS = ("/" + r"work/(?:main|scratch|shared|repo|\.library)", "/" + "root/", "file:" + "///opt")
_LOCKS = ('"res' + 'olved":', r"--(?:extra-)?index-" + "url", r"--find-" + "links=?[ ]?/")
ADDRESS = re.compile("|".join((*_HOSTS, *_PATHS, *_LOCKS)))
LOCK_FILES = {"uv.lock", "poetry.lock", "yarn.lock", "pnpm-lock.yaml"}


def _texts() -> list[tuple[Path, str]]:
    found = []
    for path in files():
        data = path.read_bytes()
        if b"\0" not in data[:4096]:
            found.append((path, data.decode("utf-8", errors="replace")))
    return found


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    faults = [
        f"{name(path)}: {match.group()}"
        for path, text in _texts()
        if (match := ADDRESS.search(text)) is not None
    ]
    assert not faults, "\n".join(faults)


def test_no_lock_file_that_carries_addresses_is_tracked() -> None:
    assert not [name(path) for path in files() if path.name in LOCK_FILES]


@pytest.mark.parametrize(
    "line",
    [
        "https://" + "pypi" + ".org/simple",
        "/" + "work/main/core",
        "--index-" + "url x",
        '"res' + 'olved": "https://x"',
    ],
)
def test_an_address_is_seen(line: str) -> None:
    assert ADDRESS.search(line)
