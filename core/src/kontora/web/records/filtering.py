"""Filters in the address of a list (`field[op]=value`, as the API has them), in words and in the
editor."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.records import related
from kontora.records.schema import readable_fields
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import Text, _
from kontora.web import formats, forms, names
from kontora.web.records import day_sentences, related_words

RESERVED = frozenset(
    {
        *("q", "sort", "cursor", "trail", "format", "csrf_token", "all", "action", "ids"),
        *("view", "edited", "tree", "without", "shown", "filter", "kind", "group", "within", "at"),
    }
)
_NAME = re.compile(r"([\w.]+)(?:\[(\w+)\])?")
DEEPEST = 40
_UNFIT = {FieldType.DECIMAL, FieldType.MONEY, FieldType.JSON}
SENTENCES: dict[str, Text] = {
    "eq": _("%(field)s is %(value)s"),
    "ne": _("%(field)s is not %(value)s"),
    "in": _("%(field)s is one of %(value)s"),
    "nin": _("%(field)s is none of %(value)s"),
    "contains": _("%(field)s contains “%(value)s”"),
    "starts": _("%(field)s starts with “%(value)s”"),
    "lt": _("%(field)s before %(value)s"),
    "le": _("%(field)s up to %(value)s"),
    "gt": _("%(field)s after %(value)s"),
    "ge": _("%(field)s from %(value)s"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of a filter, as it stands in the address."""

    field: str
    op: str
    value: str

    @property
    def parameter(self) -> tuple[str, str]:
        return f"{self.field}[{self.op}]", self.value


def conditions(arguments: MultiDict[str, str]) -> list[Condition]:
    """The conditions in the parameters of a request."""
    found = []
    for name, value in arguments.items(multi=True):
        matched = _NAME.fullmatch(name)
        # `kind=cards` is how the list is shown, `kind[eq]=call` a condition on the field `kind`.
        if matched and (matched[2] or matched[1] not in RESERVED) and value:
            found.append(Condition(field=matched[1], op=matched[2] or "eq", value=value))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Choosable:
    """A field as the editor of filters offers it."""

    name: str
    label: str
    field: Field

    @property
    def type(self) -> str:
        return "date" if self.field.type is FieldType.DATETIME else str(self.field.type)

    @property
    def choices(self) -> Any:
        return self.field.choices

    @property
    def target(self) -> str | None:
        return self.field.target

    @property
    def lookup_url(self) -> str | None:
        if self.field.target is None:
            return None
        kind = f"?kind={self.field.target_kind}" if self.field.target_kind else ""
        return f"/lookup/{self.field.target}{kind}"


def choosable(session: ScopedSession, rtype: RecordType) -> list[Choosable]:
    """What can be filtered by, in the words of the user."""
    found: list[Choosable] = []
    for each in readable_fields(rtype, session.principal.rights):
        if not each.filterable or (each.type in _UNFIT and not each.json_key):
            continue
        if each.shortcut is not None and each.on_demand:  # a short form for addresses alone
            continue
        if each.collection is None or each.collection.single:
            inner = each.collection.fields[0] if each.collection else each
            found.append(Choosable(name=each.name, label=str(each.label), field=inner))
            continue
        inside = _inside(each)
        needed = [inner for inner in inside if inner.required]
        for inner in inside:
            main = len(inside) == 1 or needed == [inner]
            label = str(each.label) if main else f"{each.label}: {inner.label}"
            found.append(Choosable(name=f"{each.name}.{inner.name}", label=label, field=inner))
    for name, text in (("created_at", _("Created")), ("updated_at", _("Changed"))):
        field = Field(name=name, label=text, type=FieldType.DATETIME)
        found.append(Choosable(name=name, label=str(text), field=field))
    return found


def _inside(field: Field) -> list[Field]:
    """The parts of a collection by which people look for records."""
    assert field.collection is not None
    fields = field.collection.fields
    looked_for = [each for each in fields if each.searchable]
    return looked_for or [
        each
        for each in fields
        if each.type is FieldType.CHOICE
        or (each.required and each.type is FieldType.REFERENCE and each.target)
    ]


def tree(given: Sequence[Condition], offered: Sequence[Choosable]) -> dict[str, Any] | None:
    """The filter tree of the record service."""
    known = {each.name: each.field for each in offered}
    leaves = []
    for each in given:
        value: Any = each.value
        field = known.get(each.field)
        if field is not None and field.type is FieldType.DATETIME and "T" in value:
            value = forms.moment_of(value)
        leaves.append({"field": each.field, "op": each.op, "value": value})
    return {"and": leaves} if leaves else None


def parsed(text: str) -> dict[str, Any] | None:
    """A tree as it stands in an address. Raises Invalid for anything else."""
    if not text:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or _depth(found) > DEEPEST:
        raise Invalid({"filter": [_("The filter is not a tree of conditions.")]})
    return found


def _depth(tree: Any, level: int = 0) -> int:
    inner: list[Any] = []
    if isinstance(tree, dict):
        inner = list(tree.values())
    elif isinstance(tree, list):
        inner = tree
    return max((_depth(each, level + 1) for each in inner), default=level) if level < 64 else level


def written(tree: Mapping[str, Any]) -> str:
    """A tree for an address."""
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":"))


def parts(tree: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """What of a tree must hold at once: each part is a chip."""
    if not tree:
        return []
    return list(tree["and"]) if set(tree) == {"and"} else [tree]


def in_words(session: ScopedSession, tree: Any, offered: Sequence[Choosable]) -> str:
    """A tree as a sentence: “Class is A or Branch is South”."""
    if not isinstance(tree, Mapping):
        return "…"
    for word, pattern in (("and", _("%(one)s and %(other)s")), ("or", _("%(one)s or %(other)s"))):
        if isinstance(tree.get(word), list) and tree[word]:
            texts = [_inner(session, each, offered) for each in tree[word]]
            found = texts[0]
            for each in texts[1:]:
                found = str(pattern % {"one": found, "other": each})
            return found
    if "not" in tree:
        return str(_("not: %(what)s") % {"what": in_words(session, tree["not"], offered)})
    return sentence(session, leaf_of(tree), offered)


def _inner(session: ScopedSession, tree: Any, offered: Sequence[Choosable]) -> str:
    text = in_words(session, tree, offered)
    several = isinstance(tree, Mapping) and any(
        len(tree.get(word) or ()) > 1 for word in ("and", "or")
    )
    return f"({text})" if several else text


def leaf_of(tree: Mapping[str, Any]) -> Condition:
    """A leaf of a tree as a condition of an address."""
    value = tree.get("value")
    if isinstance(value, list):
        value = ",".join(str(each) for each in value)
    elif isinstance(value, bool):
        value = "true" if value else "false"
    text = "" if value is None else str(value)
    return Condition(field=str(tree.get("field")), op=str(tree.get("op") or "eq"), value=text)


def _offered(name: str, offered: Sequence[Choosable]) -> Choosable | None:
    """The field of this name; `roles` alone means the role."""
    found = (each for each in offered if each.name == name)
    inner = (each for each in offered if each.name.startswith(f"{name}."))
    return next(found, None) or next(inner, None)


def labelled(session: ScopedSession, tree: Any, offered: Sequence[Choosable]) -> Any:
    """A tree for the editor: each leaf has the words of its value beside it."""
    if not isinstance(tree, Mapping):
        return {}
    for word in ("and", "or"):
        if isinstance(tree.get(word), list):
            return {word: [labelled(session, each, offered) for each in tree[word]]}
    if "not" in tree:
        return {"not": labelled(session, tree["not"], offered)}
    leaf = leaf_of(tree)
    found = _offered(leaf.field, offered)
    label = value_label(session, leaf, found.field) if found else leaf.value
    return {
        "field": found.name if found else leaf.field,
        "op": leaf.op,
        "value": leaf.value,
        "label": label,
    }


def sentence(session: ScopedSession, given: Condition, offered: Sequence[Choosable]) -> str:
    """A condition in words: “Owner is Anna Petrova”."""
    if given.op == related.OP:
        return related_words.sentence(session, given.field, given.value)
    found = _offered(given.field, offered)
    label = found.label if found else given.field
    if given.op == "empty":
        empty = given.value in ("true", "1")
        text = _("%(field)s is empty") if empty else _("%(field)s is filled in")
        if found is not None and found.field.type is FieldType.BOOLEAN:
            text = _("%(field)s is not answered") if empty else _("%(field)s is answered")
        return str(text % {"field": label})
    days = day_sentences.sentence(given.field, str(label), given.op, given.value)
    if found is not None and days is not None:
        return days
    pattern = SENTENCES.get(given.op, SENTENCES["eq"])
    value = value_label(session, given, found.field) if found else given.value
    return str(pattern % {"field": label, "value": value})


def value_label(session: ScopedSession, given: Condition, field: Field) -> str:
    """The value of a condition as people call it."""
    if field.type is FieldType.REFERENCE:
        return ", ".join(_called(session, field, each) for each in given.value.split(","))
    if field.type in (FieldType.CHOICE, FieldType.CHOICES):
        labels = {each.value: str(each.label) for each in field.choices}
        return ", ".join(labels.get(each, each) for each in given.value.split(","))
    if field.type is FieldType.BOOLEAN:
        return str(_("yes") if given.value == "true" else _("no"))
    if field.type in (FieldType.DATE, FieldType.DATETIME):
        return day_sentences.label(given.value) or formats.as_date(given.value)
    return given.value


def _called(session: ScopedSession, field: Field, value: str) -> str:
    if value == "me":
        return str(_("me"))
    found = names.reference(session, field.target or "", value)
    return (found or {}).get("name") or str(_("unknown"))
