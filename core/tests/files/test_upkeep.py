"""Files on the disk: whole or not at all, in step with their rows, in the backup, erased."""

from __future__ import annotations

import errno
import io
import os
import stat
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from file_office import Office
from hostile_files import pdf, png
from sqlalchemy import func, select

from kontora import limits
from kontora.access.principal import system
from kontora.errors import Conflict, Forbidden, NotFound, TooLarge
from kontora.lifecycle import backup as backups
from kontora.lifecycle import doctor
from kontora.lifecycle.site import Site
from kontora.records import service as records
from kontora.records.files import erasure, service
from kontora.records.files.hooks import SWEEP
from kontora.records.files.models import File, FileText
from kontora.records.files.store import Store
from kontora.work import jobs

FORM = b'--x\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n%s\r\n--x--\r\n'
WORD = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--x--\r\n'
CONTENT = "multipart/form-data; boundary=x"
DAY = 24 * 3600


@pytest.fixture
def own(site: Site) -> Office:
    """A site of this test alone."""
    from kontora.wsgi import create_app

    return Office(site=site, app=create_app(site))


def test_a_file_lies_under_a_random_name_that_only_we_may_read(own: Office) -> None:
    kept = own.store.keep(io.BytesIO(b"%PDF-1.4"), 100)
    path = own.store.path(kept.stored)
    assert path.read_bytes() == b"%PDF-1.4"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(kept.stored) == 64
    assert path.suffix == ""
    assert own.store.keep(io.BytesIO(b"%PDF-1.4"), 100).stored != kept.stored


@pytest.mark.parametrize("name", ["../../kontora.sqlite3", "", "a" * 63, "A" * 64, "a" * 64 + "\n"])
def test_no_other_name_leads_anywhere(own: Office, name: str) -> None:
    with pytest.raises(NotFound):
        own.store.path(name)


class Broken(io.BytesIO):
    """A stream that ends with a fault of the disk."""

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(10)
        if not data:
            raise OSError(errno.ENOSPC, "No space left on device")
        return data


def test_what_is_too_large_or_breaks_off_leaves_nothing(own: Office) -> None:
    before = own.on_disk()
    with pytest.raises(TooLarge):
        own.store.keep(io.BytesIO(b"x" * 101), 100)
    with pytest.raises(OSError, match="No space"):
        own.store.keep(Broken(b"x" * 100), 1_000)
    assert own.on_disk() == before
    assert own.store.keep(io.BytesIO(b"x" * 100), 100).size == 100


def test_a_fault_after_the_bytes_leaves_neither_row_nor_bytes(
    own: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_id = own.record()
    before = own.on_disk()
    program = own.program("administrator")

    def full(*_given: Any, **_named: Any) -> None:
        raise Conflict("no")

    monkeypatch.setattr(service, "add", full)
    address = f"/api/v1/contacts/{record_id}/files"
    assert program.post(address, data=FORM % (b"a", b"a"), content_type=CONTENT).status_code == 409
    assert own.on_disk() == before


def test_the_limit_is_told_in_words_before_anything_is_written(own: Office) -> None:
    record_id = own.record()
    program, browser = own.program("administrator"), own.browser("administrator")
    before = own.on_disk()
    with limits.using(limits.Limits(upload_bytes=2 << 20)):
        sent: dict[str, Any] = {"data": FORM % (b"a", b"x" * (3 << 20)), "content_type": CONTENT}
        answer = program.post(f"/api/v1/contacts/{record_id}/files", **sent)
        assert answer.status_code == 413
        assert "at most 2 MB" in answer.json["detail"]
        answer = browser.post(f"/contacts/{record_id}/files", **sent)
        assert answer.status_code == 413
        assert "at most 2 MB" in answer.text
        sent["data"] = FORM % (b"a", b"x" * (2 << 20))
        assert program.post(f"/api/v1/contacts/{record_id}/files", **sent).status_code == 201
    assert len(own.on_disk() - before) == 1


def test_several_files_come_at_once_or_not_at_all(own: Office) -> None:
    record_id = own.record()
    program = own.program("administrator")
    data = {"file": [(io.BytesIO(b"a"), "a.txt"), (io.BytesIO(b"b"), "b.txt")]}
    answer = program.post(f"/api/v1/contacts/{record_id}/files", data=data)
    assert [each["name"] for each in answer.json["items"]] == ["a.txt", "b.txt"]
    before = own.on_disk()
    too_many = {"file": [(io.BytesIO(b"a"), f"{n}.txt") for n in range(21)]}
    assert program.post(f"/api/v1/contacts/{record_id}/files", data=too_many).status_code == 422
    assert (
        program.post(
            f"/api/v1/contacts/{record_id}/files", data=WORD, content_type=CONTENT
        ).status_code
        == 422
    )
    assert program.post(f"/api/v1/contacts/{record_id}/files", json={}).status_code == 415
    assert own.on_disk() == before


def swept(office: Office) -> Any:
    with office.site.write(system("test")) as session:
        job = jobs.enqueue(session, SWEEP, principal=system("test"))
    office.work()
    with office.site.read(system("test")) as session:
        return jobs.status(session, job).result


def aged(path: Path, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def test_bytes_without_a_row_go_after_a_day_and_those_with_one_stay(own: Office) -> None:
    file_id = own.add(own.record(), "kept.txt", b"kept")
    with own.site.read(system("test")) as session:
        kept = own.store.path(service.find(session, file_id)[0].stored)
    lost = own.store.path(own.store.keep(io.BytesIO(b"lost"), 10).stored)
    young = own.store.path(own.store.keep(io.BytesIO(b"young"), 10).stored)
    part = lost.with_name("a" * 64 + ".part")
    part = own.store.folder / "aa" / part.name
    part.parent.mkdir(exist_ok=True)
    part.write_bytes(b"begun")
    stranger = own.store.folder / "aa" / "README"
    stranger.write_bytes(b"not ours")
    for each in (kept, lost, part, stranger):
        aged(each, DAY + 60)
    assert swept(own)["removed"] == 2
    assert kept.exists()
    assert young.exists()
    assert stranger.exists()
    assert not lost.exists()
    assert not part.exists()


def test_previews_that_are_lost_are_made_anew(own: Office) -> None:
    file_id = own.add(own.record(), "a.png", png(8, 8))
    own.work()
    with own.site.read(system("test")) as session:
        stored = service.find(session, file_id)[0].stored
    picture = own.store.picture(stored, 0)
    before = picture.read_bytes()
    own.store.remove_pictures(stored)
    assert swept(own)["previews"] == 1
    own.work()
    assert picture.read_bytes() == before


def checks(office: Office) -> dict[str, Any]:
    return {each.name: each for each in doctor.examine(office.site.settings)}


def test_the_doctor_names_a_file_whose_bytes_are_gone(own: Office) -> None:
    file_id = own.add(own.record(), "contract.txt", b"words")
    assert checks(own)["files"].ok
    with own.site.read(system("test")) as session:
        path = own.store.path(service.find(session, file_id)[0].stored)
    path.write_bytes(b"w")
    assert not checks(own)["files"].ok
    path.unlink()
    found = checks(own)["files"]
    assert not found.ok
    assert "contract.txt" in found.message
    assert found.remedy
    program, browser = own.program("administrator"), own.browser("administrator")
    assert program.get(f"/api/v1/files/{file_id}/content").status_code == 404
    assert "missing" in browser.get(f"/files/{file_id}/download").text


def test_a_backup_brings_files_back(own: Office, tmp_path: Path) -> None:
    record_id = own.record()
    file_id = own.add(record_id, "contract.pdf", pdf(text="zanzibar"))
    own.work()
    archive = tmp_path / "kept.tar.gz"
    own.site.close()
    backups.backup(own.site.settings, archive)
    with own.site.write(system("test")) as session:
        assert erasure.remove_all(session, "party", record_id) == 1
    own.site.close()
    backups.restore(own.site.settings, archive, force=True)
    with own.site.read(system("test")) as session:
        row, _found = service.find(session, file_id)
        assert own.store.path(row.stored).read_bytes() == pdf(text="zanzibar")
        assert stat.S_IMODE(own.store.path(row.stored).stat().st_mode) == 0o600
    assert own.found("zanzibar") == [str(record_id)]
    assert checks(own)["files"].ok
    own.site.close()


def test_erasing_leaves_no_row_no_byte_no_text_and_no_word(own: Office) -> None:
    record_id, other = own.record(), own.record("counterparties", display_name="Other")
    own.add(record_id, "a.pdf", pdf(text="zanzibar"))
    gone = own.add(record_id, "b.txt", b"zanzibar too")
    kept = own.add(other, "c.txt", b"zanzibar still")
    own.work()
    with own.site.write(system("test")) as session:
        service.remove(session, gone)
        found = list(erasure.export_of(session, "party", record_id))
        assert [each.name for each in found] == ["a.pdf", "b.txt"]
        assert [each.path.stat().st_size for each in found] == [
            each.facts["size"] for each in found
        ]
        assert "zanzibar" in found[0].facts["text"]
    own.site.database.dispose()
    before = own.on_disk()
    assert len([each for each in before if each.parts[0] == "files"]) == 3
    with own.site.write(own.person("administrator")) as session, pytest.raises(Forbidden):
        erasure.remove_all(session, "party", record_id)
    with pytest.raises(RuntimeError), own.site.write(system("test")) as session:
        erasure.remove_all(session, "party", record_id)
        raise RuntimeError("rolled back")
    assert own.on_disk() == before, "an erasure that is rolled back keeps everything"
    with own.site.write(system("test")) as session:
        assert erasure.remove_all(session, "party", record_id) == 2
    with own.site.read(system("test")) as session:
        left = select(func.count()).select_from(File.__table__)
        door = {"door": "files"}
        assert session.execute(left, execution_options=door).scalar() == 1
        texts = select(func.count()).select_from(FileText.__table__)
        assert session.execute(texts, execution_options=door).scalar() == 1
        assert service.find(session, kept)[0].name == "c.txt"
    assert {each.parts[0] for each in own.on_disk()} >= {"files"}
    assert len([each for each in own.on_disk() if each.parts[0] == "files"]) == 1
    assert not [each for each in own.on_disk() if each.parts[0] == "previews"]
    assert own.found("zanzibar") == []
    assert own.found("zanzibar", "counterparties") == [str(other)]


def test_reading_goes_on_when_the_sender_may_no_longer_sign_in(own: Office) -> None:
    manager = own.person("manager")
    record_id = own.record(by=manager)
    kept = own.store.keep(io.BytesIO(b"zanzibar"), 100)
    with own.site.write(manager) as session:
        file_id = service.add(session, "party", record_id, "a.txt", kept).id
    with own.site.write(system("test")) as session:
        rtype = session.registry.record_type("users")
        records.change_record(session, rtype, manager.user_id, {"state": "disabled"})
    own.work()
    with own.site.read(system("test")) as session:
        assert service.find(session, file_id)[0].state == "ready"


def test_a_file_that_is_erased_while_it_waits_is_no_trouble(own: Office) -> None:
    record_id = own.record()
    own.add(record_id, "a.pdf", pdf())
    with own.site.write(system("test")) as session:
        erasure.remove_all(session, "party", record_id)
    own.work()


def test_a_full_record_takes_no_more(own: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST", 1)
    record_id = own.record()
    own.add(record_id, "a.txt", b"a")
    program = own.program("administrator")
    address = f"/api/v1/contacts/{record_id}/files"
    answer = program.post(address, data=FORM % (b"b", b"b"), content_type=CONTENT)
    assert answer.status_code == 409
    assert Store(replace(own.site.settings).home).folder.is_dir()
