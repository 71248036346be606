"""Roles: the grant matrix, permissions, and fields that a role does not see or not change."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from kontora.access.rights import VERB_LABELS, VERBS, Scope
from kontora.access.session import ScopedSession
from kontora.errors import Conflict, Invalid
from kontora.http.context import db
from kontora.http.policy import needs, policy
from kontora.lifecycle import roles as service
from kontora.lifecycle.roles import RoleContent
from kontora.registry.build import Registry
from kontora.text import Text, _, n_
from kontora.web import flash
from kontora.web.admin.blueprint import blueprint

ROLES = needs("admin.roles")
ACCESS_LABELS: tuple[tuple[str, Text], ...] = (
    ("hidden", _("does not see")),
    ("read_only", _("sees, cannot change")),
)

SHORT: dict[Scope, Text] = {
    Scope.OWN: _("own"),
    Scope.TEAM: _("team"),
    Scope.BRANCH: _("branch"),
    Scope.BRANCH_BELOW: _("branch +"),
    Scope.ALL: _("all"),
}
REACH: dict[Scope, Text] = {
    Scope.OWN: _("what the user owns"),
    Scope.TEAM: _("also what the teams of the user own"),
    Scope.BRANCH: _("also what belongs to the branch of the user"),
    Scope.BRANCH_BELOW: _("also what belongs to branches below it"),
    Scope.ALL: _("everything"),
}


@blueprint.get("/roles")
@policy(ROLES)
def roles() -> str:
    """All roles, and the form for a new one."""
    return _list(db(), {}, {})


@blueprint.post("/roles")
@policy(ROLES)
def add_role() -> Response:
    """Make a role, empty or as a copy."""
    session = db()
    values = {"name": request.form.get("name", ""), "copy_of": request.form.get("copy_of", "")}
    try:
        key = service.create(session, values["name"], values["copy_of"] or None)
    except Invalid as error:
        return make_response(_list(session, values, error.errors), 422)
    return make_response(redirect(url_for("admin.role", key=key), 303))


def _list(session: ScopedSession, values: dict[str, str], errors: Any) -> str:
    lines = service.roles(session)
    rows = [
        {
            "id": each.key,
            "url": f"/admin/roles/{each.key}",
            "cells": {
                "name": str(each.label),
                "kind": _("ships with Kontora") if each.built_in else _("own role"),
                "users": n_("%(n)s user", "%(n)s users", each.users),
            },
        }
        for each in lines
    ]
    return render_template(
        "core/pages/admin/roles.html",
        page={"title": _("Roles")},
        rows=rows,
        copies=[(each.key, each.label) for each in lines],
        values=values,
        errors=errors,
    )


@blueprint.get("/roles/<key>")
@policy(ROLES)
def role(key: str) -> str:
    """One role."""
    session = db()
    return _page(session, key, service.content(session, key), {})


@blueprint.post("/roles/<key>")
@policy(ROLES)
def save_role(key: str) -> Response:
    """Give the role what the form says; it holds from everybody's next request on."""
    session = db()
    wanted = _sent(session.registry, request.form)
    try:
        with session.begin_nested():
            changed = service.save(session, key, request.form.get("name"), wanted)
    except (Invalid, Conflict) as error:
        texts = error.errors if isinstance(error, Invalid) else {"": [_whole(error)]}
        status = 422 if isinstance(error, Invalid) else 409
        return make_response(_page(session, key, wanted, texts), status)
    if changed:
        flash.tell(_("Saved. The new rights hold from everybody’s next request on."), "good")
    return make_response(redirect(url_for("admin.role", key=key), 303))


@blueprint.post("/roles/<key>/delete")
@policy(ROLES)
def delete_role(key: str) -> Response:
    """Delete a role of the company's own making."""
    service.remove(db(), key)
    flash.tell(_("The role is gone."))
    return make_response(redirect(url_for("admin.roles"), 303))


def _whole(error: Conflict) -> str:
    return f"{error.message} {error.remedy}".strip()


def _sent(registry: Registry, form: MultiDict[str, str]) -> RoleContent:
    """`grant:person:view` = scope; `permission` repeated; rows of `rules.N.field` and `.access`."""
    grants = {
        (key, verb): form[f"grant:{key}:{verb}"]
        for key in service.grant_labels(registry)
        for verb in VERBS
        if form.get(f"grant:{key}:{verb}")
    }
    rules: dict[tuple[str, str], str] = {}
    for name, value in form.items():
        if name.startswith("rules.") and name.endswith(".field") and value:
            entity, _dot, field = value.partition(":")
            access = form.get(name.removesuffix("field") + "access", "")
            rules[entity, field] = access or "hidden"
    permissions = frozenset(each for each in form.getlist("permission") if each)
    demand = "true" in form.getlist("second_factor")
    return RoleContent(grants=grants, permissions=permissions, rules=rules, second_factor=demand)


def _page(session: ScopedSession, key: str, held: RoleContent, errors: Any) -> str:
    line = service.line(session, key)
    registry = session.registry
    built_in = line.built_in
    hint = _("Ships with Kontora; its rights may be changed.") if built_in else _("An own role.")
    return render_template(
        "core/pages/admin/role.html",
        page={"title": line.label, "hint": hint},
        role=line,
        verbs=[(verb, VERB_LABELS[verb]) for verb in VERBS],
        scopes=[(scope.key, SHORT[scope], REACH[scope]) for scope in SHORT],
        matrix=[
            {
                "key": entity,
                "label": label,
                "cells": {verb: held.grants.get((entity, verb)) for verb in VERBS},
            }
            for entity, label in service.grant_labels(registry).items()
        ],
        permissions=_permissions(session, held),
        second_factor=held.second_factor,
        rules=_rules_field(registry),
        rule_rows=[
            {"field": f"{entity}:{name}", "access": access}
            for (entity, name), access in sorted(held.rules.items())
        ],
        errors=errors,
    )


def _permissions(session: ScopedSession, held: RoleContent) -> list[dict[str, Any]]:
    """The permissions in groups: administration, general, then each plugin."""
    groups: dict[str, dict[str, Any]] = {}
    for each in session.registry.permissions.values():
        owner = each.name.partition(".")[0]
        group = groups.setdefault(owner, {"label": _group_label(session, owner), "items": []})
        group["items"].append(
            {"name": each.name, "label": each.label, "held": each.name in held.permissions}
        )
    return list(groups.values())


def _group_label(session: ScopedSession, owner: str) -> Text:
    known: dict[str, Text] = {"admin": _("Administration"), "reports": _("Reports")}
    if owner in known:
        return known[owner]
    state = session.site.manager.states.get(owner)
    manifest = state.manifest if state else None
    return str(getattr(manifest, "label", "") or owner.title())


def _rules_field(registry: Registry) -> dict[str, Any]:
    """The rows of field rules as a collection of the form kit."""
    choices = []
    met: set[tuple[str, str]] = set()
    for rtype in registry.record_types.values():
        for each in rtype.fields:
            if (rtype.entity, each.name) not in met and not each.required:
                met.add((rtype.entity, each.name))
                label = f"{rtype.label}: {each.label}"
                choices.append((f"{rtype.entity}:{each.name}", label))
    return {
        "name": "rules",
        "label": _("Rules"),
        "type": "collection",
        "add_label": _("Add a field"),
        "sub_fields": [
            {"name": "field", "label": _("Field"), "type": "choice", "choices": choices},
            {
                "name": "access",
                "label": _("This role"),
                "type": "choice",
                "required": True,
                "choices": ACCESS_LABELS,
            },
        ],
    }
