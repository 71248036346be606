"""Build the registry of a site from what its plugins declare, once, and freeze it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeVar

from kontora.errors import NotFound, PluginError
from kontora.registry.choices import field_at, with_choices
from kontora.registry.faces import (
    Action,
    GrantTemplate,
    MenuItem,
    NoticeKind,
    Panel,
    Permission,
    Report,
    Setting,
    ViewKind,
    Widget,
)
from kontora.registry.fields import Choice, Field
from kontora.registry.records import RecordType
from kontora.text import Text, _

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What one plugin declared, by kind, before the cross-checks."""

    plugin: str
    models: tuple[type, ...] = ()
    record_types: tuple[RecordType, ...] = ()
    fields: tuple[tuple[str, Field], ...] = ()
    choices: tuple[tuple[str, str, Choice], ...] = ()
    menu: tuple[MenuItem, ...] = ()
    actions: tuple[Action, ...] = ()
    notice_kinds: tuple[NoticeKind, ...] = ()
    panels: tuple[Panel, ...] = ()
    view_kinds: tuple[ViewKind, ...] = ()
    widgets: tuple[Widget, ...] = ()
    reports: tuple[Report, ...] = ()
    permissions: tuple[Permission, ...] = ()
    grants: tuple[GrantTemplate, ...] = ()
    settings: tuple[Setting, ...] = ()
    jobs: tuple[Any, ...] = ()
    subscribers: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Everything that is declared. Nothing here changes after the start."""

    models: Mapping[str, type] = field(default_factory=dict)
    record_types: Mapping[str, RecordType] = field(default_factory=dict)
    menu: tuple[MenuItem, ...] = ()
    actions: Mapping[str, Action] = field(default_factory=dict)
    notice_kinds: Mapping[str, NoticeKind] = field(default_factory=dict)
    panels: tuple[Panel, ...] = ()
    view_kinds: Mapping[str, ViewKind] = field(default_factory=dict)
    widgets: tuple[Widget, ...] = ()
    reports: Mapping[str, Report] = field(default_factory=dict)
    permissions: Mapping[str, Permission] = field(default_factory=dict)
    grants: tuple[GrantTemplate, ...] = ()
    settings: Mapping[str, Setting] = field(default_factory=dict)
    jobs: Mapping[str, Any] = field(default_factory=dict)
    subscribers: tuple[Any, ...] = ()

    def record_type(self, path: str) -> RecordType:
        """The record type under an API path; NotFound names those that exist."""
        found = self.record_types.get(path)
        if found is None:
            known = ", ".join(sorted(self.record_types))
            raise NotFound(
                _("There is no record type “%(path)s”.") % {"path": path},
                _("Known: %(known)s.") % {"known": known},
            )
        return found

    def of_entity(self, entity: str, kind: str | None = None) -> RecordType | None:
        """The record type that shows a record of this entity (and kind) best."""
        types = [each for each in self.record_types.values() if each.entity == entity]
        for each in types:
            if kind is None or not each.kinds or each.kinds[0] == kind:
                return each
        return types[0] if types else None

    def effective(self, rtype: RecordType) -> RecordType:
        """The record type as it is now, with the fields of administrators; `rtype` itself when
        it is of no registry."""
        found = self.record_types.get(rtype.path, rtype)
        return found if found.model is rtype.model else rtype

    def labels(self, entity: str, path: str) -> dict[str, Text]:
        """What the values of a choice field are called: `labels("party", "roles.role")`."""
        for rtype in self.record_types.values():
            found = field_at(rtype, path) if rtype.entity == entity else None
            if found is not None:
                return {each.value: each.label for each in found[0].choices}
        return {}

    @property
    def entities(self) -> tuple[str, ...]:
        """The entities that have a record type, in the order of declaration."""
        return tuple(dict.fromkeys(each.entity for each in self.record_types.values()))


def build(declared: Iterable[Declared]) -> Registry:
    """Join the declarations of all plugins, in plugin order, and check them against each other.

    Raises PluginError, naming the plugin, when a name clashes or a target is missing.
    """
    everything = list(declared)
    record_types = _record_types(everything)
    return Registry(
        models=_unique(everything, "models", lambda model: str(model.__tablename__)),
        record_types=record_types,
        menu=tuple(sorted(_all(everything, "menu"), key=lambda m: (m.group, m.order, m.id))),
        actions=_unique(everything, "actions", lambda action: action.id),
        notice_kinds=_unique(everything, "notice_kinds", lambda kind: kind.name),
        view_kinds=_view_kinds(everything),
        panels=tuple(sorted(_all(everything, "panels"), key=lambda p: (p.order, p.id))),
        widgets=tuple(sorted(_all(everything, "widgets"), key=lambda w: (w.order, w.id))),
        reports=_unique(everything, "reports", lambda report: report.id),
        permissions=_unique(everything, "permissions", lambda each: each.name),
        grants=tuple(_all(everything, "grants")),
        settings=_unique(everything, "settings", lambda setting: setting.name),
        jobs=_unique(everything, "jobs", lambda job: job.name),
        subscribers=tuple(_all(everything, "subscribers")),
    )


def _view_kinds(everything: list[Declared]) -> Mapping[str, ViewKind]:
    """In the order in which they are offered."""
    found = _unique(everything, "view_kinds", lambda kind: kind.key)
    return MappingProxyType(dict(sorted(found.items(), key=lambda e: (e[1].order, e[0]))))


def _all(everything: list[Declared], kind: str) -> list[Any]:
    return [item for each in everything for item in getattr(each, kind)]


def _unique(everything: list[Declared], kind: str, name: Any) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    makers: dict[str, str] = {}
    for each in everything:
        for item in getattr(each, kind):
            key = name(item)
            if key in found:
                raise PluginError(
                    each.plugin,
                    f"declares “{key}” among its {kind}, which {makers[key]} already has.",
                    "Rename one of the two.",
                )
            found[key], makers[key] = item, each.plugin
    return MappingProxyType(found)


def _record_types(everything: list[Declared]) -> Mapping[str, RecordType]:
    types = dict(_unique(everything, "record_types", lambda each: each.path))
    extra: dict[str, list[Field]] = {}
    for each in everything:
        for entity, item in each.fields:
            if not any(rtype.entity == entity for rtype in types.values()):
                raise PluginError(each.plugin, f"adds a field to “{entity}”, which does not exist.")
            known = extra.setdefault(entity, [])
            if any(other.name == item.name for other in known):
                raise PluginError(each.plugin, f"declares the field “{item.name}” a second time.")
            if each.plugin != "core" and item.namespace != each.plugin:
                raise PluginError(
                    each.plugin,
                    f"declares the field “{item.name}” outside its own name.",
                    f"Call it “{each.plugin}.{item.name.rpartition('.')[2]}”.",
                )
            known.append(replace(item, owner=each.plugin))
    complete = {path: _complete(rtype, extra) for path, rtype in types.items()}
    added = [(each.plugin, *item) for each in everything for item in each.choices]
    return MappingProxyType(with_choices(complete, added))


def _complete(rtype: RecordType, extra: Mapping[str, list[Field]]) -> RecordType:
    added = tuple(
        each
        for each in extra.get(rtype.entity, ())
        if not rtype.kinds or not each.kinds or set(each.kinds) & set(rtype.kinds)
    )
    fields = sorted(rtype.fields + added, key=lambda each: each.order)
    return replace(rtype, fields=tuple(fields))
