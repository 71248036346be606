"""The steps of the set-up: what each asks, and the service that keeps the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from kontora.access.session import ScopedSession
from kontora.registry.fields import Field
from kontora.text import Text, _
from kontora.web.setup import company, people, records

Form = MultiDict[str, str]


def _no_fields(_session: ScopedSession) -> list[Field]:
    return []


def _nothing(_given: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. `right`: what its page needs; `url`: the page where there is more of it. `save`
    keeps what the form sent and says what to tell; one that `ends` the step puts it behind.
    `more` is the rest of the context of its template, `template`."""

    name: str
    label: Text
    hint: Text
    right: str
    url: str
    link: Text
    template: str = "link"
    ends: bool = False
    fields: Callable[[ScopedSession], list[Field]] = _no_fields
    values: Callable[[ScopedSession], dict[str, Any]] = _nothing
    typed: Callable[[Form], Mapping[str, Any]] = _nothing
    more: Callable[[ScopedSession], dict[str, Any]] = _nothing
    save: Callable[[Form], str] | None = None


STEPS = (
    Step(
        name="company",
        label=_("Company"),
        hint=_("How it is called, and what its users and amounts begin with."),
        right="admin.settings",
        url="/admin/appearance",
        link=_("Colour and logo"),
        template="form",
        ends=True,
        fields=company.fields,
        values=company.values,
        typed=company.typed,
        save=company.save,
    ),
    Step(
        name="branches",
        label=_("Branches"),
        hint=_("Offices and departments; a role can be limited to what belongs to one of them."),
        right="admin.users",
        url="/admin/branches",
        link=_("Branches and teams"),
        template="people",
        fields=people.branch_fields,
        typed=people.typed,
        more=people.branches,
        save=people.add_branch,
    ),
    Step(
        name="users",
        label=_("Users"),
        hint=_("Invite who works here. The invitation comes by mail and is good for seven days."),
        right="admin.users",
        url="/admin/users",
        link=_("All users"),
        template="people",
        fields=people.user_fields,
        values=people.new_user,
        typed=people.typed,
        more=people.users,
        save=people.invite,
    ),
    Step(
        name="records",
        label=_("What you keep"),
        hint=_("Which roles people and firms have for you, and what you want to know of each."),
        right="admin.settings",
        url="/admin/fields",
        link=_("All fields"),
        template="records",
        ends=True,
        values=records.values,
        typed=records.typed,
        more=records.more,
        save=records.save,
    ),
    Step(
        name="import",
        label=_("Import"),
        hint=_("Bring your contacts and counterparties in from a table, Excel or vCards."),
        right="admin.settings",
        url="/import",
        link=_("Open the import"),
    ),
    Step(
        name="modules",
        label=_("Modules"),
        hint=_("Switch on what you need beyond clients: each adds its own pages and reports."),
        right="admin.plugins",
        url="/admin/plugins",
        link=_("Open the modules"),
    ),
)
