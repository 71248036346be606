"""The query of a list: `q`, one filter per field with operators, order, fields, pages.

`family=Petrova` is short for `family[eq]=Petrova`; several values of one field are `in`. What is
unknown is refused by name, for a filter that is silently ignored shows too much.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest

from kontora.errors import Invalid
from kontora.http.context import db
from kontora.records import views
from kontora.records.filters import EVERY
from kontora.records.query import MAX_LIMIT, Query
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.rest.bodies import check_text, parse
from kontora.text import Text, _

PAGING = ("sort", "fields", "expand", "limit", "cursor", "total")
CHOOSING = ("q", "filter", "bin", "view")
OPERATORS = (*EVERY, "contains", "starts", "lt", "le", "gt", "ge")
YES, NO = ("1", "true"), ("0", "false")
_NAME = re.compile(r"([^\[\]]+)(?:\[([^\[\]]*)\])?")
_LOST_PLUS = re.compile(r"(T\S+) (\d\d:\d\d)")


def number_of(text: str, most: int) -> int | None:
    """A number from 0 to `most` that is written in digits; None for anything else. The length is
    looked at first: a text of thousands of digits is refused by `int` itself."""
    short = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    return int(text) if short and int(text) <= most else None


class Arguments:
    """The arguments of the request. `refuse` names all that went wrong at once."""

    def __init__(self) -> None:
        self.given: dict[str, list[str]] = request.args.to_dict(flat=False)
        self.errors: dict[str, list[Text]] = {}
        for name, values in self.given.items():
            for each in (name, *values):
                check_text(name, each)

    def note(self, name: str, text: Text) -> None:
        self.errors.setdefault(name, []).append(text)

    def one(self, name: str) -> str | None:
        """The value of a parameter that stands at most once."""
        values = self.given.get(name, [])
        if len(values) > 1:
            self.note(name, _("Give this parameter once."))
        return values[0] if values else None

    def flag(self, name: str) -> bool:
        """`1` or `true`, `0` or `false`; no without it."""
        value = self.one(name)
        if value is None or value in NO:
            return False
        if value not in YES:
            self.note(name, _("Must be one of: %(k)s.") % {"k": "1, 0, true, false"})
        return True

    def names(self, name: str) -> tuple[str, ...]:
        """A list of names, separated by commas."""
        return tuple(each for each in (self.one(name) or "").split(",") if each)

    def limit(self) -> int:
        """How many rows a page has: 1 to 200, 50 unless told."""
        value = self.one("limit")
        if value is None:
            return 50
        if not re.fullmatch(r"[0-9]{1,3}", value) or not 1 <= int(value) <= MAX_LIMIT:
            self.note("limit", _("A number from 1 to %(n)s.") % {"n": MAX_LIMIT})
            return 1
        return int(value)

    def refuse(self) -> None:
        """Raise Invalid when something was noted."""
        if self.errors:
            raise Invalid(self.errors)


def no_arguments() -> None:
    """Refuse every parameter: the address takes none."""
    arguments = Arguments()
    for name in arguments.given:
        arguments.note(name, _("Unknown parameter."))
    arguments.refuse()


def only_flag(name: str) -> bool:
    """The one parameter of an address that takes no other: yes or no."""
    arguments = Arguments()
    for other in arguments.given.keys() - {name}:
        arguments.note(other, _("Unknown parameter."))
    found = arguments.flag(name)
    arguments.refuse()
    return found


def shown(*more: str) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """`fields` and `expand` of a request for one record; `more` may stand beside them."""
    arguments = Arguments()
    for name in arguments.given.keys() - {"fields", "expand", *more}:
        arguments.note(name, _("Unknown parameter."))
    for name in more:
        arguments.one(name)
    fields, expand = arguments.names("fields"), arguments.names("expand")
    arguments.refuse()
    return (fields or None), expand


def query(rtype: RecordType) -> Query:
    """The whole query of a list."""
    arguments = Arguments()
    tree = _filter(arguments, rtype, (*PAGING, *CHOOSING))
    found = Query(
        filter=tree,
        q=arguments.one("q") or None,
        sort=arguments.names("sort"),
        fields=arguments.names("fields") or None,
        expand=arguments.names("expand"),
        limit=arguments.limit(),
        cursor=arguments.one("cursor") or None,
        total=arguments.flag("total"),
        bin=arguments.flag("bin"),
    )
    view = arguments.one("view")
    arguments.refuse()
    return views.applied(db(), rtype, view, found) if view else found


def figures(rtype: RecordType) -> tuple[Query, str | None, tuple[str, ...]]:
    """What figures are asked for: the choice of records, `group_by`, `measures`."""
    arguments = Arguments()
    tree = _filter(arguments, rtype, ("q", "filter", "view", "group_by", "measures"))
    group_by = arguments.one("group_by") or None
    measures = tuple(dict.fromkeys(arguments.names("measures"))) or ("count",)
    chosen = Query(filter=tree, q=arguments.one("q") or None)
    view = arguments.one("view")
    arguments.refuse()
    if view:
        chosen = views.applied(db(), rtype, view, chosen)
    return chosen, group_by, measures


def _filter(
    arguments: Arguments, rtype: RecordType, reserved: Iterable[str]
) -> Mapping[str, Any] | None:
    conditions: list[Mapping[str, Any]] = []
    for name, values in arguments.given.items():
        if name not in reserved:
            conditions += _conditions(arguments, rtype, name, values)
    if tree := _tree(arguments):
        conditions.append(tree)
    return {"and": conditions} if conditions else None


def _tree(arguments: Arguments) -> Mapping[str, Any] | None:
    text = arguments.one("filter")
    if not text:
        return None
    try:
        tree = parse(text)
    except (BadRequest, Invalid) as error:
        detail = getattr(error, "description", "") or str(error)
        raise Invalid({"filter": [detail]}) from None
    if not isinstance(tree, dict):
        arguments.note("filter", _("The filter is not a tree of conditions."))
        return None
    return tree


def _conditions(
    arguments: Arguments, rtype: RecordType, name: str, values: list[str]
) -> list[Mapping[str, Any]]:
    found = _NAME.fullmatch(name)
    path, op = (found.group(1), found.group(2)) if found else (name, None)
    if not is_known(rtype, path):
        arguments.note(name, _("Unknown parameter."))
        return []
    if op is not None and op not in OPERATORS:
        known = ", ".join(OPERATORS)
        arguments.note(name, _("Unknown operator; known: %(known)s.") % {"known": known})
        return []
    declared = rtype.field_named(path)
    moment = path in ("created_at", "updated_at")
    if moment or (declared is not None and declared.type is FieldType.DATETIME):
        # A “+” that was not encoded arrives as a blank.
        values = [_LOST_PLUS.sub(r"\1+\2", each) for each in values]
    if declared is not None and not _fits(arguments, declared, name, op, values):
        return []
    if op in ("in", "nin"):
        several = [part for each in values for part in each.split(",")]
        return [{"field": path, "op": op, "value": several}]
    if op in (None, "eq") and len(values) > 1:
        return [{"field": path, "op": "in", "value": values}]
    return [{"field": path, "op": op or "eq", "value": each} for each in values]


def _fits(arguments: Arguments, field: Field, name: str, op: str | None, values: list[str]) -> bool:
    """Refuse what no record can have, rather than answer with an empty list."""
    known: tuple[str, ...] = ()
    if op == "empty" or field.type is FieldType.BOOLEAN:
        known = (*YES, *NO)
    elif field.type in (FieldType.CHOICE, FieldType.CHOICES) and op in (None, "eq", "ne"):
        known = tuple(each.value for each in field.choices)
    if known and (wrong := [each for each in values if each not in known]):
        arguments.note(name, _("“%(value)s” is none of: %(k)s.") % _pair(wrong[0], known))
        return False
    return True


def _pair(value: str, known: tuple[str, ...]) -> dict[str, object]:
    return {"value": value[:100], "k": ", ".join(known)}


def is_known(rtype: RecordType, path: str) -> bool:
    """Whether records of this type can have something under this path."""
    if path in ("id", "created_at", "updated_at") or rtype.field_named(path) is not None:
        return True
    if path == "kind" and rtype.kinds:
        return True
    if path.startswith("custom.") and hasattr(rtype.model, "custom"):
        return True
    whole, _dot, part = path.rpartition(".")
    field = rtype.field_named(whole)
    if field is None or field.collection is None:
        return False
    return any(each.name == part for each in field.collection.fields)
