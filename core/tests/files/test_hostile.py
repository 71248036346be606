"""T-11: files that mean harm, by each way in; none runs, none leaves its place, none stops us."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from file_office import Office
from hostile_files import ACTIVE_TYPES, Hostile, everything, png

from kontora import limits
from kontora.records.files import confined, kinds, names

STORED = re.compile(r"files/[0-9a-f]{2}/[0-9a-f]{64}|previews/[0-9a-f]{2}/[0-9a-f]{64}\.\d\.webp")
FILES = everything()
MEGA = 1 << 20
# The form of an upload writes these otherwise, each client in its own way.
ESCAPED = set('\r\n\t"\\')


def test_there_are_enough_of_them() -> None:
    assert len(FILES) >= 60
    assert len({(each.name, each.data) for each in FILES}) == len(FILES)


def sent(each: Hostile) -> dict[str, Any]:
    """The form of one file. Line ends are written as browsers do: no form can hold them."""
    name = each.name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
    head = f'--part\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    kind = "Content-Type: image/png\r\n\r\n"  # a lie that nobody believes
    body = (head + kind).encode("utf-8", "surrogatepass") + each.data + b"\r\n--part--\r\n"
    return {"data": body, "content_type": "multipart/form-data; boundary=part"}


def ways(office: Office) -> Iterator[Any]:
    """Each upload point: how a file is sent there, and the facts that it is found with."""
    program, browser = office.program("administrator"), office.browser("administrator")
    by_api, by_page = office.record(), office.record("counterparties", display_name="Bruma")

    def api(each: Hostile) -> Any:
        answer = program.post(f"/api/v1/contacts/{by_api}/files", **sent(each))
        assert answer.status_code == 201, (each.name, answer.json)
        return answer.json["items"][0]

    def page(each: Hostile) -> Any:
        address = f"/counterparties/{by_page}/files"
        answer = browser.post(address, headers={"HX-Request": "true"}, **sent(each))
        assert answer.status_code == 204, each.name
        return program.get(f"/api/v1/counterparties/{by_page}/files").json["items"][0]

    yield api
    yield page


def test_each_is_kept_as_what_it_is_and_sent_as_something_inert(office: Office) -> None:
    program, browser = office.program("administrator"), office.browser("administrator")
    made: list[tuple[Hostile, str]] = []
    for send in ways(office):
        for each in FILES:
            facts = send(each)
            assert facts["content_type"] == each.type, each.name
            assert facts["size"] == len(each.data)
            if each.kept_name is not None and not set(each.name) & ESCAPED:
                assert facts["name"] == each.kept_name
            made.append((each, facts["id"]))
            for client, address in (
                (program, f"/api/v1/files/{facts['id']}/content"),
                (browser, f"/files/{facts['id']}/download"),
            ):
                answer = client.get(address)
                check_answer(answer, facts["name"])
                assert answer.data == each.data
                answer.close()
    office.work()
    for each, file_id in made:
        facts = program.get(f"/api/v1/files/{file_id}").json
        wanted = ("failed", each.problem) if each.problem else ("ready", None)
        assert (facts["state"], facts["problem"]) == wanted, each.name
        page = browser.get(f"/files/{file_id}")
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
    # Nothing stands anywhere but under a random name in our own two folders.
    strangers = [each for each in office.on_disk() if not STORED.fullmatch(each.as_posix())]
    assert strangers == []


def check_answer(answer: Any, name: str) -> None:
    """Always an attachment of a type that no browser runs, with a name that is only a name."""
    assert answer.status_code == 200
    kind = answer.headers["Content-Type"].partition(";")[0]
    assert kind not in ACTIVE_TYPES
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox;")
    assert "allow-" not in policy
    assert "no-store" in answer.headers["Cache-Control"]
    header = answer.headers["Content-Disposition"]
    plain, extended = re.fullmatch(
        r"attachment; filename=\"([A-Za-z0-9 ._()\[\]+,=@#&-]+)\"; filename\*=UTF-8''(\S+)", header
    ).groups()
    assert unquote(extended) == name
    assert "/" not in plain
    assert not plain.startswith(".")
    assert "X-Evil" not in answer.headers


@pytest.mark.parametrize("name", [each.name for each in FILES if each.kept_name is not None])
def test_a_name_is_only_a_name(name: str) -> None:
    kept = next(each.kept_name for each in FILES if each.name == name)
    assert names.clean(name) == kept
    assert names.clean(kept) == kept
    assert len(names.clean(name)) <= names.LONGEST
    header = names.disposition(name)
    assert header.isascii()
    assert header.isprintable()


def test_names_of_any_characters_stay_short_and_plain() -> None:
    for code in (*range(0x3000), *range(0xD7F0, 0xE010), *range(0xFE00, 0x10010)):
        kept = names.clean(f"a{chr(code)}b.txt")
        assert kept.isprintable(), hex(code)
        assert not {"/", "\\"} & set(kept), hex(code)
        names.disposition(kept).encode("ascii")


HEAVY = [each for each in FILES if len(each.data) > 100_000 or "large" in each.name]


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="needs the figures of a child")
@pytest.mark.parametrize("each", HEAVY, ids=lambda each: str(each.name)[:12])
def test_reading_takes_little_memory_and_time(each: Hostile, tmp_path: Path) -> None:
    """≤ 256 MB of memory and ≤ 10 s of processor for one file (reliability, T-11)."""
    path = tmp_path / "file"
    path.write_bytes(each.data)
    memory, seconds = usage_of(path, each.type)
    assert 10_000 < memory <= 256 * 1024
    assert seconds <= 10


def usage_of(path: Path, kind: str) -> list[float]:
    """Kilobytes and seconds that the confined process used; its parent is small, for a process
    is said to have used what its parent had."""
    code = (
        "import resource, sys; from pathlib import Path;"
        "from kontora.records.files import confined;"
        "confined.read(Path(sys.argv[1]), sys.argv[2]);"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(used.ru_maxrss, used.ru_utime + used.ru_stime)"
    )
    command = [sys.executable, "-c", code, str(path), kind]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [float(each) for each in told.split()]


def test_a_process_that_hangs_or_wants_too_much_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A negative control of the limits: with less of each, an honest file fails by its name."""
    path = tmp_path / "honest"
    path.write_bytes(png(3_000, 3_000))
    assert confined.read(path, "image/png").problem is None
    monkeypatch.setattr(confined, "SECONDS", 0.01)
    assert confined.read(path, "image/png").problem == "too_long"
    monkeypatch.setattr(confined, "SECONDS", 30.0)
    monkeypatch.setattr(confined, "MEMORY", 24 * MEGA)
    assert confined.read(path, "image/png").problem in ("too_much_memory", "damaged")


def test_the_number_of_pixels_is_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(png(100, 101))
    with limits.using(limits.Limits(image_pixels=10_000)):
        assert confined.read(path, "image/png").problem == "too_large"
    with limits.using(limits.Limits(image_pixels=10_100)):
        assert confined.read(path, "image/png").problem is None


def test_the_confined_process_knows_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONTORA_SECRET_KEY", "x" * 40)
    monkeypatch.setenv("KONTORA_DATABASE_URL", "postgresql://secret@example/db")
    assert not [name for name in confined._environment() if name.startswith("KONTORA")]


def test_a_picture_is_drawn_anew_without_what_it_carried(tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "canarydescription", 6
    image = Image.new("RGB", (40, 20), (200, 0, 0))
    image.save(path, exif=exif, comment=b"canarycomment", icc_profile=b"canaryprofile" * 20)
    assert b"canary" in path.read_bytes()
    pictures = confined.read(path, kinds.content_type(path)).pictures
    assert sorted(pictures) == [0, 1]
    for data in pictures.values():
        assert b"canary" not in data
        with Image.open(io.BytesIO(data)) as found:
            assert found.format == "WEBP"
            assert found.size == (20, 40), "a camera that was turned is made up for"
            assert not found.getexif()


@pytest.mark.parametrize("name", ["entries.zip", "lying.zip"])
def test_the_web_process_does_not_read_the_index_of_a_crowd(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the type is decided there, and for that no member is looked at."""
    path = tmp_path / name
    path.write_bytes(next(each.data for each in FILES if each.name == name))

    def opened(*_given: Any, **_named: Any) -> None:
        raise AssertionError("the index was read")

    monkeypatch.setattr(kinds.zipfile, "ZipFile", opened)
    assert kinds.content_type(path) == kinds.ZIP
