"""Named doors: the few statements that cannot run as a SELECT over guarded classes.

Each door names the tables that it leads to. Code that uses one passes
`execution_options={"door": name}`; the use is counted (see `/metrics`) and every door has a test.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from kontora.text import Text, _


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A way round the scope: for what, and to which tables.

    `indexes` are those tables that may also stand, bare, beside scoped classes in a SELECT.
    """

    name: str
    reason: Text
    tables: frozenset[str]
    indexes: frozenset[str] = frozenset()

    def opens(self, table: str) -> bool:
        return table in self.tables


def _door(name: str, reason: Text, *tables: str) -> Door:
    indexes = _INDEXES & set(tables)
    return Door(name=name, reason=reason, tables=frozenset(tables), indexes=frozenset(indexes))


_INDEXES = {"search_word", "search_part", "search_posting", "party_scope"}


DOORS: dict[str, Door] = {
    door.name: door
    for door in (
        _door(
            "work",
            _("outbox, jobs and schedules belong to the program, not to a person"),
            *("outbox", "job", "schedule_run", "throttle"),
        ),
        _door(
            "changes",
            _("the change log is written for, and read after, a record that the scope has shown"),
            *("change", "ownership", "user_account"),
        ),
        _door(
            "scope",
            _("keeps who reaches which party, and the lines between organisations"),
            *("party_scope", "party", "party_role", "affiliation", "organisation", "relation"),
        ),
        _door(
            "search",
            _("the index is written with its record; what it finds is joined to the scoped class"),
            *("search_word", "search_part", "search_posting"),
        ),
        _door(
            "sign_in",
            _("before it ends, nobody is anybody yet"),
            *("user_account", "credential", "user_session", "api_token", "throttle"),
            *("user_role", "role", "role_grant", "role_permission", "role_field_rule"),
            *("team", "team_member", "branch", "site_state"),
        ),
        _door(
            "administration",
            _("roles, grants, tokens, devices, plugins and settings, behind admin permissions"),
            *("role", "role_grant", "role_permission", "role_field_rule", "user_role"),
            *("credential", "user_session", "api_token", "team_member", "user_account"),
            *("site_state", "plugin", "owned_object", "change", "user_preference"),
        ),
        _door(
            "transfer",
            _("keys of other systems, the cursor and the report of an import"),
            *("external_key", "import_run", "import_issue", "identifier", "contact_point"),
            *(
                "review_item",
                "party",
                "organisation",
                "affiliation",
                "user_account",
                "branch",
                "team",
            ),
        ),
        _door("idempotency", _("answers kept for repeated requests"), "idempotency_key"),
    )
}

_uses: Counter[str] = Counter()


def count(name: str) -> None:
    """Count one use of a door."""
    _uses[name] += 1


def uses() -> dict[str, int]:
    """How often each door was used in this process."""
    return {name: _uses[name] for name in DOORS}
