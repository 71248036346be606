"""Import in a browser: upload, preview, start, result; the worker does the work."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from web_pages import INLINE, words

CSV = "Имя;Фамилия;Почта;Странное\nАнна;Петрова;anna@example.org;x\nИван;;плохо;y\n;;;\n;;плохо;\n"


def upload(client: Any, content: bytes, name: str = "people.csv", kind: str = "contacts") -> Any:
    """Send a file as the form does."""
    data = {"type": kind, "file": (io.BytesIO(content), name)}
    return client.post("/import/upload", data=data, content_type="multipart/form-data")


def test_a_file_is_uploaded_looked_at_and_imported(
    as_role: Callable[..., Any], run_jobs: Callable[..., Any]
) -> None:
    client = as_role("branch_manager")
    answer = upload(client, CSV.encode("cp1251"))
    assert answer.status_code == 303, words(answer.text)
    place = answer.location
    page = client.get(place)
    assert page.status_code == 200
    assert not INLINE.search(page.text)
    assert "Петрова" in page.text, "the encoding was found out"
    assert '<option value="family" selected>' in page.text
    fragment = client.get(f"{place}/check")
    assert "3 rows were tried" in words(fragment.text)
    sent = {"on_duplicate": "create", "map.0": "given", "map.1": "family", "map.2": "email"}
    answer = client.post(f"{place}/options", data={**sent, "action": "start"})
    assert answer.status_code == 303, words(answer.text)
    waiting = client.get(place).text
    assert f'hx-get="{place}/progress"' in waiting
    assert run_jobs()["done"] == 1
    done = client.get(f"{place}/progress").text
    assert "hx-get" not in done
    assert "плохо" in done
    with client.get(f"{place}/report.csv") as report:
        assert report.status_code == 200
    with client.get(f"{place}/to-mend.csv") as mending:
        assert mending.data.decode("utf-8-sig").count("плохо") == 1
    assert "Анна Петрова" in client.get("/contacts").text
    assert "people.csv" in client.get("/import").text


def test_what_a_column_means_can_be_changed(as_role: Callable[..., Any]) -> None:
    client = as_role("administrator")
    place = upload(client, b"A,B,C\n1,Anna,38\n").location
    sent = {"map.0": "external.*", "map.1": "given", "map.2": "custom.*", "system": "old"}
    assert client.post(f"{place}/options", data=sent).status_code == 303
    page = client.get(place).text
    chosen = re.findall(r'<option value="([^"]+)" selected>', page)
    assert {"external.old", "given", "custom.c"} <= set(chosen)
    assert client.post(f"{place}/discard").status_code == 303
    assert client.get(place).status_code == 404


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"given\nAnna\n", "people.exe", "contacts"),
        (b"given\nAnna\n", "people.csv", "nothing"),
        (b"", "", "contacts"),
    ],
)
def test_a_wrong_upload_is_told(
    as_role: Callable[..., Any], content: bytes, name: str, kind: str
) -> None:
    answer = upload(as_role("administrator"), content, name, kind)
    assert answer.status_code == 422


def test_a_damaged_file_is_told_in_the_preview(as_role: Callable[..., Any]) -> None:
    client = as_role("administrator")
    place = upload(client, b"\x89PNG" + bytes(range(256)), "people.xlsx").location
    page = client.get(place)
    assert page.status_code == 200
    assert 'value="start"' not in page.text


def test_larger_files_than_other_requests_are_taken(as_role: Callable[..., Any]) -> None:
    client = as_role("administrator")
    row = b"Anna," + b"x" * 1000 + b"\n"
    # Put together by hand: the test client would leave a temporary file open.
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="type"\r\n\r\ncontacts\r\n',
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\n\r\n',
        b"given,notes\n" + row * 12_000,
        b"\r\n--x--\r\n",
    ]
    body = b"".join(parts)
    answer = client.post(
        "/import/upload", data=body, content_type="multipart/form-data; boundary=x"
    )
    assert answer.status_code == 303


def test_who_may_not_import_cannot(as_role: Callable[..., Any]) -> None:
    for role in ("manager", "assistant", "auditor"):
        client = as_role(role)
        assert upload(client, b"given\nAnna\n").status_code == 403
        assert "k-empty" in client.get("/import").text


def test_runs_of_others_are_not_there(as_role: Callable[..., Any]) -> None:
    place = upload(as_role("administrator"), b"given\nAnna\n").location
    other = as_role("head")
    for path in (place, f"{place}/progress", f"{place}/report.csv", f"{place}/check"):
        assert other.get(path).status_code == 404
    assert other.post(f"{place}/options", data={"map.0": "given"}).status_code == 404
