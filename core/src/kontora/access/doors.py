"""Named doors: the few statements that cannot run as a SELECT over guarded classes.

Each door names the tables that it leads to. Code that uses one passes
`execution_options={"door": name}`; the use is counted (see `/metrics`) and logged (see `door_log`),
and every door has a test.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from kontora import measures
from kontora.text import Text, _


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A way round the scope: for what, and to which tables.

    `indexes` are those tables that may also stand, bare, beside scoped classes in a SELECT. What
    is written through a `rare` door is worth a line in the log of every site.
    """

    name: str
    reason: Text
    tables: frozenset[str]
    indexes: frozenset[str] = frozenset()
    rare: bool = False

    def opens(self, table: str) -> bool:
        return table in self.tables


def _door(name: str, reason: Text, *tables: str) -> Door:
    indexes = _INDEXES & set(tables)
    return Door(
        name=name,
        reason=reason,
        tables=frozenset(tables),
        indexes=frozenset(indexes),
        rare=name in _RARE,
    )


_RARE = {"administration"}
_INDEXES = {"search_word", "search_part", "search_posting", "party_scope"}


DOORS: dict[str, Door] = {
    door.name: door
    for door in (
        _door(
            "work",
            _("outbox, jobs and schedules belong to the program, not to a person"),
            *("outbox", "job", "schedule_run", "throttle", "mail_message", "mail_attachment"),
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
            "contact",
            _("keeps on each party when it was last spoken with, and what is planned next"),
            *("party", "activity", "activity_party"),
        ),
        _door(
            "search",
            _("the index is written with its record; what it finds is joined to the scoped class"),
            *("search_word", "search_part", "search_posting", "site_state"),
        ),
        _door(
            "sign_in",
            _("before it ends, nobody is anybody yet"),
            *("user_account", "credential", "user_session", "api_token", "throttle", "token_day"),
            *("user_role", "role", "role_grant", "role_permission", "role_field_rule"),
            *("team", "team_member", "branch", "site_state"),
            *("totp", "recovery_code", "passkey", "sign_in_step", "account_link"),
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
        _door(
            "notices",
            _("a notice is written by whoever causes it, and read by its own reader alone"),
            *("notice", "user_account", "user_role", "role_permission", "user_preference"),
        ),
        _door(
            "shell",
            _("what stands around every page is read at once: our company, one's own notices"),
            *("site_state", "branch", "notice"),
        ),
        _door(
            "favourites",
            _("what a user has starred or opened himself; names come from the scoped session"),
            *("favourite", "reading"),
        ),
        _door(
            "mentions",
            _("who is named in an activity is kept with it; told is only who may see it"),
            *("mention", "user_account"),
        ),
        _door(
            "watching",
            _("who opened what: written by the program, read by holders of `people.watch`"),
            *("reading", "change", "user_account"),
        ),
        _door(
            "handover",
            _("how a handover stands; the records themselves move through the record service"),
            *("handover", "handover_item", "user_account"),
        ),
        _door(
            "files",
            _("texts of files whose record the scope has shown; upkeep and erasure of files"),
            *("file", "file_text"),
        ),
        _door(
            "catalogue",
            _("the generation of the fields of administrators, their keys, sources of values"),
            *("site_state", "custom_key", "profile_value"),
        ),
        _door(
            "webhooks",
            _("receivers and deliveries belong to the program; what is sent is read as their user"),
            *("webhook_endpoint", "webhook_delivery", "job", "user_account"),
        ),
        _door(
            "groups",
            _("who is in a group: right on the group and sight of the party are asked before"),
            *("party_group", "group_member", "group_period", "party"),
        ),
        _door(
            "stages",
            _("the stage of a party follows its roles; who uses a stage that is to go"),
            *("party_stage", "party_role", "party", "role_stage"),
        ),
        _door(
            "views",
            _("a saved view is read by its owner and by those with whom he shares it"),
            *("saved_view", "view_default", "user_account", "user_role", "role"),
        ),
        _door(
            "reports",
            _("what is mailed to whom is asked of its owner and of each of them alone"),
            *("report_schedule", "report_recipient", "report_delivery", "user_account"),
        ),
        _door(
            "consents",
            _("the ledger of consents is added to after the right to edit the party was checked"),
            *("consent", "consent_purpose", "consent_state"),
        ),
        _door(
            "privacy",
            _("what was asked for; old rows of logs, deleted by their age"),
            *("privacy_request", "job", "outbox", "mail_message", "webhook_delivery", "reading"),
            *("idempotency_key", "import_issue", "import_run", "user_session", "change"),
            *("notice", "review_item", "activity", "party_group", "file"),
        ),
        _door("idempotency", _("answers kept for repeated requests"), "idempotency_key"),
    )
}

_uses: Counter[str] = Counter()


def count(name: str) -> None:
    """Count one use of a door."""
    _uses[name] += 1
    measures.count("kontora_door_uses_total", name)


def uses() -> dict[str, int]:
    """How often each door was used in this process."""
    return {name: _uses[name] for name in DOORS}
