"""T-39: all that is known of a person can be handed out, and be erased; plugins included."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from kontora import clock
from kontora.access.principal import Principal, system
from kontora.errors import Conflict, Forbidden, Invalid, NotFound
from kontora.lifecycle import backup
from kontora.lifecycle.site import Site
from kontora.parties import consents
from kontora.privacy import erase, export, folder, plan, requests
from kontora.records import idempotency, service
from kontora.records.files import service as files
from kontora.records.files.store import Store
from kontora.records.models import ExternalKey
from kontora.work import mail
from kontora.work.runner import run_pending
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import signed_in
from kontora_sdk.testing.people import make_user

pytestmark = pytest.mark.kontora_plugins("hello")
Make = Callable[..., UUID]
ME = system("test")
BY = Principal(kind="user", user_id=None, name="Privacy officer", rights=ME.rights)
CANARIES = [f"canary{number:02}x7q" for number in range(1, 31)]


def canary(number: int) -> str:
    return CANARIES[number - 1]


def save(site: Site, path: str, data: dict[str, Any], record_id: UUID | None = None) -> UUID:
    with site.write(ME) as session:
        rtype = session.registry.record_type(path)
        if record_id is None:
            return service.create_record(session, rtype, data).id
        service.change_record(session, rtype, record_id, data)
        return record_id


def attach(site: Site, record_id: UUID, name: str, text: str) -> UUID:
    kept = Store(site.settings.home).keep(io.BytesIO(text.encode()), 10_000)
    with site.write(ME) as session:
        return files.add(session, "party", record_id, name, kept).id


def plant(site: Site) -> UUID:
    """A person with thirty canaries, in all places that a person leaves a trace in."""
    firm = save(site, "counterparties", {"display_name": "Firm"})
    person = save(
        site,
        "contacts",
        {
            "given": canary(1),
            "family": canary(2),
            "middle": canary(3),
            "notes": f"He is {canary(4)}.",
            "points": [
                {"kind": "email", "value": f"{canary(5)}@example.org"},
                {"kind": "messenger", "value": canary(6)},
            ],
            "addresses": [{"street": f"Street {canary(7)}", "locality": canary(8)}],
            "identifiers": [{"scheme": "other", "value": canary(9)}],
            "tags": [canary(10)],
            "custom": {"hobby": f"sails {canary(11)}"},
            "affiliations": [{"organisation": str(firm), "title": canary(12)}],
            "hello": {"salutation": f"Dear {canary(14)}"},
        },
    )
    with site.database.write_engine.begin() as connection:
        row = {"entity": "party", "system": "old", "key": canary(13), "record_id": person}
        table: Any = ExternalKey.__table__
        connection.execute(table.insert().values(**row))
    save(site, "contacts", {"notes": f"Was {canary(15)}"}, person)
    save(site, "contacts", {"notes": "Nothing", "tags": []}, person)
    save(site, "activities", {"kind": "note", "subject": canary(16), "parties": [str(person)]})
    both = [str(person), str(firm)]
    mine = f"Call {canary(5)}@example.org"
    save(site, "activities", {"kind": "note", "subject": "Talk", "body": mine, "parties": both})
    attach(site, person, f"{canary(17)}.txt", f"Text of {canary(18)}")
    save(site, "hello/greetings", {"subject": canary(19), "body": canary(20), "party": str(person)})
    line = consents.Line(
        purpose="marketing", channel="email", proof=canary(21), source=f"Form {canary(22)}"
    )
    with site.write(ME) as session:
        consents.add(session, person, line)
        to = f"{canary(5)}@example.org"
        mail.send(
            session,
            "office@example.net",
            canary(23),
            canary(24),
            purpose="marketing",
            party_id=person,
        )
        mail.send(session, to, "A copy", f"{canary(25)} of {to}")
        answer = idempotency.Answer(status=201, body=f"{person} {canary(26)}", headers={})
        idempotency.claim(session, "me", "key-1", "hash")
        idempotency.keep(session, "me", "key-1", answer)
    _imports(site, canary(27))
    _beside(site, person)
    run_pending(site.work_site())
    return person


def _imports(site: Site, value: str) -> None:
    place = site.settings.home / "imports" / "one"
    place.mkdir(parents=True)
    mark = f"{canary(5)}@example.org"
    (place / "people.csv").write_text(f"name,mail\n{value},{mark}\n", "utf-16")
    with zipfile.ZipFile(place / "people.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/sharedStrings.xml", f"<t>{value} {mark}</t>")
    (place / "others.csv").write_text("name\nSomebody else\n")


def _beside(site: Site, person: UUID) -> None:
    """A notice, a job and a saved view that name him."""
    tables = {name: model.__table__ for name, model in site.registry.models.items()}
    mark = f"{canary(5)}@example.org"
    with site.database.write_engine.begin() as connection:
        user = connection.scalar(sa.select(tables["user_account"].c.id))
        if user is not None:
            text = {"one": f"Look at {canary(28)}", "params": {"id": str(person)}}
            row = {"user_id": user, "kind": "test", "text": text, "created_at": clock.now()}
            connection.execute(tables["notice"].insert().values(**row))
        now = clock.now()
        job = {"name": "old.job", "args": {"to": mark}, "state": "done", "run_at": now}
        more = {"priority": 0, "attempts": 1, "created_at": now, "principal_kind": "system"}
        connection.execute(tables["job"].insert().values(**job, **more, result=f"{mark} ok"))
        state = {"q": f"{canary(1)} {canary(2)}"}
        view = {"key": "k1", "path": "contacts", "name": "Mine", "state": state}
        stamps = {"created_at": now, "updated_at": now, "version": 1, "audience": "private"}
        connection.execute(tables["saved_view"].insert().values(id=UUID(int=7), **view, **stamps))


# Where a canary may be


def in_database(site: Site) -> set[str]:
    """The canaries that any column of any table holds, and what they are in."""
    found: set[str] = set()
    with site.database.read_engine.connect() as connection:
        for name in sa.inspect(connection).get_table_names():
            quoted = connection.dialect.identifier_preparer.quote(name)
            for row in connection.exec_driver_sql(f"SELECT * FROM {quoted}"):
                text = " ".join(_text(value) for value in row).casefold()
                found |= {f"{name}: {each}" for each in CANARIES if each in text}
    return found


def _text(value: object) -> str:
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).decode("latin-1")
    return json.dumps(value, ensure_ascii=False, default=str)


def in_files(home: Path) -> set[str]:
    """The canaries in names and bytes of files, but of the database."""
    found: set[str] = set()
    for path in home.rglob("*"):
        if path.is_file() and "sqlite3" not in path.name and path.name != "b.tar.gz":
            data = path.read_bytes()
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as packed:
                    data = b"".join(packed.read(each) for each in packed.namelist())
            data = data + data.replace(b"\0", b"") + path.name.encode()
            found |= {f"{path.name}: {each}" for each in CANARIES if each.encode() in data}
    return found


def in_search(site: Site) -> set[str]:
    with site.read(ME) as session:
        rtype = session.registry.record_type("contacts")
        return {
            each
            for each in CANARIES
            if service.list_records(session, rtype, service.Query(q=each)).items
        }


def do_erase(site: Site, person: UUID, **more: Any) -> dict[str, int]:
    with site.write(ME) as session:
        return erase.erase(session, person, BY, **more)


def test_after_an_erasure_no_canary_is_left_anywhere(kontora_site: Site, tmp_path: Path) -> None:
    site = kontora_site
    make_user(site, "head")
    person = plant(site)
    before = in_database(site) | in_files(site.settings.home)
    assert {each[-len(CANARIES[0]) :] for each in before} >= set(CANARIES[:28])
    assert in_search(site)
    do_erase(site, person)
    assert in_database(site) == set()
    assert in_files(site.settings.home) == set()
    assert in_search(site) == set()
    assert (site.settings.home / "imports" / "one" / "others.csv").is_file()
    archive = tmp_path / "after.backup"
    backup.backup(site.settings, archive)
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    backup.archive.unpack(archive, unpacked)
    for path in unpacked.rglob("*"):
        if path.is_file():
            data = path.read_bytes().lower()
            assert [each for each in CANARIES if each.encode() in data] == []


@pytest.mark.parametrize("step", erase.STEPS)
def test_each_step_of_an_erasure_is_needed(kontora_site: Site, step: str) -> None:
    site = kontora_site
    make_user(site, "head")
    person = plant(site)
    do_erase(site, person, skip=[step])
    assert in_database(site) | in_files(site.settings.home) | in_search(site)


def test_the_shell_stays_and_what_others_stand_on(kontora_site: Site) -> None:
    site = kontora_site
    person = plant(site)
    do_erase(site, person)
    with site.read(ME) as session:
        rtype = session.registry.record_type("contacts")
        shown = service.get_record(session, rtype, person, ["display_name", "affiliations"])
        assert shown["display_name"] == erase.NAME
        assert shown["affiliations"][0]["organisation"]["name"] == "Firm"
        assert service.history(session, rtype, person)[0].verb == "erase"
        talks = service.Query(q="Talk")
        activities = session.registry.record_type("activities")
        assert len(service.list_records(session, activities, talks).items) == 1
        assert not consents.may_send(session, person, "marketing", "email").allowed
        assert consents.may_send(session, person, "service", "email").allowed


def test_what_another_person_holds_as_well_stays_with_him(kontora_site: Site) -> None:
    site = kontora_site
    mine = {"kind": "phone", "value": "+380441234567"}
    one = save(site, "contacts", {"family": "First", "points": [mine]})
    other = save(site, "contacts", {"family": "Second", "notes": "Old"})
    save(site, "contacts", {"points": [mine]}, other)
    save(site, "contacts", {"points": []}, one)
    do_erase(site, one)
    with site.read(ME) as session:
        rtype = session.registry.record_type("contacts")
        assert service.get_record(session, rtype, other, ["phone"])["phone"] == "+380441234567"
        log = service.history(session, rtype, other)
        assert "+380441234567" in json.dumps([each.fields for each in log], default=str)


def test_an_export_holds_every_row_that_keys_lead_to(kontora_site: Site, tmp_path: Path) -> None:
    site = kontora_site
    person = plant(site)
    target = tmp_path / "person.zip"
    with site.write(ME) as session:
        export.write(session, person, target)
        wanted = export.tables_about(session, person)
    with zipfile.ZipFile(target) as packed:
        data = json.loads(packed.read("data.json"))
        page = packed.read("data.html").decode()
        assert [name for name in packed.namelist() if name.startswith("files/")]
    held = {name: len(rows) for name, rows in data["tables"].items()}
    assert {name: held.get(name, 0) for name in wanted if held.get(name, 0) < wanted[name]} == {}
    assert {"hello_party_profile", "hello_greeting", "consent", "change"} <= held.keys()
    whole = json.dumps(data, ensure_ascii=False).casefold()
    assert [each for each in CANARIES[:26] if each not in whole] == []
    assert canary(1) in page


def test_an_export_reads_tables_of_a_plugin_that_is_off(kontora_site: Site) -> None:
    site = kontora_site
    person = plant(site)
    off = Site(site.settings, plugins=())
    with off.write(ME) as session:
        data = export.collect(session, person)
        assert data["tables"]["hello_greeting"][0]["body"] == canary(20)
        erase.erase(session, person, BY)
    off.close()
    assert in_database(site) == set()


def test_an_erasure_is_asked_for_by_name_and_right(kontora_site: Site) -> None:
    site = kontora_site
    person, firm = plant(site), save(site, "counterparties", {"display_name": "Works"})
    admin, head = make_user(site, "administrator"), make_user(site, "head")
    with site.write(head) as session, pytest.raises(Forbidden):
        requests.ask(session, "erase", person, "x")
    with site.write(admin) as session:
        with pytest.raises(Invalid):
            requests.ask(session, "erase", person, "somebody")
        with pytest.raises(Conflict):
            requests.ask(session, "erase", firm, "Works")
        made = requests.ask(session, "export", person)
    run_pending(site.work_site())
    with site.write(admin) as session:
        path, _of = requests.archive(session, made)
        assert zipfile.is_zipfile(path)
        name = erase.subject_name(session, person)
        gone = requests.ask(session, "erase", person, name)
    run_pending(site.work_site())
    assert not path.exists()
    with site.read(admin) as session:
        assert requests.get(session, gone)["state"] == "done"
    assert in_database(site) == set()


def test_an_archive_is_kept_from_who_may_not_see_the_person(kontora_site: Site) -> None:
    """The right to export goes no further than sight, also where another one has asked."""
    site, admin = kontora_site, make_user(kontora_site, "administrator")
    person = save(site, "contacts", {"family": "Petrova"})
    with site.write(admin) as session:
        made = requests.ask(session, "export", person)
    run_pending(site.work_site())
    stranger = make_user(site, "manager")
    rights = replace(stranger.rights, permissions=frozenset({"privacy.export"}))
    with site.read(admin) as session:
        assert requests.archive(session, made)[1] == person
    with site.read(replace(stranger, rights=rights)) as session, pytest.raises(NotFound):
        requests.archive(session, made)


def test_the_archive_is_taken_by_who_may_and_that_is_logged(kontora_site: Site) -> None:
    site, app = kontora_site, create_app(kontora_site)
    person = save(site, "contacts", {"family": "Petrova"})
    admin, head = make_user(site, "administrator"), make_user(site, "head")
    browser, other = signed_in(app, site, admin), signed_in(app, site, head)
    assert other.post(f"/admin/privacy/export/{person}").status_code == 403
    asked = browser.post(f"/admin/privacy/export/{person}")
    place = asked.headers["Location"]
    assert browser.get(f"{place}/archive").status_code == 404
    run_pending(site.work_site())
    assert "Download" in browser.get(place).get_data(as_text=True)
    taken = browser.get(f"{place}/archive")
    assert taken.status_code == 200
    with zipfile.ZipFile(io.BytesIO(taken.data)) as packed:
        assert "Petrova" in packed.read("data.json").decode()
    taken.close()
    assert other.get(f"{place}/archive").status_code == 403
    with site.read(ME) as session:
        rtype = session.registry.record_type("contacts")
        verbs = [each.verb for each in service.history(session, rtype, person)]
    assert verbs == ["export", "export", "create"]


def test_the_plan_is_shown_and_a_wrong_name_erases_nobody(kontora_site: Site) -> None:
    site, app = kontora_site, create_app(kontora_site)
    person = save(site, "contacts", {"family": "Petrova"})
    browser = signed_in(app, site, make_user(site, "administrator"))
    page = browser.get(f"/admin/privacy/erase/{person}").get_data(as_text=True)
    assert "Petrova" in page
    assert browser.post(f"/admin/privacy/erase/{person}", data={"name": "x"}).status_code == 422
    asked = browser.post(f"/admin/privacy/erase/{person}", data={"name": "Petrova"})
    assert asked.status_code == 303
    run_pending(site.work_site())
    assert "Petrova" not in browser.get(f"/contacts/{person}").get_data(as_text=True)
    assert browser.get("/admin/privacy").status_code == 200


def test_who_was_erased_is_erased_again_after_an_old_backup(kontora_site: Site) -> None:
    site = kontora_site
    person = plant(site)
    folder.note_erased(site.settings.home, person)
    slices = []

    @contextmanager
    def slice() -> Iterator[Any]:
        slices.append(1)
        with site.write(ME) as session:
            yield session

    assert requests.erase_again(site, BY, slice) == [person]
    assert len(slices) > 3  # in short transactions, as any erasure
    assert requests.erase_again(site, BY) == []
    assert in_database(site) == set()


def test_a_plan_changes_nothing(kontora_site: Site) -> None:
    site = kontora_site
    person = plant(site)
    before = in_database(site)
    with site.write(ME) as session:
        found = plan.plan(session, person)
    assert in_database(site) == before
    assert found.files == 1 and found.import_files == 2
    assert {"party", "contact_point", "hello_greeting", "change", "mail_message"} <= set(found.rows)
    assert set(found.kept) >= {"consent", "activity_party", "affiliation"}
