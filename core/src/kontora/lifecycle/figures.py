"""Figures that are read where they are kept: the same whichever process is asked."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, cast

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Table, func, select

from kontora import clock
from kontora.access.models import UserSession
from kontora.db.sizes import sizes
from kontora.lifecycle import remembered
from kontora.lifecycle.site import Site
from kontora.plugins.discovery import core_version
from kontora.webhooks.models import WebhookDelivery
from kontora.work.mail_models import MailMessage
from kontora.work.models import JOB_STATES, NEW, QUEUED, Job, OutboxEvent

LANES = ("quick", "long", "waiting")
PRESENT = timedelta(minutes=15)
_job = cast(Table, Job.__table__)
_event = cast(Table, OutboxEvent.__table__)
_mail = cast(Table, MailMessage.__table__)
_delivery = cast(Table, WebhookDelivery.__table__)
_device = cast(Table, UserSession.__table__)


class _Shown:
    """What is read, as a collector: a gauge of the library would be kept for all processes."""

    def __init__(self) -> None:
        self._families: dict[str, GaugeMetricFamily] = {}

    def set(self, name: str, help: str, value: float, **labels: str) -> None:
        if name not in self._families:
            self._families[name] = GaugeMetricFamily(name, help, labels=list(labels))
        self._families[name].add_metric(list(labels.values()), value)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        return self._families.values()


def read(site: Site, registry: CollectorRegistry) -> None:
    """Put the figures of queues, backups, people and the database into `registry`."""
    shown = _Shown()
    shown.set("kontora_info", "The version that runs", 1, version=core_version())
    with site.database.read_engine.connect() as connection:
        _jobs(shown, connection, site)
        _outbox(shown, connection)
        _messages(shown, connection)
        since = clock.now() - PRESENT
        here = select(func.count(func.distinct(_device.c.user_id))).where(
            _device.c.seen_at >= since, _device.c.revoked_at.is_(None)
        )
        value = connection.scalar(here) or 0
        shown.set("kontora_users_present", "Users seen in the last 15 minutes", value)
    _backups(shown, site)
    _storage(shown, site)
    states: dict[str, int] = dict.fromkeys(("enabled", "quarantined"), 0)
    for each in site.manager.states.values():
        states[each.state] = states.get(each.state, 0) + 1
    for state, number in states.items():
        shown.set("kontora_plugins", "Plugins by state", number, state=state)
    registry.register(cast(Collector, shown))


def _jobs(shown: _Shown, connection: Connection, site: Site) -> None:
    counted = dict.fromkeys(JOB_STATES, 0)
    rows = connection.execute(select(_job.c.state, func.count()).group_by(_job.c.state))
    counted.update({str(row[0]): int(row[1]) for row in rows})
    for state, number in counted.items():
        shown.set("kontora_jobs", "Jobs by state", number, state=state)
    now = clock.now()
    due = (
        select(_job.c.name, func.count(), func.min(_job.c.run_at))
        .where(_job.c.state == QUEUED, _job.c.run_at <= now)
        .group_by(_job.c.name)
    )
    lanes = dict.fromkeys(LANES, (0, 0.0))
    specs = site.work_site().handlers()
    for name, number, oldest in connection.execute(due):
        spec = specs.get(name)
        lane = "quick" if spec is None else lane_of(spec)
        length, age = lanes[lane]
        lanes[lane] = (length + number, max(age, _since(oldest, now)))
    for lane, (length, age) in lanes.items():
        shown.set("kontora_job_queue_length", "Jobs that are due", length, lane=lane)
        shown.set("kontora_job_queue_age_seconds", "Age of the oldest due job", age, lane=lane)


def lane_of(spec: Any) -> str:
    """In which lane of a worker a kind of job runs."""
    return "waiting" if spec.waits else "long" if spec.sliced else "quick"


def _outbox(shown: _Shown, connection: Connection) -> None:
    waiting = select(func.count(), func.min(_event.c.at)).where(_event.c.state == NEW)
    number, oldest = connection.execute(waiting).one()
    shown.set("kontora_outbox_length", "Events that wait for their subscribers", number)
    age = _since(oldest, clock.now())
    shown.set("kontora_outbox_age_seconds", "Age of the oldest waiting event", age)


def _messages(shown: _Shown, connection: Connection) -> None:
    for name, help, table, usual in (
        ("kontora_mails", "Mails by state", _mail, ("queued", "failed")),
        ("kontora_webhook_deliveries", "Deliveries by state", _delivery, ("pending", "dead")),
    ):
        counted = dict.fromkeys(usual, 0)
        rows = connection.execute(select(table.c.state, func.count()).group_by(table.c.state))
        counted.update({str(row[0]): int(row[1]) for row in rows})
        for state, number in counted.items():
            shown.set(name, help, number, state=state)


def _backups(shown: _Shown, site: Site) -> None:
    made = remembered.recall(site.database, remembered.BACKUP)
    tried = remembered.recall(site.database, remembered.DRILL)
    # -1: never. An alert on “older than” would not see a figure that is missing.
    age, drilled = remembered.age(made), remembered.age(tried, "at")
    shown.set(
        "kontora_backup_age_seconds", "Age of the last good backup, -1 for none", _or(age, -1)
    )
    failed = float(bool(made.get("error")))
    shown.set("kontora_backup_failed", "1 when the last backup failed", failed)
    shown.set(
        "kontora_drill_age_seconds", "Age of the last restore drill, -1 for none", _or(drilled, -1)
    )
    wrong = float(bool(tried) and not tried.get("ok"))
    shown.set("kontora_drill_failed", "1 when the last restore drill found a difference", wrong)


def _storage(shown: _Shown, site: Site) -> None:
    free = shutil.disk_usage(site.settings.home).free
    shown.set("kontora_disk_free_bytes", "Free space of the data folder", free)
    for name, size in sizes(site.database).items():
        shown.set(f"kontora_database_{name}bytes", "Size on disk", size)


def _since(moment: Any, now: datetime) -> float:
    if moment is None:
        return 0.0
    return max(0.0, float((now - moment).total_seconds()))


def _or(value: float | None, other: float) -> float:
    return other if value is None else value
