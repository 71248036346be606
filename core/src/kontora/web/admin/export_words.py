"""An export in the audit log, in words: what, how much, in which form, and by which filter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kontora.access.session import ScopedSession
from kontora.records.audit import AuditEntry
from kontora.text import Text, _, n_
from kontora.web.records import filtering
from kontora.web.records.filtering import Condition


def described(session: ScopedSession, each: AuditEntry) -> dict[str, Any]:
    """`entity`, `name` and `fields` of the entry, as the page of the log shows them."""
    values = {name: new for name, _old, new in each.fields}
    rtype = session.registry.record_types.get(str(values.get("type")))
    rows = values.get("rows")
    lines: list[tuple[Text, str]] = [(_("Format"), str(values.get("format") or "").upper())]
    if values.get("q"):
        lines.append((_("Search"), str(values["q"])))
    if rtype is not None and values.get("filter"):
        offered = filtering.choosable(session, rtype)
        found = [filtering.sentence(session, leaf, offered) for leaf in _leaves(values["filter"])]
        lines.append((_("Filter"), "; ".join(found)))
    return {
        "entity": rtype.label_plural if rtype else str(values.get("type") or ""),
        "name": n_("%(n)s record", "%(n)s records", rows) if isinstance(rows, int) else "",
        "fields": [{"label": label, "old": "", "new": text} for label, text in lines if text],
    }


def _leaves(tree: Any) -> Iterator[Condition]:
    """The conditions of a filter tree, wherever in it."""
    if isinstance(tree, Mapping) and "field" in tree:
        value = tree.get("value")
        text = ",".join(map(str, value)) if isinstance(value, list) else str(value or "")
        yield Condition(field=str(tree["field"]), op=str(tree.get("op", "eq")), value=text)
    elif isinstance(tree, Mapping):
        for inner in tree.values():
            yield from _leaves(inner)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _leaves(inner)
