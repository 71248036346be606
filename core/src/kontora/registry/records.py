"""Record types: what can be listed, opened, changed, imported and exported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kontora.registry.fields import Field
from kontora.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordType:
    """A kind of record under one API path.

    Two record types may share an `entity` (and its table): contacts and counterparties are
    both parties, with one id, one version and one history. `kinds` says which values of the
    entity's `kind` column a type can hold; the first is made when a client names none.
    `condition` narrows the list of the entity to this type. `maintain(session, ids)` brings
    tables that follow the records up to date, in the same transaction; after a change only when
    it touched one of `maintained_by`, if these are named. `duplicates(session,
    record)` names records that may be the same. `archived` are the keys of custom fields whose
    values are kept, but shown nowhere.
    """

    path: str
    entity: str
    label: Text
    label_plural: Text
    model: type[Any]
    help: Text = ""
    icon: str = "list"
    kinds: tuple[str, ...] = ()
    condition: Callable[[], Any] | None = None
    title: str = "display_name"
    sort: str = "display_name"
    columns: tuple[str, ...] = ()
    owner: str = "core"
    creatable: bool = True
    has_bin: bool = True
    search_rank: int = 100
    defaults: Mapping[str, Any] = field(default_factory=dict)
    maintain: Callable[[Any, Sequence[Any]], None] | None = None
    maintained_by: frozenset[str] = frozenset()
    duplicates: Callable[[Any, Any], Sequence[Mapping[str, Any]]] | None = None
    handed_over: Callable[[], Any] | None = None
    fields: tuple[Field, ...] = ()
    archived: frozenset[str] = frozenset()

    @property
    def slug(self) -> str:
        """The path as a name for endpoints and schemas: `hello/cards` → `hello_cards`."""
        return self.path.replace("/", "_")

    def field_named(self, name: str) -> Field | None:
        """The field of this name, or None."""
        return next((each for each in self.fields if each.name == name), None)


@dataclass(slots=True, kw_only=True)
class Draft:
    """A record about to be written, as `before_save` hooks get it.

    `data` is the checked input by field name (`family`, `hello.score`, `points`); a hook may add
    to it or raise Invalid. `record` is the mapped object, with its old values on a change.
    """

    rtype: RecordType
    verb: str
    record: Any
    kind: str | None
    data: dict[str, Any]

    @property
    def entity(self) -> str:
        return self.rtype.entity


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a save did: handed to hooks inside the transaction, and kept in the change log.

    `verb` is create, change, delete, restore or merge; `before` and `after` map field names to
    JSON values and hold only the fields that differ.
    """

    entity: str
    record_id: Any
    kind: str | None
    verb: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    record: Any = None
