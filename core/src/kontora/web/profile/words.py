"""What somebody may do, in words, by record type."""

from __future__ import annotations

from typing import Any

from kontora.access.rights import VERB_LABELS, VERBS, Rights, Scope
from kontora.lifecycle.roles import grant_labels
from kontora.registry.build import Registry
from kontora.text import Text, _

REACH: dict[Scope, Text] = {
    Scope.OWN: _("of your own"),
    Scope.TEAM: _("of your own and of your teams"),
    Scope.BRANCH: _("of your branch"),
    Scope.BRANCH_BELOW: _("of your branch and those below it"),
    Scope.ALL: _("everywhere"),
}


def summary(registry: Registry, rights: Rights) -> list[dict[str, Any]]:
    """For each record type its label and lines like (“view, edit”, “of your branch”), the widest
    reach first; types without any right are left out."""
    found = []
    for key, label in grant_labels(registry).items():
        by_scope: dict[Scope, list[str]] = {}
        for verb in VERBS:
            scope = rights.scope(key, verb)
            if scope is not None:
                by_scope.setdefault(scope, []).append(str(VERB_LABELS[verb]))
        if by_scope:
            lines = [(", ".join(by_scope[each]), REACH[each]) for each in sorted(by_scope)[::-1]]
            found.append({"label": label, "lines": lines})
    return found


def permissions(registry: Registry, rights: Rights) -> list[Text]:
    """The labels of the permissions beyond records."""
    return [each.label for each in registry.permissions.values() if rights.has(each.name)]
