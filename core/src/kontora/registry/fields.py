"""Fields: declared once, then seen in list, form, filter, sort, search, API, import and export."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from kontora.text import Text

Model = type  # the attribute `type` of a field hides the builtin


class FieldType(StrEnum):
    """What kind of value a field holds; decides form input, operators, parsing and format."""

    TEXT = "text"
    LONGTEXT = "longtext"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    CHOICES = "choices"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    REFERENCE = "reference"
    COLLECTION = "collection"
    TAGS = "tags"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value of a choice field. A `retired` one is shown where it stands, but not offered."""

    value: str
    label: Text
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Child rows of a record, shown as a list of objects.

    `parent` is the attribute of the child model that points to the record. `key` names the
    sub-fields by which an incoming row is recognised as one that exists. `single` is the one
    sub-field whose bare values make up the list (tags). `clean` checks one row, `complete` the
    whole list after that.
    """

    model: type
    parent: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()
    single: str | None = None
    order_by: tuple[str, ...] = ("id",)
    clean: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    complete: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """A field that stands for one row of a collection: `email` is a point of kind email."""

    collection: str
    where: Mapping[str, Any]
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a record. `name` is bare for core and `<plugin>.<field>` for a plugin.

    `model` is the 1:1 part that holds the column: a part of core (person, organisation) or a
    plugin's extension table; both have the record's id as primary key, named `part_key`.
    `on_day(session, ids, day)` gives the values of a past day, for one that repeats dated facts.
    `choices_from(session)` gives the choices that administrators keep; whoever changes them begins
    the next generation of the catalogue (`catalogue.advance`).

    A field that an administrator made has its value in the JSON column `custom`, under
    `json_key`, and is called `custom.<key>`. `roles` are the roles of a party whose holders
    show it, `places` the decimals of a number, and of a `profile` field each value is kept.
    """

    name: str
    label: Text
    type: FieldType = FieldType.TEXT
    help: Text = ""
    model: Model | None = None
    column: str | None = None
    sort_column: str | None = None
    kinds: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    choices_from: Callable[[Any], tuple[Choice, ...]] | None = None
    target: str | None = None
    target_kind: str | None = None
    collection: Collection | None = None
    shortcut: Shortcut | None = None
    computed: Callable[[Any, Sequence[Any]], Mapping[Any, Any]] | None = None
    on_day: Callable[[Any, Sequence[Any], Any], Mapping[Any, Any]] | None = None
    group: str = "main"
    order: int = 100
    required: bool = False
    read_only: bool = False
    create_only: bool = False
    default: Any = None
    max_length: int = 255
    in_list: bool = False
    in_form: bool = True
    in_api: bool = True
    on_demand: bool = False
    filterable: bool = True
    sortable: bool = True
    searchable: int = 0
    exportable: bool = True
    importable: bool = True
    json_key: str | None = None
    roles: tuple[str, ...] = ()
    unique: bool = False
    profile: bool = False
    places: int | None = None
    owner: str = field(default="core")

    @property
    def attribute(self) -> str:
        """The attribute of the model that holds the value."""
        return self.column or self.name.rpartition(".")[2]

    @property
    def namespace(self) -> str:
        """`hello` of `hello.score`; empty for core."""
        return self.name.rpartition(".")[0]

    @property
    def short_name(self) -> str:
        """`score` of `hello.score`."""
        return self.name.rpartition(".")[2]

    def applies_to(self, kind: str | None) -> bool:
        """Whether records of this kind have the field."""
        return kind is None or not self.kinds or kind in self.kinds

    @property
    def is_input(self) -> bool:
        """Whether a client may send the field."""
        return not self.read_only and self.computed is None
