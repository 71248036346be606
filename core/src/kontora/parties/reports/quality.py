"""What is missing: facts of counterparties, and contact with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import and_, case, func, literal, select, union_all

from kontora.parties.reports import dimensions, parameters
from kontora.parties.reports.asking import BESIDE, Asked, Leaf
from kontora.parties.reports.dimensions import Dimension
from kontora.parties.reports.parameters import PARTIES
from kontora.parties.reports.tally import in_order, joined, link_of
from kontora.records.filters import FilterCompiler
from kontora.registry.faces import Chart, Outcome, Report, ReportColumn, ReportRow
from kontora.registry.fields import Choice, Field, FieldType
from kontora.text import Text, _

RECENT, NEGLECTED = 90, 90
# A fact of which the share is told: its name, how it is called, and what its absence is in a list.
FACTS: tuple[tuple[str, Text, Leaf], ...] = (
    ("email", _("E-mail"), ("email", "empty", True)),
    ("phone", _("Phone"), ("phone", "empty", True)),
    ("address", _("Address"), ("addresses.locality", "empty", True)),
    ("industry", _("Industry"), ("industry", "empty", True)),
    ("identifier", _("Identifier"), ("identifiers", "empty", True)),
    ("owner", _("Owner"), ("owner", "empty", True)),
    ("next_activity", _("Next activity"), ("next_activity", "empty", True)),
    ("contact", _("Contact in 90 days"), ("last_contact", "ne", f"last_{RECENT}_days")),
)


def _heaps(session: Any) -> dict[str, Dimension]:
    """By what these reports can be read: what a record has only one of."""
    found = dimensions.of_parties(session, session.registry.record_type(PARTIES))
    return {name: each for name, each in found.items() if not each.several}


def _params(session: Any, default: str, *more: Field, role: str | None) -> tuple[Field, ...]:
    heaps = dimensions.choices(_heaps(session))
    text = _("What each row stands for.")
    return (
        parameters.by("by", _("By"), heaps, default, text),
        *more,
        parameters.role(session, role),
        parameters.KIND,
        parameters.BRANCH,
        parameters.OWNER,
    )


def _seen(what: Asked, facts: Sequence[tuple[str, Text, Leaf]]) -> list[tuple[str, Text, Leaf]]:
    names = [each[2][0].partition(".")[0] for each in facts]
    return [
        fact
        for fact, name in zip(facts, names, strict=True)
        if parameters.readable(what.session, what.rtype.path, name)
    ]


def _numbers(
    what: Asked, by: Dimension, facts: Sequence[tuple[str, Sequence[Leaf]]]
) -> dict[Any, dict[str, int]]:
    """How many there are in each heap, and of how many each fact is true: one statement. What
    stands on the party itself is counted in one go, each of the rest by its own index."""
    session = what.session
    model: Any = what.rtype.model
    compiler = FilterCompiler(session, session.registry.effective(what.rtype))
    key = by.value.label("heap")
    base = joined(what, [by], select(literal("").label("fact"), key).select_from(model))
    base = base.where(*what.conditions())
    sums: list[Any] = [func.count(model.id).label("n0")]
    arms: list[Any] = []
    own = {"owner", "next_activity", "last_contact"}
    here = [each for each in facts if {leaf[0] for leaf in each[1]} <= own]
    for place, (_name, leaves) in enumerate(here, start=1):
        met = and_(*(compiler.leaf(n, op, str(v).lower()) for n, op, v in leaves))
        sums.append(func.sum(case((met, 1), else_=0)).label(f"n{place}"))
    arms.append(base.add_columns(*sums).group_by(key))
    for name, leaves in facts:
        if (name, leaves) not in here:
            arm = joined(what, [by], select(literal(name).label("fact"), key).select_from(model))
            arm = arm.where(*what.conditions(*leaves)).add_columns(func.count(model.id).label("n0"))
            zeros = [literal(0).label(f"n{place}") for place in range(1, len(sums))]
            arms.append(arm.add_columns(*zeros).group_by(key))
    joined_arms: Any = union_all
    statement = joined_arms(*arms) if len(arms) > 1 else arms[0]
    found: dict[Any, dict[str, int]] = {}
    for row in session.execute(statement, execution_options=BESIDE):
        fact, heap, numbers = row[0], row[1], list(row[2:])
        mine = found.setdefault(heap, {})
        mine[fact] = int(numbers[0])
        if fact == "":
            for (name, _leaves), number in zip(here, numbers[1:], strict=True):
                mine[name] = int(number or 0)
    return found


def _integer(name: str, label: Text) -> ReportColumn:
    return ReportColumn(name=name, label=label, type=FieldType.INTEGER)


def completeness_params(session: Any) -> tuple[Field, ...]:
    """By branch or owner, as shares or as numbers of what is missing."""
    show = Field(
        name="show",
        label=_("Show"),
        type=FieldType.CHOICE,
        choices=(
            Choice(value="share", label=_("Share that has it, %")),
            Choice(value="missing", label=_("Number without it")),
        ),
        default="share",
    )
    return _params(session, "branch", show, role=None)


def completeness(session: Any, params: Mapping[str, Any]) -> Outcome:
    """How complete the data of counterparties are, fact by fact."""
    what = parameters.parties(session, params)
    by = _heaps(session).get(params.get("by") or "")
    if by is None:
        return Outcome(rows=[])
    facts = [each for each in _seen(what, FACTS) if each[0] != by.name]
    found = _numbers(what, by, [(name, [leaf]) for name, _label, leaf in facts])
    labels = by.labels(found.keys())
    share = params.get("show") != "missing"
    rows = []
    for heap in in_order(by, {each: mine[""] for each, mine in found.items()}, labels):
        mine = found[heap]
        missing = [mine.get(name, 0) for name, _label, _leaf in facts]
        cells = [labels.get(heap, str(_("unknown"))), mine[""]]
        cells += [_share(mine[""], each) for each in missing] if share else missing
        links = {"count": link_of(what, (by, heap))}
        links |= {
            name: link_of(what, (by, heap), more=[leaf])
            for name, _label, leaf in facts
            if mine.get(name)
        }
        rows.append(ReportRow(cells, {name: each for name, each in links.items() if each}))
    kind = FieldType.DECIMAL if share else FieldType.INTEGER
    percent = _("%(fact)s, %%")
    columns = [ReportColumn(name=by.name, label=by.label), _integer("count", _("Records"))]
    columns += [
        ReportColumn(name=name, label=percent % {"fact": label} if share else label, type=kind)
        for name, label, _leaf in facts
    ]
    return Outcome(
        rows=rows,
        columns=tuple(columns),
        note=_("Each figure leads to the records where it is missing."),
    )


def _share(whole: int, missing: int) -> Decimal:
    part = Decimal(100 * (whole - missing)) / whole if whole else Decimal(0)
    return part.quantize(Decimal("0.1"), ROUND_HALF_UP)


def neglected_params(session: Any) -> tuple[Field, ...]:
    """Whose role, after how many days."""
    days = Field(
        name="days",
        label=_("Days without a contact"),
        type=FieldType.INTEGER,
        default=NEGLECTED,
        help=_("So many days without a call, visit, mail or other contact."),
    )
    return _params(session, "owner", days, role="client")


def neglected(session: Any, params: Mapping[str, Any]) -> Outcome:
    """Who is neglected: no contact for long, nothing planned."""
    what = parameters.parties(session, params)
    by = _heaps(session).get(params.get("by") or "")
    days = min(max(int(params.get("days") or NEGLECTED), 1), 3650)
    silent: Leaf = ("last_contact", "ne", f"last_{days}_days")
    idle: Leaf = ("next_activity", "empty", True)
    if by is None or not parameters.readable(session, PARTIES, "last_contact", "next_activity"):
        return Outcome(rows=[])
    facts = [("silent", [silent]), ("idle", [idle]), ("both", [silent, idle])]
    found = _numbers(what, by, facts)
    labels = by.labels(found.keys())
    worst = {each: mine.get("both", 0) for each, mine in found.items()}
    rows = []
    for heap in in_order(by, worst, labels):
        mine = found[heap]
        cells = [labels.get(heap, str(_("unknown"))), mine[""]]
        cells += [mine.get(name, 0) for name, _leaves in facts]
        links = {"count": link_of(what, (by, heap))}
        links |= {
            name: link_of(what, (by, heap), more=leaves) for name, leaves in facts if mine.get(name)
        }
        rows.append(ReportRow(cells, {name: each for name, each in links.items() if each}))
    without = _("No contact for %(n)s days") % {"n": days}
    return Outcome(
        rows=rows,
        columns=(
            ReportColumn(name=by.name, label=by.label),
            _integer("count", _("Records")),
            _integer("silent", without),
            _integer("idle", _("Nothing planned")),
            _integer("both", _("Neither")),
        ),
        chart=Chart(
            kind="bars", label=by.name, values=("both",), unit=_("without contact and plan")
        ),
    )


REPORTS = (
    Report(
        id="neglected",
        label=_("Neglected clients"),
        help=_("With whom nobody has spoken for long, and for whom nothing is planned."),
        columns=(ReportColumn(name="by", label=_("By")), _integer("count", _("Records"))),
        run=neglected,
        params_of=neglected_params,
        permission="reports.run",
        group="quality",
        order=40,
    ),
    Report(
        id="completeness",
        label=_("Completeness of data"),
        help=_("Which share of the records has mail, phone, address, industry, a next activity …"),
        columns=(ReportColumn(name="by", label=_("By")), _integer("count", _("Records"))),
        run=completeness,
        params_of=completeness_params,
        permission="reports.run",
        group="quality",
        order=50,
    ),
)
