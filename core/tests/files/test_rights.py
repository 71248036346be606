"""Who reaches a file: whoever reaches its record, at this very moment, and nobody else."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from file_office import Office
from flask import Flask
from hostile_files import pdf
from security_addresses import rules
from small_company import RECORDS, ROLES, Company, Item, build

from kontora.access.principal import system
from kontora.access.session import ScopedSession
from kontora.errors import NotFound, Unscoped
from kontora.ids import new_id
from kontora.lifecycle.site import Site
from kontora.records import audit, changes
from kontora.records import service as records
from kontora.records.files import service, texts
from kontora.records.files.models import File
from kontora.wsgi import create_app

SEED = 20261122


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def firm(request: pytest.FixtureRequest, new_site: Callable[[str], Site]) -> Company:
    """The small company; each record has a file with a picture, as an item of its own."""
    company = build(new_site(request.param))
    office = Office(company.site, create_app(company.site))
    for item in [each for each in company.items if each.entity in RECORDS]:
        rtype = company.rtype(item.path)
        if item.deleted:
            with company.site.write(system("test")) as session:
                records.restore_record(session, rtype, item.id)
        file_id = office.add(item.id, f"{word_of(item)}.pdf", pdf(), rtype.entity)
        with company.site.write(system("test")) as session:
            row = session.get(File, file_id)
            assert row is not None
            row.pages, row.state = 1, "ready"
            office.store.keep_picture(row.stored, 0, b"small")
            office.store.keep_picture(row.stored, 1, b"large")
        if item.deleted:
            with company.site.write(system("test")) as session:
                records.delete_record(session, rtype, item.id)
        company.items.append(replace(item, path="files", id=file_id))
    return company


@pytest.fixture(scope="module")
def app(firm: Company) -> Flask:
    return create_app(firm.site)


def word_of(item: Item) -> str:
    return f"canary{item.entity}{item.place.replace(' ', '')}".replace("_", "")


def routes(app: Flask) -> Iterator[tuple[str, str]]:
    """Every page that names a file."""
    for rule, method in rules(app, {"GET", "POST"}):
        if "<uuid:file_id>" in rule.rule:
            yield method, rule.rule


def expected(company: Company, role: str, method: str, rule: str, item: Item | None) -> int:
    if item is None or item.deleted or not company.may(role, "view", item):
        return 404
    if method == "GET":
        return 200
    if not company.may(role, "edit", item):
        return 403
    return 409 if rule.endswith("/restore") else 303


def test_the_pages_of_files_are_all_met(app: Flask) -> None:
    found = {rule.partition("<uuid:file_id>")[2] for _method, rule in routes(app)}
    assert {"", "/download", "/rename", "/delete", "/restore"} <= found


@pytest.mark.parametrize("role", ROLES)
def test_each_role_reaches_by_each_page_what_the_rule_says(
    firm: Company, app: Flask, role: str
) -> None:
    client = Office(firm.site, app, {role: firm.principal(role)}).browser(role)
    items = [each for each in firm.items if each.path == "files"]
    cells = [(m, r, i) for m, r in routes(app) for i in (*items, None)]
    if firm.site.database.dialect != "sqlite":
        cells = random.Random(SEED).sample(cells, len(cells) // 8)
    seen = {word_of(each) for each in items if firm.may(role, "view", each)}
    wrong = []
    for method, rule, item in cells:
        file_id = item.id if item else new_id()
        address = rule.replace("<uuid:file_id>", str(file_id)).replace("<int:number>", "1")
        data = {"name": f"{word_of(item)}.pdf"} if item else {}
        answer = client.open(address, method=method, data=data)
        told = answer.get_data(as_text=True) + str(answer.headers)
        answer.close()
        leaks = set(re.findall(r"canary[a-z]+", told)) - seen
        if answer.status_code != expected(firm, role, method, rule, item) or leaks:
            wrong.append((method, rule, item and item.place, answer.status_code, leaks))
        if method == "POST" and rule.endswith("/delete") and answer.status_code == 303:
            assert client.post(f"/files/{file_id}/restore").status_code == 303
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
def test_statements_over_files_show_what_the_role_may_see(firm: Company, role: str) -> None:
    """The guard itself, without the service: any query of any plugin keeps to it."""
    from sqlalchemy import func, select

    items = [each for each in firm.items if each.path == "files"]
    wanted = {each.id for each in items if firm.may(role, "view", each)}
    with firm.site.read(firm.principal(role)) as session:
        assert set(session.scalars(select(File.id))) == wanted
        assert session.scalar(select(func.count()).select_from(File)) == len(wanted)


def test_negative_control_without_the_guard_foreign_files_are_read(
    firm: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = next(each for each in firm.items if each.path == "files" and each.place == "foreign")
    with firm.site.read(firm.principal("manager")) as session, pytest.raises(NotFound):
        service.find(session, foreign.id)
    monkeypatch.setattr(ScopedSession, "criteria", lambda self, model: None)
    with firm.site.read(firm.principal("manager")) as session:
        assert service.find(session, foreign.id)[0].id == foreign.id


def test_files_are_written_through_the_service_only(office: Office) -> None:
    record_id = office.record()
    file_id = office.add(record_id, "a.txt", b"a")
    head = office.person("head")
    with office.site.read(head) as session:
        row, _found = service.find(session, file_id)
        row.name = "other.txt"
        with pytest.raises(Unscoped):
            session.flush()
        session.rollback()
        with pytest.raises(Unscoped):
            session.execute(File.__table__.delete())


def reached(office: Office, file_id: UUID, role: str) -> list[int]:
    """What each way to a file answers."""
    browser, program = office.browser(role), office.program(role)
    answers = [
        browser.get(f"/files/{file_id}"),
        browser.get(f"/files/{file_id}/download"),
        program.get(f"/api/v1/files/{file_id}"),
        program.get(f"/api/v1/files/{file_id}/content"),
    ]
    for each in answers:
        each.close()
    return [each.status_code for each in answers]


def test_a_right_that_goes_takes_the_file_along_at_once(office: Office) -> None:
    manager = office.person("manager")
    record_id = office.record(by=manager)
    file_id = office.add(record_id, "contract.txt", b"secret")
    assert reached(office, file_id, "manager") == [200] * 4
    other = str(office.person("head").user_id)
    with office.site.write(system("test")) as session:
        rtype = session.registry.record_type("contacts")
        branch = records.create_record(
            session, session.registry.record_type("branches"), {"name": "X"}
        )
        given = {"owner": other, "branch": str(branch.id)}
        records.change_record(session, rtype, record_id, given)
    assert reached(office, file_id, "manager") == [404] * 4
    assert reached(office, file_id, "head") == [200] * 4


def test_a_record_in_the_bin_shows_no_file(office: Office) -> None:
    record_id = office.record()
    file_id = office.add(record_id, "contract.txt", b"secret")
    for change, status in ((records.delete_record, 404), (records.restore_record, 200)):
        with office.site.write(system("test")) as session:
            change(session, session.registry.record_type("contacts"), record_id)
        assert reached(office, file_id, "administrator") == [status] * 4


def test_a_file_in_the_bin_is_not_sent_and_can_come_back(office: Office) -> None:
    record_id = office.record()
    file_id = office.add(record_id, "contract.txt", b"secret")
    browser, program = office.browser("administrator"), office.program("administrator")
    assert browser.post(f"/files/{file_id}/delete").status_code == 303
    assert reached(office, file_id, "administrator") == [404] * 4
    listed = program.get(f"/api/v1/contacts/{record_id}/files?bin=1").json["items"]
    assert [each["id"] for each in listed] == [str(file_id)]
    assert program.get(f"/api/v1/contacts/{record_id}/files").json["items"] == []
    page = browser.get(f"/contacts/{record_id}")
    assert f"/files/{file_id}/restore" in page.text, "the message offers the way back"
    assert program.post(f"/api/v1/files/{file_id}/restore").status_code == 200
    assert reached(office, file_id, "administrator") == [200] * 4


def test_who_only_sees_adds_and_removes_nothing(office: Office) -> None:
    record_id = office.record()
    file_id = office.add(record_id, "contract.txt", b"secret")
    before = office.on_disk()
    browser, program = office.browser("auditor"), office.program("auditor")
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\na\r\n--x--\r\n'
    sent: dict[str, Any] = {"data": form, "content_type": "multipart/form-data; boundary=x"}
    assert browser.post(f"/contacts/{record_id}/files", **sent).status_code == 403
    assert program.post(f"/api/v1/contacts/{record_id}/files", **sent).status_code == 403
    assert program.delete(f"/api/v1/files/{file_id}").status_code == 403
    assert program.patch(f"/api/v1/files/{file_id}", json={"name": "b"}).status_code == 403
    reading = office.program("administrator", scope="read")
    assert reading.post(f"/api/v1/contacts/{record_id}/files", **sent).status_code == 403
    panel = browser.get(f"/contacts/{record_id}/panels/core.files").text
    assert "contract.txt" in panel
    assert "data-drop" not in panel
    assert office.on_disk() == before


@pytest.mark.parametrize("path", ["users", "teams", "branches"])
def test_our_own_company_holds_no_files(office: Office, path: str) -> None:
    """Everybody signed in sees these records: a file there would be seen by all."""
    record_id = office.record(path, name="Somebody")
    program, browser = office.program("administrator"), office.browser("administrator")
    assert program.get(f"/api/v1/{path}/{record_id}/files").status_code == 404
    panel = browser.get(f"/{path}/{record_id}/panels/core.files")
    assert panel.headers.get("HX-Reswap") == "delete" or panel.status_code in (302, 404)
    with office.site.write(system("test")) as session, pytest.raises(NotFound):
        service.check_add(session, path.rstrip("s"), record_id)


def test_a_hidden_list_of_files_hides_all_of_it(office: Office) -> None:
    """A role that may not see the field `files` of a record type gets none, and finds none."""
    record_id = office.record()
    file_id = office.add(record_id, "zanzibar.txt", b"a")
    head = office.person("head")
    blind = replace(head, rights=replace(head.rights, hidden={"party": frozenset({"files"})}))
    assert str(record_id) in office.found("zanzibar", by=head)
    assert office.found("zanzibar", by=blind) == []
    with office.site.read(blind) as session, pytest.raises(NotFound):
        service.find(session, file_id)
    with office.site.read(blind) as session, pytest.raises(NotFound):
        service.listing(session, "party", record_id)
    rtype = office.site.registry.record_type("contacts")
    watching = {"admin.audit"} | head.rights.permissions
    head = replace(head, rights=replace(head.rights, permissions=frozenset(watching)))
    blind = replace(blind, rights=replace(blind.rights, permissions=frozenset(watching)))
    for who, is_told in ((head, True), (blind, False)):
        with office.site.read(who) as session:
            assert ("zanzibar" in str(changes.history(session, rtype, record_id))) is is_told
            assert ("zanzibar" in str(audit.entries(session, audit.AuditFilter()))) is is_told


def test_texts_pass_no_scope(office: Office) -> None:
    """The table of texts is reached by its door alone."""
    from sqlalchemy import select

    from kontora.records.files.models import FileText

    file_id = office.add(office.record(), "a.txt", b"text")
    office.work()
    with office.site.read(office.person("administrator")) as session:
        assert texts.of_file(session, file_id) == "text"
        assert list(session.scalars(select(FileText.text))) == []
