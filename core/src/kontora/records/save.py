"""Writing records: check, apply, log, index, tell; one way for every face."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.access.session import ScopedSession
from kontora.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from kontora.records import changes, notify, search
from kontora.records.apply import Applier
from kontora.records.custom import profile, unique
from kontora.records.query import grant_keys, require
from kontora.records.read import serialise
from kontora.records.schema import load
from kontora.registry.fields import Field
from kontora.registry.records import Change, Draft, RecordType
from kontora.text import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a save made. `duplicates` are records that may be the same: {"id", "name", "reason"}."""

    id: UUID
    version: int
    changed: tuple[str, ...] = ()
    duplicates: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


def find(session: ScopedSession, rtype: RecordType, record_id: UUID, *, lock: bool = False) -> Any:
    """Load one record through the scope; NotFound when it is not there or may not be seen."""
    model: Any = rtype.model
    known, key = session.remembered, (find, rtype.path, record_id, session.include_deleted)
    if not lock and key in known:
        return known[key]
    statement = select(model).where(model.id == record_id)
    if rtype.condition is not None:
        statement = statement.where(rtype.condition())
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    record = session.scalars(statement).one_or_none()
    if record is None:
        raise NotFound()
    known[key] = record
    return record


def check_may(session: ScopedSession, rtype: RecordType, record: Any, verb: str) -> None:
    """Raise Forbidden unless the principal may do `verb` on this very record.

    It is the rule of lists with the id added, so that list and record cannot disagree.
    """
    model: Any = rtype.model
    guard = model.__guard__
    if guard.mode == "open" and not session.principal.is_system:
        require(session, rtype, verb)
        return
    if session.predicates.is_open(model, verb):
        return
    rows = session.predicates.rows(model, verb)
    found = session.scalar(select(model.id).where(model.id == record.id, rows))
    if found is None:
        right = f"{guard.grant_key(record)}.{verb}"
        raise Forbidden(
            right,
            _("You may see this record, but lack the right “%(right)s” on it.") % {"right": right},
            _("Its owner, the head of the branch or an administrator can help."),
        )


def create_record(session: ScopedSession, rtype: RecordType, data: Mapping[str, Any]) -> Saved:
    """Create a record from input in the shape of the API. Raises Invalid or Forbidden."""
    with session.permitting():
        return _create(session, rtype, data)


def _create(session: ScopedSession, rtype: RecordType, data: Mapping[str, Any]) -> Saved:
    rtype = session.registry.effective(rtype)
    kind, data = _kind_of(rtype, data)
    require(session, rtype, "create", kind)
    if not rtype.creatable:
        raise Forbidden(f"{rtype.path}.create")
    loaded = load(rtype, session.principal.rights, data, "create", kind)
    model: Any = rtype.model
    record = model(**({"kind": kind} if kind else {}), **dict(rtype.defaults))
    record.id, record.version = _new_id(model), 1
    if hasattr(record, "custom"):
        record.custom = {}
    record.created_at = record.updated_at = session.now
    _first_owner(session, record, loaded)
    draft = Draft(rtype=rtype, verb="create", record=record, kind=kind, data=loaded)
    notify.before_save(session, draft)
    # First whether what is named exists, then whether the record may be given to it.
    applier = Applier(session, draft)
    _check_assign(session, rtype, record, draft.data, creating=True)
    session.permit(record)
    applier.main()
    session.add(record)
    session.flush()
    applier.rest()
    session.flush()
    # A new record comes into its maker's reach here; without it he could not read back its parts.
    _maintain(session, rtype, record)
    saved = _finish(session, draft, before={}, names={"owner", "branch", *_sent(draft)})
    found = rtype.duplicates(session, record) if rtype.duplicates else ()
    return replace(saved, duplicates=found)


def change_record(
    session: ScopedSession,
    rtype: RecordType,
    record_id: UUID,
    data: Mapping[str, Any],
    version: int | None = None,
) -> Saved:
    """Change the fields that `data` names. Raises Stale when `version` is not the present one."""
    with session.permitting():
        return _change(session, rtype, record_id, data, version)


def _change(
    session: ScopedSession,
    rtype: RecordType,
    record_id: UUID,
    data: Mapping[str, Any],
    version: int | None,
) -> Saved:
    rtype = session.registry.effective(rtype)
    record = find(session, rtype, record_id, lock=True)
    check_may(session, rtype, record, "edit")
    _check_version(session, rtype, record, version)
    kind = getattr(record, "kind", None) if rtype.kinds else None
    loaded = load(rtype, session.principal.rights, data, "change", kind)
    session.permit(record)
    draft = Draft(rtype=rtype, verb="change", record=record, kind=kind, data=loaded)
    notify.before_save(session, draft)
    applier = Applier(session, draft)
    _check_assign(session, rtype, record, draft.data, creating=False)
    touched = _touched(rtype, draft)
    before = _snapshot(session, rtype, record, touched, draft.data)
    applier.main()
    applier.rest()
    if any(each.model or each.collection or each.computed for each in touched):
        session.flush()  # what stands in other tables is read back from them
    saved = _finish(session, draft, before=before, names=[each.name for each in touched])
    if not rtype.maintained_by or not rtype.maintained_by.isdisjoint(saved.changed):
        _maintain(session, rtype, record)
    return saved


def _maintain(session: ScopedSession, rtype: RecordType, record: Any) -> None:
    if rtype.maintain is not None:
        rtype.maintain(session, [record.id])


def delete_record(
    session: ScopedSession, rtype: RecordType, record_id: UUID, version: int | None = None
) -> None:
    """Put a record into the bin. Raises Conflict for a type that has none."""
    _check_bin(rtype)
    record = find(session, rtype, record_id, lock=True)
    check_may(session, rtype, record, "delete")
    _check_version(session, rtype, record, version)
    _move(session, rtype, record, "delete", session.now)


def restore_record(session: ScopedSession, rtype: RecordType, record_id: UUID) -> None:
    """Take a record out of the bin."""
    _check_bin(rtype)
    with session.with_deleted():
        record = find(session, rtype, record_id, lock=True)
        check_may(session, rtype, record, "delete")
        if record.deleted_at is None:
            raise Conflict(_("This record is not in the bin."))
        _move(session, rtype, record, "restore", None)


def _check_bin(rtype: RecordType) -> None:
    if not rtype.has_bin:
        text = _("Records of the type “%(label)s” cannot be deleted.")
        raise Conflict(text % {"label": rtype.label})


def _move(session: ScopedSession, rtype: RecordType, record: Any, verb: str, when: Any) -> None:
    with session.permitting():
        session.permit(record)
        record.deleted_at = when
        record.version += 1
        record.updated_at = session.now
        session.flush()
    kind = getattr(record, "kind", None)
    change = Change(
        entity=rtype.entity,
        record_id=record.id,
        kind=kind,
        verb=verb,
        before={},
        after={},
        record=record,
    )
    changes.write(session, change, record.version)
    notify.after_save(session, change)


# Parts of a save


def _new_id(model: Any) -> UUID:
    from kontora.ids import new_id

    return new_id()


def _kind_of(rtype: RecordType, data: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    if not isinstance(data, Mapping):
        raise Invalid({"": [_("An object is expected.")]})
    rest = {key: value for key, value in data.items() if key != "kind"}
    if not rtype.kinds:
        return None, dict(data)
    kind = data.get("kind", rtype.kinds[0])
    if kind not in rtype.kinds:
        raise Invalid({"kind": [_("Must be one of: %(k)s.") % {"k": ", ".join(rtype.kinds)}]})
    return kind, rest


def _first_owner(session: ScopedSession, record: Any, loaded: dict[str, Any]) -> None:
    """A new record belongs to its maker; what the command line makes belongs to nobody."""
    if not hasattr(record, "owner_id"):
        return
    if "owner" not in loaded and session.principal.user_id is not None:
        record.owner_id = session.principal.user_id
    if "branch" not in loaded and hasattr(record, "branch_id"):
        record.branch_id = session.principal.branch_id


def _check_assign(
    session: ScopedSession, rtype: RecordType, record: Any, data: dict[str, Any], *, creating: bool
) -> None:
    """Giving a record, or a role of it, to somebody else takes the right to assign."""
    _check_given_away(session, rtype, record, data, creating=creating)
    if not hasattr(record, "owner_id") or not {"owner", "branch"} & data.keys():
        return
    me = session.principal
    same = {
        "owner": me.user_id if creating else record.owner_id,
        "branch": me.branch_id if creating else record.branch_id,
    }
    if all(data.get(name, value) == value for name, value in same.items()):
        return
    _require_assign(session, rtype, record, creating=creating)


def _require_assign(
    session: ScopedSession, rtype: RecordType, record: Any, *, creating: bool
) -> None:
    if creating:
        require(session, rtype, "assign", getattr(record, "kind", None))
    else:
        check_may(session, rtype, record, "assign")


def _check_given_away(
    session: ScopedSession, rtype: RecordType, record: Any, data: dict[str, Any], *, creating: bool
) -> None:
    """Who owns a role of a party reaches the party, so a new owner or branch there counts too."""
    me = session.principal
    for declared in rtype.fields:
        collection = declared.collection
        inner = {each.attribute: each.name for each in collection.fields} if collection else {}
        if collection is None or "owner_id" not in inner or not data.get(declared.name):
            continue
        wanted = {
            (attribute, _bare_id(row.get(inner[attribute])))
            for row in data[declared.name]
            for attribute in ("owner_id", "branch_id")
        }
        known: set[tuple[str, UUID | None]] = {("owner_id", None), ("branch_id", None)}
        if creating:
            known |= {("owner_id", me.user_id), ("branch_id", me.branch_id)}
        else:
            model: Any = collection.model
            rows = select(model).where(getattr(model, collection.parent) == record.id)
            for row in session.scalars(rows):
                known |= {("owner_id", row.owner_id), ("branch_id", row.branch_id)}
        if wanted - known:
            _require_assign(session, rtype, record, creating=creating)


def _bare_id(value: Any) -> UUID | None:
    found = value.get("id") if isinstance(value, Mapping) else value
    return found if found is None or isinstance(found, UUID) else UUID(str(found))


def _check_version(
    session: ScopedSession, rtype: RecordType, record: Any, version: int | None
) -> None:
    if version is not None and version != record.version:
        names = changes.changed_since(session, rtype.entity, record.id, version)
        raise Stale(record.version, names)


def _sent(draft: Draft) -> set[str]:
    """The names of the fields in the input; a custom field goes by its own."""
    custom = draft.data.get("custom") or {}
    return {*draft.data, *(f"custom.{key}" for key in custom)}


def _touched(rtype: RecordType, draft: Draft) -> list[Field]:
    names = _sent(draft)
    for name in draft.data:
        declared = rtype.field_named(name)
        if declared is not None and declared.shortcut is not None:
            names.add(declared.shortcut.collection)
    return [each for each in rtype.fields if each.name in names and each.shortcut is None]


def _snapshot(
    session: ScopedSession,
    rtype: RecordType,
    record: Any,
    touched: Sequence[Field],
    data: Mapping[str, Any],
) -> dict[str, Any]:
    """The values of some fields by flat name, for the difference before and after."""
    shown = serialise(session, rtype, [record], touched, custom=False, whole=True)[0]
    found = {each.name: _pick(shown, each) for each in touched}
    if "custom" in data:
        custom = dict(record.custom or {})
        loose = (data["custom"] or {}).keys() - {each.json_key for each in rtype.fields}
        found |= {f"custom.{key}": custom.get(key) for key in loose}
    return found


def _pick(shown: Mapping[str, Any], field: Field) -> Any:
    inside = shown.get(field.namespace) if field.namespace else shown
    return (inside or {}).get(field.short_name)


def _finish(
    session: ScopedSession, draft: Draft, *, before: Mapping[str, Any], names: Iterable[str]
) -> Saved:
    rtype, record = draft.rtype, draft.record
    wanted = set(names)
    touched = [
        each
        for each in rtype.fields
        if each.name in wanted and each.shortcut is None and each.computed is None
    ]
    after = _snapshot(session, rtype, record, touched, draft.data)
    if draft.verb == "change":
        after = {name: value for name, value in after.items() if value != before.get(name)}
        if not after:
            session.flush()
            return Saved(id=record.id, version=record.version)
        record.version += 1
        record.updated_at = session.now
        session.flush()
    else:  # what was not sent is empty, and so is its difference
        after = {name: value for name, value in after.items() if value not in (None, [])}
    change = Change(
        entity=rtype.entity,
        record_id=record.id,
        kind=draft.kind,
        verb=draft.verb,
        before=before,
        after=after,
        record=record,
    )
    changes.write(session, change, record.version)
    unique.hold(session, rtype, record, after)
    profile.keep(session, rtype, record.id, after)
    if hasattr(record, "owner_id") and (draft.verb == "create" or {"owner", "branch"} & set(after)):
        if draft.verb == "change" or record.owner_id is not None:
            fresh = draft.verb == "create"
            changes.write_ownership(session, rtype.entity, record, fresh=fresh)
    _index(session, draft, after)
    notify.after_save(session, change)
    return Saved(id=record.id, version=record.version, changed=tuple(after))


def _index(session: ScopedSession, draft: Draft, after: Mapping[str, Any]) -> None:
    """Only the fields that differ are indexed anew. The index holds all of them, whatever this
    principal sees; it is filtered when it is read."""
    rtype, record = draft.rtype, draft.record
    names = {each.name for each in rtype.fields if each.searchable and each.name in after}
    if names:
        entries = search.entries_of(rtype, after)
        fresh = draft.verb == "create"
        search.index(session, rtype.entity, record.id, entries, fields=names, fresh=fresh)


def may(session: ScopedSession, rtype: RecordType, record_id: UUID, verb: str) -> bool:
    """Whether the principal may do `verb` on a record that he sees."""
    try:
        check_may(session, rtype, find(session, rtype, record_id), verb)
    except (Forbidden, NotFound):
        return False
    return True


def grants_of(session: ScopedSession, rtype: RecordType, verb: str) -> bool:
    """Whether the principal has `verb` on any record of this type."""
    rights = session.principal.rights
    return any(rights.scope(key, verb) for key in grant_keys(session, rtype, None))
