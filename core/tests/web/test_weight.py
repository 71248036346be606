"""What a page weighs on the wire: at most 250 kB the first time, 60 kB later."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from typing import Any

import pytest

from kontora.web.squeeze import squeezed

FIRST, LATER = 250_000, 60_000
ROWS = 60
FILE = re.compile(r'(?:src|href)="(/(?:static|brand)/[^"#]+)')
IMPORTED = re.compile(r"""(?:from|import) '(\./[\w./-]+\.js)'""")


def weight(client: Any, address: str) -> int:
    with client.get(address, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.status_code == 200, address
        return len(answer.data)


def files_of(client: Any, page: str) -> set[str]:
    """All files that the page loads, those that scripts import too."""
    found, ahead = set(), set(FILE.findall(page))
    while ahead:
        path = ahead.pop()
        found.add(path)
        if path.endswith(".js"):
            with client.get(path) as answer:
                names = IMPORTED.findall(answer.text)
            ahead |= {path.rpartition("/")[0] + name[1:] for name in names} - found
    return found


@pytest.fixture
def busy(as_role: Callable[..., Any], records: Any) -> Any:
    """A manager with a full first page."""
    client = as_role("manager")
    for number in range(ROWS):
        person = {"family": f"Petrova {number}", "given": "Anna", "email": f"a{number}@example.org"}
        records.make("contacts", person, client.principal)
    return client


def test_pages_are_light(busy: Any) -> None:
    one = busy.get("/contacts").text.partition('href="/contacts/0')[2].partition('"')[0]
    for address in ("/", "/contacts", f"/contacts/0{one}", "/contacts/new", "/reports"):
        page = busy.get(address)
        later = weight(busy, address)
        assert later <= LATER, (address, later)
        files = {path: weight(busy, path) for path in files_of(busy, page.text)}
        first = later + sum(files.values())
        print(f"{address[:14]:14} {later:6} B, with files {first:6} B in {len(files)}")
        assert first <= FIRST, (address, first, files)


def test_squeezed_pages_differ_in_length_and_not_in_content() -> None:
    body = b"<p>the same</p>" * 200
    lengths = {len(squeezed(body)) for _number in range(40)}
    assert len(lengths) > 5
    assert gzip.decompress(squeezed(body)) == body


def test_who_cannot_read_squeezed_pages_gets_them_whole(busy: Any) -> None:
    answer = busy.get("/", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in answer.headers
    assert "Accept-Encoding" in answer.headers["Vary"]
