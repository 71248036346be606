"""What core declares for webhooks: the right, the jobs, the entry in the side bar."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kontora.hookspecs import hookimpl
from kontora.registry.faces import MenuItem, Permission
from kontora.registry.records import Change
from kontora.registry.work import JobSpec
from kontora.text import _
from kontora.webhooks import deliveries, models, sending


@hookimpl
def register_models() -> Iterable[type]:
    """The tables of webhooks."""
    return (models.WebhookEndpoint, models.WebhookDelivery)


@hookimpl
def register_permissions() -> Iterable[Permission]:
    """Who may send data to others."""
    return (Permission(name="admin.webhooks", label=_("Manage webhooks")),)


@hookimpl
def register_menu() -> Iterable[MenuItem]:
    """The page of administration."""
    return (
        MenuItem(
            id="admin-webhooks",
            label=_("Webhooks"),
            help=_("Programs of others that are told when records change."),
            url="/admin/webhooks",
            icon="webhook",
            group="administration",
            order=6,
            permission="admin.webhooks",
        ),
    )


@hookimpl
def register_jobs() -> Iterable[JobSpec]:
    """One job for each delivery, and one that looks after them."""
    return (
        JobSpec(name=deliveries.JOB, handler=sending.send, sliced=True, waits=True, timeout=60),
        JobSpec(name="core.webhook_sweep", handler=sending.sweep, schedule="*/5 * * * *"),
    )


@hookimpl
def record_changed(session: Any, change: Change) -> None:
    """Write the deliveries in the transaction of the change."""
    deliveries.queue(session, change)
