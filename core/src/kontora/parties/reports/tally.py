"""Count the records of a list by one dimension, or by two crossed: one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from kontora.errors import Invalid
from kontora.parties.models import PartyRole
from kontora.parties.reports.asking import BESIDE, Asked, Leaf
from kontora.parties.reports.dimensions import Dimension
from kontora.registry.faces import Chart, Outcome, ReportColumn, ReportRow
from kontora.registry.fields import FieldType
from kontora.text import Text, _

MOST_ROWS, MOST_COLUMNS = 500, 24
REST = "rest"
COUNT = ReportColumn(name="count", label=_("Count"), type=FieldType.INTEGER)


def tally(what: Asked, by: Dimension, cross: Dimension | None, unit: Text) -> Outcome:
    """The numbers of records, largest first, or in the order of time."""
    if cross is not None and cross.name == by.name:
        raise Invalid({"cross": [_("Choose something else than in “by”.")]})
    dimensions = [by, cross] if cross is not None else [by]
    counts = _counts(what, dimensions)
    firsts = by.labels({each[0] for each in counts} | set(by.fixed))
    if cross is None:
        return _plain(what, by, unit, {each[0]: number for each, number in counts.items()}, firsts)
    seconds = cross.labels({each[1] for each in counts} | set(cross.fixed))
    return _crossed(what, by, cross, unit, counts, firsts, seconds)


def joined(what: Asked, dimensions: Sequence[Dimension], statement: Any) -> Any:
    """The statement with all that the dimensions need, each source once."""
    known: set[Any] = set()
    for dimension in dimensions:
        for source, condition, outer in dimension.sources:
            if source not in known:
                known.add(source)
                statement = statement.join(source, condition, isouter=outer)
                if source is PartyRole and "role" in what.role:
                    statement = statement.where(PartyRole.role == what.role["role"])
    return statement


def _counts(what: Asked, dimensions: Sequence[Dimension]) -> dict[tuple[Any, ...], int]:
    model: Any = what.rtype.model
    several = any(each.several for each in dimensions)
    number = func.count(model.id.distinct()) if several else func.count(model.id)
    keys = [each.value.label(f"k{place}") for place, each in enumerate(dimensions)]
    statement = joined(what, dimensions, select(*keys, number).select_from(model))
    statement = statement.where(*what.conditions()).group_by(*keys)
    rows = what.session.execute(statement, execution_options=BESIDE)
    return {tuple(row[:-1]): int(row[-1]) for row in rows}


def link_of(what: Asked, *heaps: tuple[Dimension, Any], more: Sequence[Leaf] = ()) -> str | None:
    """The list of the records that lie in all these heaps."""
    leaves: list[Leaf] = list(more)
    role: dict[str, Any] = {}
    for dimension, value in heaps:
        if dimension.role_part:
            role[dimension.role_part] = value
        elif dimension.leaves:
            leaves += dimension.leaves(value)
    return what.link(*leaves, role=role)


def _linked(**links: str | None) -> dict[str, str]:
    return {name: link for name, link in links.items() if link}


def in_order(
    dimension: Dimension, totals: Mapping[Any, int], labels: Mapping[Any, str]
) -> list[Any]:
    """The heaps: in the order of time, or the largest first; those of one size by name, and what
    has no value last among them."""
    if dimension.fixed:
        return list(dimension.fixed)
    return sorted(totals, key=lambda each: (-totals[each], each is None, labels.get(each, "")))


def _plain(
    what: Asked, by: Dimension, unit: Text, counts: Mapping[Any, int], labels: Mapping[Any, str]
) -> Outcome:
    order = in_order(by, counts, labels)
    rows = [
        ReportRow(
            [labels.get(each, str(_("unknown"))), counts.get(each, 0)],
            _linked(count=link_of(what, (by, each))),
        )
        for each in order[:MOST_ROWS]
    ]
    if rest := order[MOST_ROWS:]:
        text = _("%(n)s others") % {"n": len(rest)}
        rows.append(ReportRow([str(text), sum(counts.get(each, 0) for each in rest)]))
    return Outcome(
        rows=rows,
        columns=(ReportColumn(name=by.name, label=by.label), COUNT),
        chart=Chart(
            kind="columns" if by.fixed else "bars", label=by.name, values=("count",), unit=unit
        ),
        note=_several(by),
    )


def _several(*dimensions: Dimension) -> Text:
    if any(each.several for each in dimensions):
        return _("A record may stand in several rows, so their sum may be more than there are.")
    return ""


def _crossed(
    what: Asked,
    by: Dimension,
    cross: Dimension,
    unit: Text,
    counts: Mapping[tuple[Any, ...], int],
    firsts: Mapping[Any, str],
    seconds: Mapping[Any, str],
) -> Outcome:
    across: dict[Any, int] = defaultdict(int)
    down: dict[Any, int] = defaultdict(int)
    for (first, second), number in counts.items():
        down[first] += number
        across[second] += number
    order, columns = in_order(by, down, firsts), in_order(cross, across, seconds)
    shown, rest = columns[:MOST_COLUMNS], columns[MOST_COLUMNS:]
    names = {value: f"c{place}" for place, value in enumerate(shown)}
    rows = []
    for first in order[:MOST_ROWS]:
        cells: list[Any] = [firsts.get(first, str(_("unknown")))]
        cells += [counts.get((first, second), 0) for second in shown]
        if rest:
            cells.append(sum(counts.get((first, second), 0) for second in rest))
        links = {
            names[second]: link_of(what, (by, first), (cross, second))
            for second in shown
            if counts.get((first, second))
        }
        if not (by.several or cross.several):
            cells.append(down[first])
            links["count"] = link_of(what, (by, first))
        rows.append(ReportRow(cells, _linked(**links)))
    if left := order[MOST_ROWS:]:
        cells = [str(_("%(n)s others") % {"n": len(left)})]
        cells += [sum(counts.get((one, second), 0) for one in left) for second in shown]
        if rest:
            cells.append(sum(counts.get((one, other), 0) for one in left for other in rest))
        if not (by.several or cross.several):
            cells.append(sum(down[one] for one in left))
        rows.append(ReportRow(cells))
    found = [ReportColumn(name=by.name, label=by.label)]
    found += [
        ReportColumn(name=names[each], label=seconds.get(each, "?"), type=FieldType.INTEGER)
        for each in shown
    ]
    if rest:
        others = _("%(n)s others") % {"n": len(rest)}
        found.append(ReportColumn(name=REST, label=others, type=FieldType.INTEGER))
    values = tuple(each.name for each in found[1:])
    if not (by.several or cross.several):
        total = ReportColumn(name="count", label=_("Total"), type=FieldType.INTEGER)
        found.append(total)
    return Outcome(
        rows=rows,
        columns=tuple(found),
        chart=Chart(
            kind="columns" if by.fixed else "stacked", label=by.name, values=values, unit=unit
        ),
        note=_several(by, cross),
    )
