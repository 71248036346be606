"""What administrators do to the catalogue: make, change, order, archive and delete fields.

A field belongs to all records of its entity, also to those that the administrator does not see.
So the session is opened by `elevated`: it acts in his name, with all rights.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, select

from kontora.access.principal import Principal, system
from kontora.access.rights import ALL_RIGHTS
from kontora.access.session import ScopedSession
from kontora.errors import Conflict, Invalid, NotFound
from kontora.records.custom import catalogue, convert, unique
from kontora.records.custom.check import checked
from kontora.records.custom.definition import PREFIX, field_of, is_key
from kontora.records.models import CustomField, ProfileValue, SearchPosting
from kontora.registry.fields import Choice
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.work import jobs

JOB = "core.settle_fields"
RIGHT = "admin.settings"
MOST_FIELDS = 200
_posting: Any = SearchPosting.__table__
_profile: Any = ProfileValue.__table__


def elevated(principal: Principal) -> Principal:
    """The same person, for work on the values of all records."""
    return replace(principal, rights=ALL_RIGHTS)


def entities(session: ScopedSession) -> dict[str, list[RecordType]]:
    """The entities whose records can have custom fields, with their record types."""
    found: dict[str, list[RecordType]] = {}
    for rtype in session.registry.record_types.values():
        if catalogue.has_custom(rtype):
            found.setdefault(rtype.entity, []).append(rtype)
    return found


def rtype_of(session: ScopedSession, entity: str) -> RecordType:
    """A record type of an entity that can have custom fields. Raises NotFound."""
    types = entities(session).get(entity)
    if not types:
        raise NotFound(
            _("Records of “%(entity)s” have no fields of their own.") % {"entity": entity}
        )
    return types[0]


def find(session: ScopedSession, entity: str, key: str) -> CustomField:
    """One definition. Raises NotFound."""
    rtype_of(session, entity)
    found = session.scalars(
        select(CustomField).where(CustomField.entity == entity, CustomField.key == key)
    ).one_or_none()
    if found is None:
        raise NotFound(_("There is no field “%(key)s”.") % {"key": key})
    return found


def listing(session: ScopedSession, entity: str) -> list[CustomField]:
    """The definitions of an entity in their order, archived ones at the end."""
    found = [row for row in catalogue.rows(session) if row.entity == entity]
    return sorted(found, key=lambda row: row.archived_at is not None)


def create(session: ScopedSession, entity: str, data: Mapping[str, Any]) -> CustomField:
    """Make a field. Values that lie under its key already become its own where they fit; others
    stay under `<key>_old`. Raises Invalid."""
    rtype = rtype_of(session, entity)
    known = {row.key for row in listing(session, entity)}
    label = str(data.get("label") or "").strip()
    key = str(data.get("key") or "").strip() or key_for(label, known)
    if not is_key(key):
        text = _("A key has small Latin letters, digits and “_”, at most 48, a letter first.")
        raise Invalid({"key": [text]})
    if key in known:
        raise Invalid({"key": [_("There is a field of this key already.")]})
    if len(known) >= MOST_FIELDS:
        raise Invalid({"key": [_("There are too many fields; archive or delete some.")]})
    values = checked(session, rtype, data)
    _check_label(session, entity, key, values)
    catalogue.advance(session)
    row = CustomField(entity=entity, key=key, sort=len(known) * 10 + 10, **values)
    session.permit(row)
    session.add(row)
    session.flush()
    _take_over(session, rtype, row)
    return row


def _check_label(session: ScopedSession, entity: str, key: str, values: Mapping[str, Any]) -> None:
    """Two fields of one label on one record cannot be told apart, nor can columns of imports."""
    label, kinds = str(values["label"]).casefold(), set(values["kinds"] or ())
    for other in listing(session, entity):
        same = other.label.casefold() == label and other.key != key
        theirs = set(other.kinds or ())
        together = not kinds or not theirs or kinds & theirs
        if same and together and other.archived_at is None:
            text = _(
                "There is a field “%(label)s” already: custom.%(key)s. Use it, or give this one "
                "another label."
            )
            raise Invalid({"label": [text % {"label": other.label, "key": other.key}]})


def _take_over(session: ScopedSession, rtype: RecordType, row: CustomField) -> None:
    field = field_of(row)
    if convert.count(session, rtype, row.key):
        convert.convert(session, rtype, None, field)
    if field.unique:
        convert.make_unique(session, rtype, field)
    settle(session, rtype.entity if field.searchable else None)


def key_for(label: str, known: Sequence[str] | set[str]) -> str:
    """A key made of a label: `VIP level` → `vip_level`; of other letters `field_1`."""
    plain = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:40]
    if not is_key(plain):
        plain = "field_1"
    key, number = plain, 2
    while key in known:
        key, number = f"{plain.removesuffix('_1')}_{number}", number + 1
    return key


def preview(
    session: ScopedSession, row: CustomField, data: Mapping[str, Any]
) -> convert.Preview | None:
    """What a change would do to the values, when it changes what they may be; else None."""
    rtype = rtype_of(session, row.entity)
    before, values = field_of(row), checked(session, rtype, data, row)
    after = field_of(_with(row, values))
    return convert.preview(session, rtype, before, after) if _differs(before, after) else None


def _differs(before: Any, after: Any) -> bool:
    kinds = (before.type, before.places, before.target) != (after.type, after.places, after.target)
    return bool(kinds)


def _with(row: CustomField, values: Mapping[str, Any]) -> CustomField:
    return CustomField(entity=row.entity, key=row.key, sort=row.sort, **values)


def change(
    session: ScopedSession, row: CustomField, data: Mapping[str, Any], *, confirmed: bool = False
) -> CustomField:
    """Change a field. A change of type that some values do not bear needs to be confirmed.

    Raises Invalid, and Conflict when it is not confirmed.
    """
    rtype = rtype_of(session, row.entity)
    before = field_of(row)
    values = checked(session, rtype, data, row)
    values["options"] = _kept_choices(session, rtype, before, values)
    after = field_of(_with(row, values))
    if values["label"] != row.label:
        _check_label(session, row.entity, row.key, values)
    catalogue.advance(session)
    if _differs(before, after):
        found = convert.preview(session, rtype, before, after)
        if found.lost and not confirmed:
            text = _("%(lost)s of %(all)s values do not fit the new type.")
            counts: dict[str, object] = {"lost": found.lost, "all": found.values}
            raise Conflict(text % counts, _("Confirm it: they stay beside the field, as text."))
        convert.convert(session, rtype, before, after)
    if before.unique and not after.unique:
        unique.release_all(session, row.entity, row.key)
    row = find(session, row.entity, row.key)
    session.permit(row)
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    session.flush()
    if after.unique:
        convert.make_unique(session, rtype, after)
    if before.searchable and not after.searchable:
        _forget_words(session, row)
    found_anew = bool(after.searchable) and not before.searchable
    settle(session, row.entity if found_anew else None)
    return row


def _kept_choices(
    session: ScopedSession, rtype: RecordType, before: Any, values: Mapping[str, Any]
) -> list[dict[str, Any]] | None:
    """A choice that was taken away is retired as long as some record has it."""
    options: list[dict[str, Any]] = list(values["options"] or ())
    known = {each["value"] for each in options}
    gone: list[Choice] = [each for each in before.choices if each.value not in known]
    if gone and options:
        used = _used(session, rtype, before)
        options += [
            {"value": each.value, "label": str(each.label), "retired": True}
            for each in gone
            if each.value in used
        ]
    return options or None


def _used(session: ScopedSession, rtype: RecordType, field: Any) -> set[str]:
    found: set[str] = set()
    for record in convert.records(session, rtype, str(field.json_key)):
        value = record.custom.get(field.json_key)
        found |= set(map(str, value)) if isinstance(value, list) else {str(value)}
    session.expunge_all()
    return found


def arrange(session: ScopedSession, entity: str, keys: Sequence[str]) -> None:
    """Put the fields of an entity into this order; those not named follow."""
    rows = {row.key: row for row in listing(session, entity)}
    order = [key for key in dict.fromkeys(keys) if key in rows]
    order += [key for key in rows if key not in order]
    for number, key in enumerate(order):
        session.permit(rows[key])
        rows[key].sort = number * 10 + 10
    session.flush()


def archive(session: ScopedSession, row: CustomField, *, back: bool = False) -> None:
    """Take a field out of use, or back into it. Its values stay where they are."""
    session.permit(row)
    if back:
        _check_label(session, row.entity, row.key, {"label": row.label, "kinds": row.kinds})
    row.archived_at = None if back else session.now
    row.version += 1
    session.flush()
    settle(session, None)


def lost_with(session: ScopedSession, row: CustomField) -> int:
    """How many records would lose their value with a field."""
    return convert.count(session, rtype_of(session, row.entity), row.key)


def remove(session: ScopedSession, row: CustomField, typed: str) -> None:
    """Delete a field with all its values. `typed` must be its key. Raises Invalid, Conflict."""
    if typed.strip() != row.key:
        raise Invalid({"typed": [_("Type the key of the field: %(key)s.") % {"key": row.key}]})
    rtype = rtype_of(session, row.entity)
    catalogue.advance(session)
    convert.remove(session, rtype, row.key)
    unique.release_all(session, row.entity, row.key)
    _forget_words(session, row)
    session.execute(
        delete(_profile).where(_profile.c.entity == row.entity, _profile.c.field == row.key),
        execution_options=catalogue.DOOR,
    )
    row = find(session, row.entity, row.key)
    session.permit(row)
    session.delete(row)
    session.flush()
    settle(session, None)


def _forget_words(session: ScopedSession, row: CustomField) -> None:
    name = PREFIX + row.key
    session.execute(
        delete(_posting).where(_posting.c.entity == row.entity, _posting.c.field == name),
        execution_options={"door": "search"},
    )


def settle(session: ScopedSession, entity: str | None) -> None:
    """Ask for the indexes of the catalogue, and for the words of an entity, in a job."""
    args = {"entity": entity} if entity else {}
    key = f"{JOB}:{entity or ''}"
    jobs.enqueue(session, JOB, args, unique_key=key, principal=system("fields"))
