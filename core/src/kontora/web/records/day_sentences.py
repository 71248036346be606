"""Words for days (`last_30_days`) as people read them, and conditions with them as sentences."""

from __future__ import annotations

from collections.abc import Mapping

from kontora.records.day_words import PATTERN
from kontora.text import Text, _, n_

FIXED: Mapping[str, Text] = {
    "today": _("today"),
    "yesterday": _("yesterday"),
    "tomorrow": _("tomorrow"),
    "this_week": _("this week"),
    "last_week": _("last week"),
    "next_week": _("next week"),
    "this_month": _("this month"),
    "last_month": _("last month"),
    "next_month": _("next month"),
    "this_quarter": _("this quarter"),
    "last_quarter": _("last quarter"),
    "next_quarter": _("next quarter"),
    "this_year": _("this year"),
    "last_year": _("last year"),
    "next_year": _("next year"),
}


def label(value: str) -> str | None:
    """`last_30_days` in words; None for anything that is no such word."""
    found = PATTERN.fullmatch(value)
    if found is None:
        return None
    if found["fixed"]:
        return str(FIXED[value])
    number = int(found["n"] or found["ago"] or found["ahead"])
    if found["way"] == "last":
        return str(n_("the last %(n)s day", "the last %(n)s days", number))
    if found["way"] == "next":
        return str(n_("the next %(n)s day", "the next %(n)s days", number))
    if found["ago"]:
        return str(n_("%(n)s day ago", "%(n)s days ago", number))
    return str(n_("in %(n)s day", "in %(n)s days", number))


def sentence(name: str, field: str, op: str, value: str) -> str | None:
    """A condition on days in words; None when its value is a date or anything else."""
    words = label(value)
    found = PATTERN.fullmatch(value)
    if words is None or found is None:
        return None
    if op == "ne" and found["way"] == "last" and name == "last_contact":
        number = int(found["n"])
        return str(n_("No contact for %(n)s day", "No contact for %(n)s days", number))
    if op == "lt" and found["ago"]:
        number = int(found["ago"])
        more = n_("%(field)s more than %(n)s day ago", "%(field)s more than %(n)s days ago", number)
        return str(more % {"field": field, "n": number})
    patterns: Mapping[str, Text] = {
        "eq": _("%(field)s: %(value)s"),
        "ne": _("%(field)s: not %(value)s"),
        "lt": _("%(field)s before %(value)s"),
        "le": _("%(field)s up to %(value)s"),
        "gt": _("%(field)s after %(value)s"),
    }
    pattern = patterns.get(op, _("%(field)s from %(value)s"))
    return str(pattern % {"field": field, "value": words})
