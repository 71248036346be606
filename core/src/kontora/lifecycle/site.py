"""A site: settings, database, plugins and registry put together. Everything starts here."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from kontora.access import identity
from kontora.access.models import PluginRow, SiteState
from kontora.access.principal import Principal, system
from kontora.access.session import ScopedSession
from kontora.db.engine import WORKER_STATEMENT_SECONDS, Database, is_database_away
from kontora.db.owner import CORE, Owner
from kontora.db.replica import Replica
from kontora.db.runner import pending
from kontora.errors import Forbidden, NotFound, PluginError
from kontora.plugins import calls
from kontora.plugins.manager import PluginManager
from kontora.plugins.manifest import Manifest
from kontora.records.custom.catalogue import Catalogue
from kontora.records.reading import Readings
from kontora.registry import build as building
from kontora.registry.build import Declared, Registry
from kontora.registry.faces import (
    Action,
    GrantTemplate,
    MenuItem,
    NoticeKind,
    Panel,
    Permission,
    Report,
    ViewKind,
    Widget,
)
from kontora.registry.faces import Setting as SettingDeclaration
from kontora.registry.records import RecordType
from kontora.registry.work import JobSpec, Subscriber
from kontora.settings import Settings
from kontora.text import _
from kontora.work.context import WorkSite
from kontora.work.quota import Quotas
from kontora.work.redis import Redis
from kontora.work.wake import Waker

log = structlog.get_logger("kontora.site")
CORE_MODULES = (
    "kontora.parties.record_types",
    "kontora.parties.bulk_job",
    "kontora.parties.group_slots",
    "kontora.parties.stage_slots",
    "kontora.parties.menu",
    "kontora.parties.view_kinds",
    "kontora.parties.reports",
    "kontora.parties.reports.widgets",
    "kontora.parties.reports.sending",
    "kontora.parties.jobs",
    "kontora.parties.imports",
    "kontora.parties.settings",
    "kontora.parties.sign_in",
    "kontora.parties.administrators",
    "kontora.parties.watching",
    "kontora.parties.telling",
    "kontora.parties.mentions",
    "kontora.parties.digest",
    "kontora.parties.actions",
    "kontora.parties.consent_hooks",
    "kontora.records.files.hooks",
    "kontora.webhooks.hooks",
    "kontora.lifecycle.nightly",
    "kontora.privacy.hooks",
)


class Site:
    """One running Kontora. Many may live in a process (tests do so); nothing is global.

    `plugins` overrides the stored set of enabled plugins.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        safe_mode: bool = False,
        plugins: tuple[str, ...] | None = None,
        manager: PluginManager | None = None,
        statement_timeout: float | None = None,
    ) -> None:
        self.settings = settings
        self.safe_mode = safe_mode
        limit: dict[str, Any] = {}
        if statement_timeout is not None:
            limit["statement_timeout"] = statement_timeout
        self.database = Database(settings.database_url, home=settings.home, **limit)
        self.replica: Replica | None = None
        if settings.replica_url and self.database.dialect == "postgresql":
            lag = settings.replica_lag
            self.replica = Replica(settings.replica_url, self.database, lag, **limit)
        url = settings.redis_url
        self.redis = Redis(url, settings.site_key) if url else None
        self.waker = Waker(self.redis) if self.redis else None
        self.quotas = Quotas(self.database.write_engine, self.redis)
        self.manager = manager or PluginManager(CORE_MODULES)
        desired, remembered = (plugins, {}) if plugins is not None else self._desired()
        self.manager.load(desired or (), safe_mode=safe_mode, remembered=remembered)
        self._quarantine_pending()
        self.registry = self._build()
        self.readings = Readings(lambda: self.database.write_engine)
        self.principals = identity.Known()
        self.names = identity.Known()
        self._catalogue = Catalogue(self.registry)
        self._settings_cache: dict[str, Any] | None = None
        calls.notify(self.manager, "setup", site=self)

    # Data

    @contextmanager
    def read(self, principal: Principal, on: Connection | None = None) -> Iterator[ScopedSession]:
        """A session for reading: what it changes is never kept. It may stand `on` a connection of
        the read engine, which its owner closes."""
        bind = self.database.read_engine if on is None else on
        with ScopedSession(bind, principal, self.registry, self) as session:
            # Who has just been read on this very connection is as fresh as what is read next.
            session.info["just_read"] = on is not None and principal.generation is not None
            yield session

    @contextmanager
    def read_copy(self, principal: Principal) -> Iterator[ScopedSession]:
        """A session for reports and exports: what it shows may be some seconds old, because it
        reads from a replica where there is one that keeps up."""
        engine = self.replica.engine() if self.replica is not None else None
        engine = engine or self.database.read_engine
        with ScopedSession(engine, principal, self.registry, self) as session:
            yield session

    @contextmanager
    def write(self, principal: Principal) -> Iterator[ScopedSession]:
        """A session for writing: committed at the end of the block, rolled back on an exception."""
        engine = self.database.write_engine
        with ScopedSession(engine, principal, self.registry, self) as session:
            session.info["writing"] = True
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise

    def current_registry(self, session: ScopedSession) -> Registry:
        """The registry with the fields of administrators, as the session's transaction has it."""
        if self._catalogue.declared is not self.registry:
            self._catalogue = Catalogue(self.registry)
        return self._catalogue.registry(session)

    def notify(self, hook: str, **given: Any) -> None:
        """Tell all plugins of something; see `kontora.hookspecs` for the hooks."""
        calls.notify(self.manager, hook, **given)

    # Plugins

    def _desired(self) -> tuple[tuple[str, ...], Mapping[str, Any]]:
        """The stored set of plugins; empty before the first `init`."""
        table: Any = PluginRow.__table__
        try:
            with self.database.read_engine.connect() as connection:
                rows = connection.execute(select(table.c.name, table.c.state)).all()
        except DBAPIError as error:
            # No table yet is no plugin; a server that just went is not.
            if is_database_away(error):
                raise
            return (), {}
        enabled = tuple(name for name, state in rows if state == "enabled")
        return enabled, {name: state for name, state in rows if state != "enabled"}

    def owners(self) -> list[Owner]:
        """Who has tables: core, then the loaded plugins in their order."""
        return [CORE, *(self.owner(name) for name in self.manager.order[1:])]

    def owner(self, plugin: str) -> Owner:
        """The owner of a wanted plugin's tables."""
        return owner_of(plugin, self.manager.manifest(plugin))

    def _quarantine_pending(self) -> None:
        """A plugin whose tables are not up to date stays off until `kontora upgrade`."""
        owners = [each for each in self.owners() if each.name != "core" and each.versions.is_dir()]
        if not owners:
            return
        try:
            behind = pending(self.database, owners)
        except DBAPIError as error:
            if is_database_away(error):
                raise
            return
        for name, steps in behind.items():
            if steps and name != CORE.name:  # `require_current` tells of the core's own
                self.manager.quarantine(
                    name, f"Its tables wait for {len(steps)} migration(s). Run `kontora upgrade`."
                )

    def _build(self) -> Registry:
        """Collect the declarations; a plugin whose declarations clash is taken out by name."""
        while True:
            declared = [self._declared(name) for name in self.manager.order]
            try:
                found = [each for each in declared if self.manager.is_active(each.plugin)]
                return building.build(found)
            except PluginError as error:
                if error.plugin == "core":
                    raise
                self.manager.quarantine(error.plugin, str(error), error)

    def rebuild(self) -> None:
        """Build the registry anew, without plugins that were quarantined after the start."""
        self.registry = self._build()
        self.principals = identity.Known()  # what hides a field is told by the record types

    def _declared(self, plugin: str) -> Declared:
        def ask(hook: str, of: Any) -> tuple[Any, ...]:
            if hook not in answers:
                answers[hook] = calls.declare(self.manager, hook, of=of)
            return tuple(each for name, each in answers[hook] if name == plugin)

        answers = self.__dict__.setdefault("_answers", {})
        return Declared(
            plugin=plugin,
            models=ask("register_models", type),
            record_types=_owned(ask("register_record_types", RecordType), plugin),
            fields=ask("contribute_fields", tuple),
            choices=ask("contribute_choices", tuple),
            menu=ask("register_menu", MenuItem),
            actions=ask("register_actions", Action),
            notice_kinds=ask("register_notice_kinds", NoticeKind),
            panels=ask("register_slots", Panel),
            view_kinds=ask("register_view_kinds", ViewKind),
            widgets=ask("register_widgets", Widget),
            reports=ask("register_reports", Report),
            permissions=ask("register_permissions", Permission),
            grants=ask("register_grants", GrantTemplate),
            settings=ask("register_settings", SettingDeclaration),
            jobs=ask("register_jobs", JobSpec),
            subscribers=ask("register_subscribers", Subscriber),
        )

    # Settings that administrators change

    def setting(self, session: Any, name: str) -> Any:
        """The value of a declared setting, or its default."""
        declared = self.registry.settings.get(name)
        if declared is None:
            raise NotFound(_("There is no setting “%(name)s”.") % {"name": name})
        table: Any = SiteState.__table__
        found = session.execute(
            select(table.c.value).where(table.c.key == f"setting:{name}"),
            execution_options={"door": "administration"},
        ).first()
        return declared.default if found is None else found[0]

    # Work

    def work_site(self) -> WorkSite:
        """What the worker needs of this site."""
        return WorkSite(
            database=self.database,
            open_session=self.open_session,
            open_reader=self.open_reader,
            jobs=self.registry.jobs,
            subscribers=self.registry.subscribers,
            zone=ZoneInfo(self.settings.timezone),
            settings=self.settings,
            lease=self.settings.lease,
            redis=self.redis,
            broker_url=self.settings.broker_url,
            site_key=self.settings.site_key,
        )

    @contextmanager
    def open_session(self, kind: str, principal_id: UUID | None) -> Iterator[ScopedSession]:
        """A writing session with the rights of the person who asked for the work.

        Raises Forbidden when he was disabled in the meantime.
        """
        with self.write(self.acting(kind, principal_id)) as session:
            yield session

    @contextmanager
    def open_reader(self, kind: str, principal_id: UUID | None) -> Iterator[ScopedSession]:
        """A reading session with the rights of the person who asked for the work."""
        with self.read_copy(self.acting(kind, principal_id)) as session:
            yield session

    def acting(self, kind: str, principal_id: UUID | None) -> Principal:
        """The principal under which a job runs."""
        if kind == "system" or principal_id is None:
            return system("job")
        with self.read(system("sign-in")) as session:
            if kind == "token":
                found = identity.principal_of_token_id(session, principal_id)
            else:
                found = identity.principal_of_user(session, principal_id, "job")
        if found is None:
            raise Forbidden("sign_in", _("Who asked for this work may no longer sign in."))
        return found

    def close(self) -> None:
        """Write what waits to be written, and give all connections back."""
        self.readings.close()
        self.quotas.flush()
        self.database.dispose()
        if self.replica is not None:
            self.replica.close()
        if self.redis is not None:
            self.redis.close()


def create_work_site(*, safe_mode: bool = False) -> WorkSite:
    """What a worker process works on: the site that the environment names."""
    settings = Settings.from_env()
    site = Site(settings, safe_mode=safe_mode, statement_timeout=WORKER_STATEMENT_SECONDS)
    return site.work_site()


def owner_of(plugin: str, manifest: Manifest) -> Owner:
    """The owner of a plugin's tables, with the folder of its migrations."""
    root = Path(str(importlib.resources.files(manifest.package)))
    return Owner(
        name=plugin,
        package=manifest.package,
        versions=root / manifest.migrations,
        prefix=f"{plugin}_",
        requires=tuple(manifest.requires),
    )


def _owned(types: tuple[RecordType, ...], plugin: str) -> tuple[RecordType, ...]:

    return tuple(replace(each, owner=plugin) for each in types)
