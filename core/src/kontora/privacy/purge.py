"""The nightly purge: what is older than the list of retention says goes, in short slices."""

from __future__ import annotations

import shutil
import time
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select

from kontora.access.principal import system
from kontora.access.session import ScopedSession
from kontora.privacy import bin, folder, requests, tables
from kontora.privacy.models import PrivacyRequest
from kontora.privacy.retention import DECLARED, DOOR, Retention, days_of, moment_of
from kontora.records.models import ImportIssue, ImportRun
from kontora.registry.work import JobContext
from kontora.work import mail_message
from kontora.work.mail_models import MailMessage

SLICE_SECONDS = 0.04
BATCH = 200


def delete_old(session: ScopedSession, each: Retention) -> int:
    """Delete old rows of one kind for at most 40 ms; return how many. 0 when none are left."""
    days = days_of(session, each)
    if days == 0:
        return 0
    table, before = each.model.__table__, session.now - timedelta(days=days)
    began, done = time.monotonic(), 0
    while not done or time.monotonic() - began < SLICE_SECONDS:
        old = select(table.c[each.key])
        if each.model is ImportIssue:
            old = old.join_from(table, ImportRun.__table__)
        old = old.where(moment_of(each) < before).limit(BATCH)
        old = old.where(each.only(table)) if each.only else old
        if each.setting == bin.SETTING:  # any table may hold one, also of a plugin that is off
            free = old.where(*bin.free(session, each.model))
            keys = list(tables.connection_of(session).execute(free).scalars())
        else:
            keys = list(session.execute(old, execution_options=DOOR).scalars())
        if not keys:
            break
        _before_delete(session, each, keys)
        gone = delete(table).where(table.c[each.key].in_(keys))
        session.execute(gone, execution_options=DOOR)
        done += len(keys)
    return done


def _before_delete(session: ScopedSession, each: Retention, keys: list[Any]) -> None:
    """What lies in a folder goes with its row."""
    home = session.site.settings.home
    if each.setting == bin.SETTING:
        bin.before(session, each.model, keys)
    if each.model is ImportRun:
        for run_id in keys:
            shutil.rmtree(home / "imports" / str(run_id), ignore_errors=True)
    if each.model is MailMessage:
        for mail_id in keys:
            mail_message.forget(home, mail_id)
    if each.model is PrivacyRequest:
        table: Any = PrivacyRequest.__table__
        names = select(table.c.file).where(table.c.id.in_(keys), table.c.file.is_not(None))
        for name in session.execute(names, execution_options=DOOR).scalars():
            folder.remove(home, name)


def run(context: JobContext) -> dict[str, int]:
    """Delete what is too old, kind by kind, in short slices."""
    with context.slice() as session:
        site = session.site
    # Who was erased, and came back with an older backup.
    again = requests.erase_again(site, system("privacy"), context.slice)
    gone = {"erased_again": len(again)}
    for each in DECLARED:
        more = True
        while more:
            with context.slice() as session:
                number = delete_old(session, each)
            gone[each.name] = gone.get(each.name, 0) + number
            more = number >= BATCH
    return {name: number for name, number in gone.items() if number}
