"""Steps “Branches” and “Users”: what there is, and a form for one more."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict

from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.http.context import db
from kontora.lifecycle import factors, roles
from kontora.records import service
from kontora.registry.fields import Choice, Field, FieldType
from kontora.text import _
from kontora.web import visitors
from kontora.web.admin import tree

SHOWN = 10


def typed(form: MultiDict[str, str]) -> dict[str, Any]:
    """What the form sent, by name; blanks are None."""
    names = ("name", "parent", "email", "role", "branch")
    return {name: form[name].strip() or None for name in names if name in form}


def _branch_choices(session: ScopedSession) -> tuple[Choice, ...]:
    return tuple(
        Choice(value=str(each["id"]), label="\u2003" * each["depth"] + each["name"])
        for each in tree.branches(session)
    )


def branch_fields(session: ScopedSession) -> list[Field]:
    """Of a new branch."""
    choices = _branch_choices(session)
    help = _("Who may see a branch “and below” sees this one through it.")
    return [
        Field(name="name", label=_("Name of the branch"), required=True),
        Field(
            name="parent", label=_("Belongs to"), type=FieldType.CHOICE, choices=choices, help=help
        ),
    ]


def branches(session: ScopedSession) -> dict[str, Any]:
    """The tree as it is."""
    rows = [
        {"name": each["name"], "url": f"/admin/branches/{each['id']}", "depth": each["depth"]}
        for each in tree.branches(session)
    ]
    return {"rows": rows, "save_label": _("Add the branch"), "mail_works": True}


def add_branch(form: MultiDict[str, str]) -> str:
    """Make it. Raises Invalid."""
    session, data = db(), typed(form)
    wanted = {"name": data.get("name"), "parent": data.get("parent")}
    with session.begin_nested():
        service.create_record(session, session.registry.record_type("branches"), wanted)
    return str(_("%(name)s was added.") % {"name": wanted["name"]})


def user_fields(session: ScopedSession) -> list[Field]:
    """Of somebody new."""
    known = tuple(Choice(value=each.key, label=each.label) for each in roles.roles(session))
    choice = FieldType.CHOICE
    branches = _branch_choices(session)
    return [
        Field(name="name", label=_("Full name"), required=True),
        Field(name="email", label=_("E-mail"), type=FieldType.EMAIL, required=True),
        Field(name="role", label=_("Role"), type=choice, choices=known, required=True),
        Field(name="branch", label=_("Branch"), type=choice, choices=branches),
    ]


def new_user(session: ScopedSession) -> dict[str, Any]:
    """What the form begins with."""
    return {"role": "manager", "branch": str(session.principal.branch_id or "")}


def users(session: ScopedSession) -> dict[str, Any]:
    """The first of those who are there."""
    rtype = session.registry.record_type("users")
    page = service.list_records(session, rtype, service.Query(sort=("name",), limit=SHOWN))
    rows = [
        {
            "name": each["name"],
            "url": f"/admin/users/{each['id']}",
            "depth": 0,
            "hint": each["email"],
        }
        for each in page.items
    ]
    mail_works = session.site.settings.mail_server is not None
    return {"rows": rows, "save_label": _("Invite"), "mail_works": mail_works}


def invite(form: MultiDict[str, str]) -> str:
    """Add somebody and send the invitation. Raises Invalid, Conflict."""
    session, data = db(), typed(form)
    if not data.get("email"):
        raise Invalid({"email": [_("A value is needed.")]})
    wanted = {"name": data.get("name"), "email": data["email"], "branch": data.get("branch")}
    wanted["roles"] = [data["role"]] if data.get("role") else []
    with session.begin_nested():
        saved = service.create_record(session, session.registry.record_type("users"), wanted)
        factors.invite(session, saved.id, visitors.base_url())
    return str(_("%(name)s was added.") % {"name": wanted["name"]})
