"""What is old goes by its setting; the audit log leaves as a file, and that is logged."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from typing import Any

import pytest
import sqlalchemy as sa

from kontora import clock
from kontora.access.principal import system
from kontora.errors import Forbidden
from kontora.lifecycle import site_settings
from kontora.lifecycle.site import Site
from kontora.privacy import audit_export, purge, retention
from kontora.records.audit import AuditFilter
from kontora.records.query import Query
from kontora.web.records import exporting
from kontora.work import mail
from kontora.work.runner import run_pending
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import signed_in
from kontora_sdk.testing.people import make_party, make_user

ME = system("test")
OLD = dt.timedelta(days=400)


def old_rows(site: Site) -> None:
    """A mail and its job, a reading, an issue of an import and an answer, 400 days old."""
    with clock.frozen(clock.now() - OLD):
        person = make_party(site, None, {"family": "Petrova"})
        user = make_user(site, "manager")
        with site.write(ME) as session:
            mail.send(session, "anna@example.org", "Old", "Text")
        run_pending(site.work_site())
        tables: dict[str, Any] = {
            name: model.__table__ for name, model in site.registry.models.items()
        }
        now = clock.now()
        run = {"path": "contacts", "file_name": "a", "file_path": "a", "file_hash": "a"}
        with site.database.write_engine.begin() as connection:
            reading = {"at": now, "user_id": user.user_id, "entity": "party", "record_id": person}
            connection.execute(tables["reading"].insert().values(**reading))
            made = connection.execute(
                tables["import_run"]
                .insert()
                .values(**run, finished_at=now)
                .returning(tables["import_run"].c.id)
            ).scalar_one()
            issue = {"run_id": made, "row": 1, "severity": "changed", "reason": "x"}
            connection.execute(tables["import_issue"].insert().values(**issue))
            answer = {"key": "k", "owner": "o", "request_hash": "h", "created_at": now}
            connection.execute(tables["idempotency_key"].insert().values(**answer))


def numbers(site: Site, *names: str) -> dict[str, int]:
    with site.database.read_engine.connect() as connection:
        return {
            name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar() or 0
            for name in names
        }


KINDS = ("mail_message", "reading", "import_issue", "idempotency_key", "job", "change")


def test_old_rows_go_and_the_change_log_stays(kontora_site: Site) -> None:
    site = kontora_site
    old_rows(site)
    before = numbers(site, *KINDS)
    assert min(before.values()) >= 1
    purge_all(site)
    after = numbers(site, *KINDS)
    assert {name: after[name] for name in KINDS[:5]} == dict.fromkeys(KINDS[:5], 0)
    assert after["change"] == before["change"]
    assert not list((site.settings.home / "outbox").glob("*"))


def purge_all(site: Site) -> None:
    for each in retention.DECLARED:
        with site.write(ME) as session:
            while purge.delete_old(session, each):
                pass


def test_zero_keeps_everything_and_the_overview_says_so(kontora_site: Site) -> None:
    site = kontora_site
    old_rows(site)
    with site.write(make_user(site, "administrator")) as session:
        site_settings.save(session, {"retention.mails": 0})
    purge_all(site)
    assert numbers(site, "mail_message") == {"mail_message": 1}
    with site.read(ME) as session:
        found = {each.declared.name: each for each in retention.overview(session)}
    assert found["mail"].days == 0
    oldest = found["mail"].oldest
    assert oldest is not None and clock.now() - oldest > OLD - dt.timedelta(days=1)
    assert found["reading"].oldest is None


def test_the_nightly_job_purges_in_slices(kontora_site: Site) -> None:
    site = kontora_site
    old_rows(site)
    from kontora.work import jobs

    with site.write(ME) as session:
        jobs.enqueue(session, "core.purge_old", principal=ME)
    assert run_pending(site.work_site()) == {"done": 1}
    assert numbers(site, "mail_message", "reading") == {"mail_message": 0, "reading": 0}


@pytest.mark.parametrize("format", audit_export.FORMATS)
def test_the_audit_log_leaves_as_a_file_and_that_is_logged(kontora_site: Site, format: str) -> None:
    site = kontora_site
    with site.write(ME) as session:
        rtype = session.registry.record_type("contacts")
        from kontora.records import service

        made = service.create_record(session, rtype, {"family": "Petrova"}).id
        service.change_record(session, rtype, made, {"notes": "=1+1"})
    auditor = make_user(site, "auditor")
    address = f"/admin/audit/export?format={format}&verb=change&entity=party"
    answer = signed_in(create_app(site), site, auditor).get(address)
    text = answer.get_data(as_text=True).removeprefix("\ufeff")
    if format == "csv":
        (row,) = list(csv.DictReader(io.StringIO(text)))
        assert not row["changes"].startswith("=")
        assert "=1+1" in row["changes"]
    else:
        (line,) = [json.loads(each) for each in text.splitlines()]
        assert line["changes"] == {"notes": [None, "=1+1"]}
    with site.read(ME) as session:
        table = site.registry.models["change"].__table__
        logged = session.execute(
            sa.select(table.c.diff).where(table.c.verb == "export"),
            execution_options={"door": "changes"},
        ).scalar_one()
    assert logged["type"] == [None, "audit"] and logged["rows"] == [None, 1]


def test_who_may_not_read_the_log_gets_no_file(kontora_site: Site) -> None:
    site = kontora_site
    manager = make_user(site, "manager")
    with pytest.raises(Forbidden):
        list(audit_export.pieces(site, manager, AuditFilter(), "csv"))
    browser = signed_in(create_app(site), site, manager)
    assert browser.get("/admin/audit/export").status_code == 403


def test_a_download_that_was_broken_off_is_logged_too(
    kontora_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent by then is out of the house."""
    site, who = kontora_site, make_user(kontora_site, "administrator")
    for family in ("Petrova", "Weber", "Kohut"):
        make_party(site, who, {"family": family})
    monkeypatch.setattr(audit_export, "PAGE", 2)
    contacts = site.registry.record_type("contacts")
    for download in (
        audit_export.pieces(site, who, AuditFilter(), "csv"),
        exporting._written(site, who, contacts, Query(), "csv", None),
    ):
        next(download)
        download.close()
    table = site.registry.models["change"].__table__
    with site.database.read_engine.connect() as connection:
        found = connection.execute(sa.select(table.c.diff).where(table.c.entity == "export"))
        logged = {diff["type"][1]: diff["rows"][1] for (diff,) in found}
    assert logged["audit"] == 2
    assert logged["contacts"] > 0
