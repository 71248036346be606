"""The parameters that several reports have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kontora.parties.reports.asking import Asked, asked
from kontora.parties.reports.dimensions import KINDS
from kontora.records import related
from kontora.records.schema import readable_fields
from kontora.registry.choices import field_at
from kontora.registry.fields import Choice, Field, FieldType
from kontora.text import Text, _

PARTIES, ACTIVITIES = "counterparties", "activities"
VIEW = Field(
    name="view",
    label=_("Saved view"),
    help=_("The key of a view of people or organisations, as in its address: only what it lists."),
    max_length=40,
)
OWNER = Field(
    name="owner", label=_("Owner"), type=FieldType.REFERENCE, target="user", help=_("Only his own.")
)
BRANCH = Field(
    name="branch",
    label=_("Branch"),
    type=FieldType.REFERENCE,
    target="branch",
    help=_("Only what belongs to it."),
)
KIND = Field(
    name="kind",
    label=_("People or organisations"),
    type=FieldType.CHOICE,
    choices=KINDS,
)


def role(session: Any, default: str | None = None) -> Field:
    """“Only clients”: the roles that there are."""
    found = field_at(session.registry.record_type(PARTIES), "roles.role")
    assert found is not None
    return Field(
        name="role",
        label=_("Role today"),
        type=FieldType.CHOICE,
        choices=found[0].choices,
        default=default,
        help=_("Only those that hold this role today."),
    )


def by(name: str, label: Text, choices: Sequence[Choice], default: str | None, text: Text) -> Field:
    """What the rows, or the columns, stand for."""
    values = {each.value for each in choices}
    if default not in values:
        default = choices[0].value if choices and default else None
    return Field(
        name=name,
        label=label,
        type=FieldType.CHOICE,
        choices=tuple(choices),
        default=default,
        help=text,
    )


def readable(session: Any, path: str, *names: str) -> bool:
    """Whether the reader sees all these fields of a record type."""
    rtype = session.registry.record_type(path)
    seen = {each.name for each in readable_fields(rtype, session.principal.rights)}
    return seen.issuperset(names)


def parties(session: Any, params: Mapping[str, Any]) -> Asked:
    """The counterparties that the parameters ask for."""
    holds = {"role": params["role"]} if params.get("role") else {}
    return asked(
        session,
        PARTIES,
        ("kind", "eq", params.get("kind")),
        ("owner", "eq", params.get("owner")),
        ("branch", "eq", params.get("branch")),
        role=holds,
        view=params.get("view"),
    )


def ever(role_key: str | None) -> list[tuple[str, str, Any]]:
    """That a party holds a role, or held it once."""
    return [("roles", related.OP, related.text({"role": role_key}))] if role_key else []
