"""Audit: who changed what and when, over all records; sign-ins; exports; changes of roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask import render_template, request
from sqlalchemy import select

from kontora.access.models import User
from kontora.access.rights import SCOPE_LABELS, VERB_LABELS, scope_named
from kontora.access.session import ScopedSession
from kontora.http.context import db, zone
from kontora.http.policy import needs, policy
from kontora.lifecycle import accounts, roles
from kontora.parties import sign_in_log
from kontora.records import audit as log
from kontora.records.audit import AuditEntry, AuditFilter
from kontora.registry.fields import Choice, Field, FieldType
from kontora.text import Text, _
from kontora.web import names
from kontora.web.addresses import before, with_query
from kontora.web.admin import agents, export_words, sign_in_words
from kontora.web.admin.blueprint import blueprint
from kontora.web.records.cells import Cells, plain

AUDIT = needs("admin.audit")
LIMIT = 50
VERBS: dict[str, Text] = {
    "create": _("created"),
    "change": _("changed"),
    "delete": _("moved to the bin"),
    "restore": _("took from the bin"),
    "merge": _("merged"),
    "export": _("exported"),
    "hand_over": _("handed over"),
    "hand_back": _("handed back"),
    "view": _("looked at"),
    "import": _("imported"),
    "attach": _("added a file"),
    "detach": _("removed a file"),
    "rename": _("renamed a file"),
    "password": _("set the password"),
    "add": _("added"),
    "remove": _("deleted"),
    "enable": _("switched on"),
    "disable": _("switched off"),
    "consent": _("changed consents"),
    "erase": _("erased"),
    "retry": _("started again"),
    "cancel": _("cancelled"),
    **sign_in_words.VERBS,
}
OTHERS: dict[str, Text] = {
    "role": _("Role"),
    "setting": _("Settings"),
    "plugin": _("Plugin"),
    "job": _("Job"),
    "export": _("Export"),
    "reading": _("What a user opened"),
    "party": _("Contact or counterparty"),
    sign_in_log.ENTITY: sign_in_words.ENTITY,
}
# Fields of the log that only say which one it was: the heading of the entry has them.
NAMED = frozenset({"role", "plugin", "job", "user"})
ACCESS: dict[str, Text] = {"hidden": _("hidden"), "read_only": _("read-only")}


@blueprint.get("/audit")
@policy(AUDIT)
def audit() -> str:
    """The change log with its filters, newest first."""
    session = db()
    fields = _filter_fields(session)
    given = {each.name: request.args.get(each.name, "") for each in fields}
    found = log.entries(session, wanted(given), before(), LIMIT)
    keep = list(given.items())
    older = None
    if len(found) == LIMIT:
        older = with_query("/admin/audit", [*keep, ("before", str(found[-1].id))])
    return render_template(
        "core/pages/admin/audit.html",
        page={"title": _("Audit")},
        tabs=_tabs("changes"),
        changes=_shown(session, found),
        fields=fields,
        values=given,
        chips=_chips(fields, given),
        older=older,
        files=[
            {"label": label, "url": with_query("/admin/audit/export", [*keep, ("format", name)])}
            for name, label in (("csv", "CSV"), ("json", "JSON"))
        ],
    )


@blueprint.get("/audit/sign-ins")
@policy(AUDIT)
def sign_ins() -> str:
    """Who signed in, when and on which device."""
    found = accounts.sign_ins(db(), before(), LIMIT)
    rows = [
        {
            "id": each["id"],
            "kind": "person",
            "cells": {
                "name": each["name"],
                "at": each["created_at"],
                "device": agents.described(each["agent"]),
                "address": each["address"],
                "state": {"label": _("signed out"), "tone": "neutral"}
                if each["revoked_at"]
                else {"label": _("signed in"), "tone": "good"},
            },
        }
        for each in found
    ]
    older = None
    if len(found) == LIMIT:
        older = with_query("/admin/audit/sign-ins", [("before", str(found[-1]["id"]))])
    return render_template(
        "core/pages/admin/sign_ins.html",
        page={"title": _("Audit"), "hint": _("Who signed in, when and on which device.")},
        tabs=_tabs("sign-ins"),
        rows=rows,
        older=older,
    )


def _tabs(active: str) -> list[dict[str, Any]]:
    exports = request.args.get("verb") == "export"
    role = request.args.get("entity") == "role"
    here = "exports" if exports else "roles" if role else active
    found = (
        ("changes", _("Changes"), "/admin/audit"),
        ("sign-ins", _("Sign-ins"), "/admin/audit/sign-ins"),
        ("exports", _("Exports"), "/admin/audit?verb=export"),
        ("roles", _("Roles"), "/admin/audit?entity=role"),
    )
    return [{"label": label, "url": url, "active": name == here} for name, label, url in found]


def _filter_fields(session: ScopedSession) -> list[Field]:
    people = session.execute(select(User.id, User.name).order_by(User.name))
    found = log.entities(session)
    entities = tuple(Choice(value=each, label=_entity(session, each)) for each in found)
    choice, day = FieldType.CHOICE, FieldType.DATE
    return [
        Field(
            name="user",
            label=_("Who"),
            type=choice,
            choices=tuple(Choice(value=str(row.id), label=row.name) for row in people),
        ),
        Field(name="entity", label=_("What"), type=choice, choices=entities),
        Field(
            name="verb",
            label=_("Did"),
            type=choice,
            choices=tuple(Choice(value=key, label=label) for key, label in VERBS.items()),
        ),
        Field(name="since", label=_("From"), type=day),
        Field(name="until", label=_("To"), type=day),
    ]


def _chips(fields: Iterable[Field], given: Mapping[str, str]) -> list[dict[str, str]]:
    chips = []
    for each in fields:
        value = given[each.name]
        if not value:
            continue
        shown = next((str(c.label) for c in each.choices if c.value == value), value)
        if each.type is FieldType.DATE and (day := _day(value)):
            shown = plain(day)
        rest = [(name, kept) for name, kept in given.items() if name != each.name]
        text = f"{each.label}: {shown}"
        chips.append({"text": text, "remove_url": with_query("/admin/audit", rest)})
    return chips


def wanted(given: Mapping[str, str]) -> AuditFilter:
    """The filter of the page, from its parameters; what cannot be read fits nothing."""
    since, until = _day(given["since"]), _day(given["until"])
    try:
        user_id = UUID(given["user"]) if given["user"] else None
    except ValueError:
        user_id = UUID(int=0)
    return AuditFilter(
        user_id=user_id,
        entity=given["entity"] or None,
        verb=given["verb"] or None,
        since=_start(since) if since else None,
        until=_start(until + timedelta(days=1)) if until else None,
    )


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1900 < found.year < 9000 else None


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, zone()).astimezone(UTC)


# Entries in words


def _shown(session: ScopedSession, found: list[AuditEntry]) -> list[dict[str, Any]]:
    """Entries as the kit's history takes them."""
    titles: dict[str, dict[UUID, str]] = {}
    kinds: dict[str, dict[UUID, str]] = {}
    for entity in {each.entity for each in found}:
        ids = [each.record_id for each in found if each.entity == entity and each.visible]
        titles[entity] = names.titles(session, entity, ids)
        kinds[entity] = names.kinds(session, entity, ids)
    return [
        _one(session, each, titles[each.entity].get(each.record_id), kinds[each.entity])
        for each in found
    ]


def _one(
    session: ScopedSession, each: AuditEntry, title: str | None, kinds: Mapping[UUID, str]
) -> dict[str, Any]:
    kind = kinds.get(each.record_id)
    url = None
    if title:
        url = names.path_of(session.registry, each.entity, each.record_id, kind)
    if title and each.entity == "user" and session.principal.rights.has("admin.users"):
        url = f"/admin/users/{each.record_id}"
    name = title or _name_inside(session, each)
    special = export_words.described(session, each) if each.entity == "export" else {}
    return {
        "id": each.id,
        "when": each.at,
        "who": _("the system") if each.principal_kind == "system" else each.who,
        "by_token": each.principal_kind == "token",
        "verb": VERBS.get(each.verb, each.verb),
        "entity": _entity(session, each.entity, kind),
        "name": name,
        "url": url,
        "fields": [
            _field(session, each.entity, *line) for line in each.fields if line[0] not in NAMED
        ],
        **special,
    }


def _name_inside(session: ScopedSession, each: AuditEntry) -> str:
    values = {name: new or old for name, old, new in each.fields}
    if each.entity == "role":
        key = str(values.get("role") or "")
        lines = {line.key: str(line.label) for line in roles.roles(session)}
        return lines.get(key) or str(values.get("name") or key)
    return str(values.get("plugin") or values.get("job") or values.get("user") or "")


def _entity(session: ScopedSession, entity: str, kind: str | None = None) -> Text:
    if entity in OTHERS and kind is None:
        return OTHERS[entity]
    rtype = session.registry.of_entity(entity, kind)
    return rtype.label if rtype else entity.replace(".", " ").replace("_", " ").capitalize()


def _field(session: ScopedSession, entity: str, name: str, old: Any, new: Any) -> dict[str, Any]:
    if entity == "role":
        return _role_line(session, name, old, new)
    if entity == sign_in_log.ENTITY:
        return sign_in_words.fact(name, new)
    if entity == "setting":
        declared = session.registry.settings.get(name)
        field = (
            Field(name=name, label=declared.label, type=declared.type, choices=declared.choices)
            if declared
            else None
        )
    else:
        types = (t for t in session.registry.record_types.values() if t.entity == entity)
        field = next((found for t in types if (found := t.field_named(name))), None)
    if field is None:
        return {"label": OTHERS.get(name, name), "old": plain(old), "new": plain(new)}
    return {
        "label": field.label,
        "old": _value(session, field, old),
        "new": _value(session, field, new),
    }


def _value(session: ScopedSession, field: Field, value: Any) -> str:
    if field.type is FieldType.BOOLEAN and value is not None:
        return str(_("yes") if value else _("no"))
    try:
        return plain(Cells(session, [field]).cell(field, value))
    except (ValueError, TypeError, KeyError, AttributeError):
        return str(value)  # an older form of the field, from before a change of its type


def _role_line(session: ScopedSession, name: str, old: Any, new: Any) -> dict[str, Any]:
    what, _colon, rest = name.partition(":")
    key, _colon, last = rest.rpartition(":")
    if what == "second_factor":
        yes, no = str(_("required")), str(_("not required"))
        return {"label": _("Second factor"), "old": yes if old else no, "new": yes if new else no}
    if what == "grant":
        label = roles.grant_labels(session.registry).get(key, key)
        verb = VERB_LABELS.get(last, last)
        return {"label": f"{label}: {verb}", "old": _scope(old), "new": _scope(new)}
    if what == "permission":
        declared = session.registry.permissions.get(rest)
        label = declared.label if declared else rest
        yes, no = str(_("granted")), str(_("not granted"))
        return {"label": label, "old": yes if old else no, "new": yes if new else no}
    if what == "field":
        types = (t for t in session.registry.record_types.values() if t.entity == key)
        found = next((f for t in types if (f := t.field_named(last))), None)
        label = found.label if found else last
        return {"label": label, "old": _access(old), "new": _access(new)}
    return {"label": _("Name"), "old": plain(old), "new": plain(new)}


def _scope(value: Any) -> str:
    return str(SCOPE_LABELS[scope_named(value)]) if value else ""


def _access(value: Any) -> str:
    return str(ACCESS.get(value, value)) if value else str(_("as the record"))
