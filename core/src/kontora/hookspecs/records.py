"""Hooks about records: their tables, types and fields, and what happens when one is saved."""

# A specification has a docstring and no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kontora.hookspecs.markers import hook

if TYPE_CHECKING:  # higher layers: known by name only, imported by nobody here
    from kontora.registry.fields import Choice, Field
    from kontora.registry.records import Change, Draft, RecordType


@hook(kind="declare", failure="quarantine", tx="none")
def register_models() -> Iterable[type]:
    """Declare the mapped classes of the plugin, so that migrations and guards know them.

    Returns: subclasses of `Base`, whose tables begin with `<plugin>_` and whose foreign keys
    to core say ON DELETE CASCADE or SET NULL.
    Failure: the plugin is quarantined.
    Transaction: none.
    First user: core and `contrib/hello`.
    """


@hook(kind="declare", failure="quarantine", tx="none")
def register_record_types() -> Iterable[RecordType]:
    """Declare record types: each gets pages, API, import, export, search, history and rights.

    Returns: `RecordType` objects; the path of a plugin's type is `<plugin>/<type>`.
    Failure: the plugin is quarantined.
    Transaction: none.
    First user: core, for contacts and counterparties; `contrib/hello`, for greetings.
    """


@hook(kind="declare", failure="quarantine", tx="none")
def contribute_fields() -> Iterable[tuple[str, Field]]:
    """Add typed fields to a record type of core or of a required plugin.

    Returns: pairs of an entity (`RecordType.entity`, for example `party`) and a `Field` named
    `<plugin>.<field>` whose column lies in a 1:1 extension table of the plugin.
    Failure: the plugin is quarantined.
    Transaction: none.
    First user: `contrib/hello`, two fields on counterparties.
    """


@hook(kind="declare", failure="quarantine", tx="none")
def contribute_choices() -> Iterable[tuple[str, str, Choice]]:
    """Add choices to a field of core or of a required plugin: a kind of activity, a role.

    Returns: triples of an entity, the path of a choice field (`kind` of `activity`, `roles.role`
    or `relations.type` of `party`) and a `Choice` whose value begins with `<plugin>.`.
    Failure: the plugin is quarantined.
    Transaction: none.
    First user: `contrib/hello`, a kind of activity.
    """


@hook(kind="notify", failure="abort", tx="in")
def before_save(session: object, draft: Draft) -> None:
    """A record is about to be written: check it, or adjust it.

    Arguments: `session`, the scoped writer session; `draft`, the `Draft` with the checked input,
    to which a hook may add. Raise `Invalid({"field": ["message"]})` to refuse.
    Returns: nothing.
    Failure: the transaction rolls back and the user reads the message.
    Transaction: in that of the save; may write.
    First user: core, which checks identifiers of parties.
    """


@hook(kind="notify", failure="abort", tx="in")
def record_changed(session: object, change: Change) -> None:
    """A record was written, in the same transaction: keep what must never differ from it.

    For everything that may happen a moment later, declare a subscriber: it cannot delay the
    user and is retried.

    Arguments: `session`, the scoped writer session; `change`, the `Change`.
    Returns: nothing.
    Failure: the transaction rolls back.
    Transaction: in that of the save; may write.
    First user: core, for the maintained scope and search tables.
    """
