"""Saved views: a list under a name, for oneself, a role or everybody.

A view keeps what was asked for, not what was found: it shows each reader what his own rights show
him. `state` is `{"filter": tree, "q": text, "sort": [names], "columns": [names]}`, and where they
were chosen `kind` (of view: `cards`) and `group` (the field by which rows stand). A condition that
cannot be applied (its field is hidden, or gone) makes the view show nothing but the reason: to
leave it out without a word would show more than was meant.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, insert, or_, select, true, update

from kontora.access import identity
from kontora.access.models import Role, User
from kontora.access.session import ScopedSession
from kontora.access.shipped import ROLE_LABELS
from kontora.errors import Forbidden, Invalid, NotFound, Stale
from kontora.ids import new_id
from kontora.records.filters import FilterCompiler
from kontora.records.order import Order
from kontora.records.query import Query, require
from kontora.records.save import grants_of
from kontora.records.schema import readable_fields
from kontora.records.view_models import SavedView, ViewDefault
from kontora.registry.records import RecordType
from kontora.text import Text, _

DOOR = {"door": "views"}
SHARE, MANAGE = "views.share", "admin.settings"
PRIVATE, EVERYONE, OF_ROLE = "private", "everyone", "role"
AUDIENCES = (PRIVATE, EVERYONE, OF_ROLE)
MOST = 200
LONGEST_NAME, LONGEST_Q, MOST_COLUMNS = 120, 255, 100
_view: Any = SavedView.__table__
_default: Any = ViewDefault.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A saved view as its reader gets it."""

    id: UUID
    key: str
    path: str
    name: str
    owner_id: UUID | None
    owner_name: str | None
    audience: str
    role_key: str | None
    state: Mapping[str, Any]
    version: int
    deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What of a view cannot be applied: the place of the condition among all, its field, why."""

    index: int
    field: str
    reason: str


def _rows(session: ScopedSession, *conditions: Any) -> list[View]:
    user: Any = User.__table__
    statement = (
        select(_view, user.c.name.label("owner_name"))
        .outerjoin(user, user.c.id == _view.c.owner_id)
        .where(_seen(session), *conditions)
        .order_by(_view.c.created_at, _view.c.id)
        .limit(MOST)
    )
    rows = session.execute(statement, execution_options=DOOR)
    return [_of(row._mapping) for row in rows]


def _of(row: Mapping[Any, Any]) -> View:
    names = ("id", "key", "path", "name", "owner_id", "owner_name", "audience", "role_key")
    found = {name: row[name] for name in (*names, "version")}
    return View(**found, state=row["state"] or {}, deleted=row["deleted_at"] is not None)


def _seen(session: ScopedSession) -> Any:
    me = session.principal
    if me.is_system:
        return true()
    return or_(
        _view.c.owner_id == me.user_id,
        _view.c.audience == EVERYONE,
        and_(_view.c.audience == OF_ROLE, _view.c.role_key.in_(me.roles)),
        # Who manages the site also sees what is shared with other roles, to mend or remove it.
        *([_view.c.audience == OF_ROLE] if me.rights.has(MANAGE) else ()),
    )


def listing(session: ScopedSession, path: str | None = None) -> list[View]:
    """The views that the principal may open, of one record type or of all that he may see."""
    conditions = [_view.c.deleted_at.is_(None)]
    if path is not None:
        conditions.append(_view.c.path == path)
    return [each for each in _rows(session, *conditions) if _may_open(session, each)]


def _may_open(session: ScopedSession, view: View) -> bool:
    """Whether there is such a list, and the principal has one: a view tells what is asked of it."""
    rtype = session.registry.record_types.get(view.path)
    return rtype is not None and (session.principal.is_system or grants_of(session, rtype, "view"))


def find(session: ScopedSession, given: str | UUID, *, deleted: bool = False) -> View:
    """The view of this key or id. Raises NotFound, also when it is somebody else's own."""
    try:
        same = _view.c.id == (given if isinstance(given, UUID) else UUID(given))
    except ValueError:
        same = _view.c.key == str(given)
    found = _rows(session, same, _view.c.deleted_at.is_not(None) if deleted else _alive())
    if not found or not _may_open(session, found[0]):
        raise NotFound(_("There is no such view, or it is not shared with you."))
    return found[0]


def _alive() -> Any:
    return _view.c.deleted_at.is_(None)


def rtype_of(session: ScopedSession, view: View) -> RecordType:
    """The record type that a view lists."""
    found: RecordType = session.registry.record_type(view.path)
    return found


def may_change(session: ScopedSession, view: View) -> bool:
    """Whether the principal may rename, share, save or delete a view."""
    me = session.principal
    mine = me.user_id is not None and view.owner_id == me.user_id
    return me.is_system or mine or (view.audience != PRIVATE and me.rights.has(MANAGE))


def create(session: ScopedSession, path: str, data: Mapping[str, Any]) -> View:
    """Save a list under a name. Raises Invalid or Forbidden."""
    rtype = session.registry.record_type(path)
    require(session, rtype, "view")
    values = {"audience": PRIVATE, "role_key": None, **_checked(session, rtype, data, new=True)}
    row = {
        "id": new_id(),
        "key": secrets.token_hex(5),
        "path": path,
        "owner_id": session.principal.user_id,
        "version": 1,
        "created_at": session.now,
        "updated_at": session.now,
        **values,
    }
    session.execute(insert(_view), [row], execution_options=DOOR)
    return find(session, row["id"])


def change(
    session: ScopedSession, view: View, data: Mapping[str, Any], version: int | None = None
) -> View:
    """Rename a view, share it, or save another list under it. Raises Invalid, Forbidden, Stale."""
    require_change(session, view)
    values = _checked(session, rtype_of(session, view), data, new=False)
    _write(session, view, version, **values)
    return find(session, view.id)


def remove(session: ScopedSession, view: View, version: int | None = None) -> None:
    """Put a view into the bin. Who had it as his first view sees the whole list again."""
    require_change(session, view)
    _write(session, view, version, deleted_at=session.now)


def restore(session: ScopedSession, view: View) -> View:
    """Take a view out of the bin."""
    require_change(session, view)
    _write(session, view, None, deleted_at=None)
    return find(session, view.id)


def require_change(session: ScopedSession, view: View) -> None:
    """Raise Forbidden unless the principal may change the view."""
    if not may_change(session, view):
        text = _("You may open this view, but not change it. Save it under a name of your own.")
        raise Forbidden("view.edit", text)


def _write(session: ScopedSession, view: View, version: int | None, **values: Any) -> None:
    wanted = view.version if version is None else version
    done: Any = session.execute(
        update(_view)
        .where(_view.c.id == view.id, _view.c.version == wanted)
        .values(version=wanted + 1, updated_at=session.now, **values),
        execution_options=DOOR,
    )
    if done.rowcount != 1:
        raise Stale(view.version, ())


def _checked(
    session: ScopedSession, rtype: RecordType, data: Mapping[str, Any], *, new: bool
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if new or "name" in data:
        name = " ".join(str(data.get("name") or "").split())
        if not name or len(name) > LONGEST_NAME:
            text = _("Give the view a name of at most %(n)s characters.")
            raise Invalid({"name": [text % {"n": LONGEST_NAME}]})
        found["name"] = name
    if "audience" in data or "role" in data:
        found |= _audience(session, data)
    if new or "state" in data:
        found["state"] = checked_state(session, rtype, data.get("state") or {})
    return found


def _audience(session: ScopedSession, data: Mapping[str, Any]) -> dict[str, Any]:
    audience, role = str(data.get("audience") or PRIVATE), data.get("role")
    if audience not in AUDIENCES:
        raise Invalid({"audience": [_("Must be one of: %(k)s.") % {"k": ", ".join(AUDIENCES)}]})
    if audience != PRIVATE and not session.principal.rights.has(SHARE):
        raise Forbidden(SHARE, _("Views that others see are made by who holds the right for it."))
    if audience == OF_ROLE and role not in dict(roles(session)):
        raise Invalid({"role": [_("Name the role with which it is shared.")]})
    return {"audience": audience, "role_key": role if audience == OF_ROLE else None}


def roles(session: ScopedSession) -> list[tuple[str, Text]]:
    """The roles with which a view can be shared: key and name."""
    kept = identity.kept(session)
    rows = None if kept is None else kept.get("roles")
    if rows is None:
        table: Any = Role.__table__
        found = session.execute(select(table.c.key, table.c.name), execution_options=DOOR)
        rows = [(row.key, row.name) for row in found]
        if kept is not None:
            kept["roles"] = rows
    return sorted(((key, ROLE_LABELS.get(key, name)) for key, name in rows), key=str)


def checked_state(
    session: ScopedSession, rtype: RecordType, state: Mapping[str, Any]
) -> dict[str, Any]:
    """What a view keeps of a list. Raises Invalid for what the list itself would refuse."""
    tree, q = state.get("filter") or None, str(state.get("q") or "").strip()
    sort = [str(each) for each in state.get("sort") or ()]
    columns = [str(each) for each in state.get("columns") or ()]
    if len(q) > LONGEST_Q:
        raise Invalid({"q": [_("This is too long.")]})
    FilterCompiler(session, rtype).compile(tree)
    if sort:
        Order(session, rtype, sort, q or None)
    known = {each.name for each in readable_fields(rtype, session.principal.rights)}
    if unknown := [each for each in columns if each not in known]:
        raise Invalid({"columns": [_("There is no field “%(name)s”.") % {"name": unknown[0]}]})
    if len(columns) > MOST_COLUMNS:
        raise Invalid({"columns": [_("These are too many columns.")]})
    found = {"filter": tree, "q": q, "sort": sort, "columns": list(dict.fromkeys(columns))}
    if kind := str(state.get("kind") or ""):
        found["kind"] = kind[:64]
    if (group := str(state.get("group") or "")) and group in known:
        found["group"] = group
    return found


# Which view opens first


def default_of(session: ScopedSession, path: str) -> View | None:
    """The view that opens first for the principal: his own choice, else that of a role of his."""
    me = session.principal
    if me.user_id is None:
        return None
    holders = [f"user:{me.user_id}", *(f"role:{each}" for each in me.roles)]
    rows = session.execute(
        select(_default.c.holder, _default.c.view_id).where(
            _default.c.path == path, _default.c.holder.in_(holders)
        ),
        execution_options=DOOR,
    )
    chosen = {row.holder: row.view_id for row in rows}
    for holder in holders:
        if holder in chosen and (found := _rows(session, _view.c.id == chosen[holder], _alive())):
            return found[0]
    return None


def set_default(
    session: ScopedSession, path: str, view: View | None, role: str | None = None
) -> None:
    """Open a view first (None: the whole list), for oneself or, as an administrator, for a role."""
    me = session.principal
    if view is not None and view.path != path:
        raise NotFound(_("There is no such view, or it is not shared with you."))
    if role is not None:
        if not me.rights.has(MANAGE):
            raise Forbidden(MANAGE)
        if role not in dict(roles(session)):
            raise Invalid({"role": [_("There is no such role.")]})
        shared = view is None or view.audience == EVERYONE or view.role_key == role
        if not shared:
            text = _("Share the view with this role first, or its holders could not open it.")
            raise Invalid({"role": [text]})
    elif me.user_id is None:
        raise Invalid({"": [_("Only a user has a first view.")]})
    holder = f"role:{role}" if role is not None else f"user:{me.user_id}"
    session.execute(
        delete(_default).where(_default.c.path == path, _default.c.holder == holder),
        execution_options=DOOR,
    )
    if view is not None:
        row = {"path": path, "holder": holder, "view_id": view.id}
        session.execute(insert(_default), [row], execution_options=DOOR)


# Applying


def leaves(tree: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """The conditions of a tree, in its order."""
    if not tree:
        return []
    for word in ("and", "or"):
        if word in tree:
            return [leaf for each in tree[word] for leaf in leaves(each)]
    return leaves(tree["not"]) if "not" in tree else [tree]


def without(tree: Mapping[str, Any] | None, gone: Iterable[int]) -> dict[str, Any] | None:
    """The tree without the conditions at these places; None when nothing is left."""
    left = _pruned(tree, frozenset(gone), iter(range(10**6)))
    return dict(left) if left else None


def _pruned(tree: Any, gone: frozenset[int], numbers: Any) -> Mapping[str, Any] | None:
    if not tree:
        return None
    for word in ("and", "or"):
        if word in tree:
            kept = [_pruned(each, gone, numbers) for each in tree[word]]
            some = [each for each in kept if each is not None]
            return {word: some} if some else None
    if "not" in tree:
        inner = _pruned(tree["not"], gone, numbers)
        return {"not": inner} if inner else None
    return None if next(numbers) in gone else tree


def problems(session: ScopedSession, rtype: RecordType, tree: Any) -> list[Problem]:
    """The conditions that cannot be applied for this principal now."""
    found = []
    for index, leaf in enumerate(leaves(tree)):
        try:
            FilterCompiler(session, rtype).compile(leaf)
        except Invalid as error:
            reason = "; ".join(str(text) for texts in error.errors.values() for text in texts)
            found.append(Problem(index=index, field=str(leaf.get("field", "")), reason=reason))
    return found


def fitting_sort(session: ScopedSession, rtype: RecordType, state: Mapping[str, Any]) -> list[str]:
    """What of the order of a view is possible now."""
    found = []
    for name in state.get("sort") or ():
        try:
            Order(session, rtype, (name,), state.get("q") or None)
            found.append(name)
        except Invalid:
            continue
    return found


def applied(session: ScopedSession, rtype: RecordType, given: str, query: Query) -> Query:
    """`query` within a view: its conditions are added, its order holds unless another is given.

    Raises NotFound, and Invalid when the view cannot be applied as it was meant.
    """
    from kontora.records import view_masking

    view = find(session, given)
    if view.path != rtype.path:
        text = _("This view is of another list: %(path)s.") % {"path": view.path}
        raise Invalid({"view": [text]})
    tree, q = view.state.get("filter"), view.state.get("q")
    if unfit := view_masking.problems(session, view, problems(session, rtype, tree)):
        text = _("The condition on “%(field)s” cannot be applied: %(reason)s")
        raise Invalid(
            {"view": [text % {"field": each.field, "reason": each.reason} for each in unfit]}
        )
    if q and query.q:
        raise Invalid({"q": [_("The view searches for words already.")]})
    both = [each for each in (tree, query.filter) if each]
    return replace(
        query,
        filter={"and": both} if both else None,
        q=query.q or q or None,
        sort=query.sort or tuple(fitting_sort(session, rtype, view.state)),
    )


def condition(session: ScopedSession, given: str, entity: str) -> Any:
    """A view as a condition on the rows of its records, for reports. Raises Invalid, NotFound."""
    from kontora.records.query import conditions_of

    view = find(session, given)
    rtype = rtype_of(session, view)
    if rtype.entity != entity:
        raise Invalid({"view": [_("This report speaks of other records than the view.")]})
    model: Any = rtype.model
    inner = conditions_of(session, rtype, applied(session, rtype, given, Query()))
    return model.id.in_(select(model.id).where(*inner))
