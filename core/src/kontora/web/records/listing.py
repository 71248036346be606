"""The state of a list in its address: search, filters, order, place; or a saved view.

The address of a view is short: `?view=KEY`. Once something differs from it, the address holds
everything (`edited=1`), and the view is where it came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from kontora.access.session import ScopedSession
from kontora.records.query import Query
from kontora.records.schema import readable_fields
from kontora.registry.fields import Field
from kontora.registry.records import RecordType
from kontora.web import preferences
from kontora.web.addresses import with_query
from kontora.web.records import filtering
from kontora.web.records.filtering import Choosable, Condition

LIMIT = 50
_TRAIL = "~"
_LONGEST_TRAIL = 12
WHOLE = "all"  # the whole list, where some view opens first
_PLACE = frozenset({"cursor", "trail", "format", "at", "within"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListState:
    """What a list shows. `trail` holds the cursors of the pages before this one, `at` how many rows
    stand before it, `tree` groups of conditions beside the simple ones, `without` the places of
    conditions that were left out of a view; `kind` is the kind of view, `group` the field by
    which rows stand together, `within` the one group that is asked for."""

    path: str
    q: str = ""
    sort: str = ""
    conditions: tuple[Condition, ...] = ()
    cursor: str = ""
    trail: tuple[str, ...] = ()
    view: str = ""
    edited: bool = False
    without: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()
    tree: Mapping[str, Any] | None = None
    kind: str = ""
    group: str = ""
    within: str = ""
    at: int = 0

    @classmethod
    def of(cls, rtype: RecordType, arguments: MultiDict[str, str]) -> ListState:
        """Read the state from the parameters of a request."""
        trail = arguments.get("trail", "")
        return cls(
            path=f"/{rtype.path}",
            q=arguments.get("q", "").strip(),
            sort=arguments.get("sort", ""),
            conditions=tuple(filtering.conditions(arguments)),
            cursor=arguments.get("cursor", ""),
            trail=tuple(trail.split(_TRAIL)) if trail else (),
            view=arguments.get("view", "")[:40],
            edited=arguments.get("edited") == "1",
            without=_numbers(arguments.get("without", "")),
            columns=tuple(each for each in arguments.get("shown", "").split(",") if each),
            tree=filtering.parsed(arguments.get("filter", "")),
            kind=arguments.get("kind", "")[:64],
            group=arguments.get("group", "")[:128],
            within=arguments.get("within", "")[:255],
            at=min(arguments.get("at", 0, type=int), 10**9),
        )

    def pairs(
        self, *, q: bool = True, sort: bool = True, filters: bool = True, explicit: bool = False
    ) -> list[tuple[str, str]]:
        """The parameters that make up this list, without the place in it; of a view that is as it
        was saved only its key, unless some are left out or they are asked for."""
        if self.view == WHOLE:
            whole = [("view", WHOLE)]
        elif self.view and not self.edited and not explicit and q and sort and filters:
            gone = ",".join(str(each) for each in self.without)
            return [("view", self.view), *([("without", gone)] if gone else [])]
        else:
            whole = [("view", self.view), ("edited", "1")] if self.view else []
        found = [("q", self.q)] if q and self.q else []
        found += [("sort", self.sort)] if sort and self.sort else []
        found += [each.parameter for each in self.conditions] if filters else []
        if self.tree and filters:
            found.append(("filter", filtering.written(self.tree)))
        found += [("kind", self.kind)] if self.kind else []
        found += [("group", self.group)] if self.group else []
        return found + ([("shown", ",".join(self.columns))] if self.columns else []) + whole

    def url(self, *more: tuple[str, str], without: Condition | None = None) -> str:
        """The address of this list with other parameters, or without a condition."""
        replaced = {name for name, _value in more}
        explicit = without is not None or not replaced <= _PLACE
        kept = [pair for pair in self.pairs(explicit=explicit) if pair[0] not in replaced]
        if without is not None:
            kept = [pair for pair in kept if pair != without.parameter]
        return with_query(self.path, [*kept, *more])

    def sorted_by(self, name: str, default: str) -> str | None:
        """How the list is sorted by a field: asc, desc, or None."""
        by = self.sort or ("" if self.q else default)
        return {name: "asc", f"-{name}": "desc"}.get(by)

    def sort_url(self, name: str, default: str) -> str:
        """The address that sorts by a field, or turns its order round."""
        ascending = self.sorted_by(name, default) == "asc"
        return self.url(("sort", f"-{name}" if ascending else name))

    def next_url(self, cursor: str | None, shown: int = 0) -> str | None:
        """The address of the page behind this one, on which `shown` rows stand."""
        if cursor is None:
            return None
        trail = (*self.trail, self.cursor)[-_LONGEST_TRAIL:]
        place = [("cursor", cursor), ("trail", _TRAIL.join(trail) or _TRAIL)]
        place += [("at", str(self.at + shown))] if shown else []
        return self.url(*place, *([("within", self.within)] if self.within else []))

    def without_part(self, number: int) -> str:
        """The address without one part of the tree."""
        kept = [each for n, each in enumerate(filtering.parts(self.tree)) if n != number]
        rest = {"and": kept} if kept else None
        return replace(self, tree=rest, edited=True, cursor="", trail=(), at=0).url()

    def previous_url(self) -> str | None:
        """The address of the page before this one."""
        if not self.cursor:
            return None
        trail = [each for each in self.trail if each]
        if not trail:
            return self.url()
        return self.url(("cursor", trail[-1]), ("trail", _TRAIL.join(trail[:-1]) or _TRAIL))

    def query(
        self, rtype: RecordType, offered: Sequence[Choosable], fields: Sequence[str]
    ) -> Query:
        """The query of the record service."""
        return Query(
            filter=self.filter(offered),
            q=self.q or None,
            sort=tuple(each for each in self.sort.split(",") if each),
            fields=tuple(fields),
            limit=LIMIT,
            cursor=self.cursor or None,
            total=True,
        )

    def filter(self, offered: Sequence[Choosable]) -> dict[str, Any] | None:
        """The conditions as the record service has them."""
        own = filtering.tree(self.conditions, offered)
        if not self.tree:
            return own
        groups = list(filtering.parts(self.tree))
        return {"and": [*own["and"], *groups]} if own else dict(self.tree)


def _numbers(text: str) -> tuple[int, ...]:
    found = (each for each in text[:200].split(",") if each.isascii() and each.isdecimal())
    return tuple(sorted({int(each) for each in found}))


def listable(session: ScopedSession, rtype: RecordType) -> list[Field]:
    """The fields that can be columns, the title first."""
    fields = [
        each for each in readable_fields(rtype, session.principal.rights) if not each.on_demand
    ]
    return sorted(fields, key=lambda each: each.name != rtype.title)


def columns(
    session: ScopedSession,
    rtype: RecordType,
    chosen: Sequence[str] = (),
    own: Sequence[str] | None = None,
) -> list[Field]:
    """The columns of a view, or those that the user has chosen, or the record type suggests.
    `own` are the user's where they are known already."""
    known = {each.name: each for each in listable(session, rtype)}
    wanted: Sequence[str] = chosen or own or ()
    if not wanted and own is not None:
        wanted = rtype.columns
    elif not wanted:
        kept = preferences.get(session, session.principal.user_id, key_of(rtype))
        wanted = kept if isinstance(kept, list) else rtype.columns
    names = [rtype.title, *(name for name in wanted if name != rtype.title)]
    return [known[name] for name in dict.fromkeys(names) if name in known]


def key_of(rtype: RecordType) -> str:
    """The key under which the columns of a list are kept."""
    return f"columns:{rtype.path}"
