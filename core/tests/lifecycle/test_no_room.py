"""A disk that is full: nothing half written, a sentence, and all well when there is room again."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg.errors import DiskFull
from sqlalchemy.exc import OperationalError

from kontora.db import dump
from kontora.errors import KontoraError
from kontora.lifecycle import rotation
from kontora.lifecycle.site import Site
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import ProgramClient, with_token
from kontora_sdk.testing.people import make_user

LETTER = b"Dear friend, " * 800_000  # 10 MB


@pytest.fixture(scope="module")
def program(here: Site) -> ProgramClient:
    return with_token(create_app(here), here, make_user(here, "administrator"))


@contextmanager
def full(size: int = 9_000_000) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes (the signal is ignored by Python)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def add(program: ProgramClient, name: str, **more: str) -> Any:
    return program.post("/api/v1/counterparties", json={"display_name": name, **more})


def upload(program: ProgramClient, record: str) -> Any:
    head = b'--part\r\nContent-Disposition: form-data; name="file"; filename="letter.txt"\r\n\r\n'
    return program.post(
        f"/api/v1/counterparties/{record}/files",
        data=head + LETTER + b"\r\n--part--\r\n",
        content_type="multipart/form-data; boundary=part",
    )


def told(answer: Any) -> None:
    assert answer.status_code == 507, answer.text
    assert answer.json["title"] == "The server has no room left."
    assert answer.headers["Retry-After"]
    for secret in ("Errno", "sqlite", "/tmp", "Traceback", "File too large"):
        assert secret not in answer.text


def stored(site: Site) -> set[str]:
    return {each.name for each in site.settings.files.rglob("*") if each.is_file()}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of the form parser
def test_an_upload_that_does_not_fit(here: Site, program: ProgramClient) -> None:
    record = add(program, "One Ltd").json["id"]
    before = stored(here)
    with full():
        told(upload(program, record))
        assert program.get(f"/api/v1/counterparties/{record}").status_code == 200
    assert stored(here) == before, "nothing half written"
    assert program.get(f"/api/v1/counterparties/{record}/files").json["items"] == []
    assert upload(program, record).status_code == 201, "without a restart"


@contextmanager
def pages_used_up(site: Site) -> Iterator[None]:
    """SQLite says “full” (13) as it does when the disk has no room for another page."""
    with site.database.write_engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.rollback()
        (most,) = driver.execute("PRAGMA max_page_count").fetchone()
        driver.execute("PRAGMA max_page_count = 1")  # not below what there is
    try:
        yield
    finally:
        with site.database.write_engine.connect() as connection:
            driver = connection.connection.dbapi_connection
            driver.rollback()
            driver.execute(f"PRAGMA max_page_count = {most}")


def test_a_disk_that_refuses_writes(here: Site, program: ProgramClient) -> None:
    """Whatever the engine says then, it is “later”, and nothing stays of it."""
    if here.database.path is None:
        pytest.skip("the server of PostgreSQL has its own disk: see the next test")
    with full(4096):
        answer = add(program, "Refused Ltd")
        assert answer.status_code in (503, 507)
        assert answer.headers["Retry-After"]
    assert add(program, "After Ltd").status_code == 201


def test_a_database_that_cannot_grow(here: Site, program: ProgramClient) -> None:
    if here.database.path is None:
        pytest.skip("the server of PostgreSQL has its own disk: see the next test")
    with pages_used_up(here):
        answers = [add(program, "Too much Ltd", notes="x" * 60_000) for _time in range(20)]
        told(next(answer for answer in answers if answer.status_code != 201))
        assert program.get("/api/v1/counterparties").status_code == 200
    assert add(program, "Fits Ltd").status_code == 201
    made = sum(answer.status_code == 201 for answer in answers)
    listed = program.get("/api/v1/counterparties?limit=200").json["items"]
    names = [each["display_name"] for each in listed]
    assert names.count("Too much Ltd") == made, "what was refused left nothing"
    assert "Fits Ltd" in names
    here.database.dispose()
    assert dump.sqlite_faults(here.database.path) == []


def test_a_server_without_room(
    here: Site, program: ProgramClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What PostgreSQL says when its disk is full, after a record was written."""
    if here.database.path is not None:
        pytest.skip("of PostgreSQL")
    from kontora.records import service

    create = service.create_record

    def out_of_room(session: Any, *given: Any, **more: Any) -> Any:
        create(session, *given, **more)
        raise OperationalError("INSERT", {}, DiskFull("could not extend file: /var/lib"))

    monkeypatch.setattr(service, "create_record", out_of_room)
    told(add(program, "Too much Ltd"))
    monkeypatch.undo()
    assert add(program, "Fits Ltd").status_code == 201


def test_a_backup_that_does_not_fit(here: Site) -> None:
    folder = rotation.folder_of(here.settings)
    with full(2000), pytest.raises((KontoraError, OSError)):
        rotation.rotate(here.settings, folder)
    assert [each.name for each in folder.iterdir()] == [], "no part of it stays"
    assert rotation.rotate(here.settings, folder).kept == 1
