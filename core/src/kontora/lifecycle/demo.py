"""What `make run` does: a demo company in the home folder, made once, then served.

`python -m kontora.lifecycle.demo` honours KONTORA_HOME and PORT. The password of the demo
administrator is random, kept in the file `demo-password` (mode 0600) and printed at each start.
A home that somebody else has set up is served as it is: nothing is added to it.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

import structlog

from kontora.access.principal import system
from kontora.errors import KontoraError, SettingsError
from kontora.lifecycle import generation, install, plugins, presence, supervisor
from kontora.lifecycle.sample import add_sample, users_of
from kontora.lifecycle.site import Site
from kontora.plugins import discovery
from kontora.settings import Settings

EMAIL = "demo@example.org"
PASSWORD_FILE = "demo-password"
_BEGUN = "demo-password.new"
_FIRST_PARTY = "kontora-"


def prepare(settings: Settings) -> str | None:
    """Make the demo company in the home, or finish one begun; return the password if it is one.

    Killed half-way, the next start goes on with the same password.
    """
    kept, begun = settings.home / PASSWORD_FILE, settings.home / _BEGUN
    if kept.exists():
        _bring_up_to_date(settings)
        return kept.read_text(encoding="ascii").strip()
    if not begun.exists():
        if any(settings.home.glob("*.sqlite*")):
            return None
        _write_secret(begun, secrets.token_urlsafe(12))
    password = begun.read_text(encoding="ascii").strip()
    _fill(settings, password)
    begun.replace(kept)
    return password


def _bring_up_to_date(settings: Settings) -> None:
    from kontora.lifecycle import upgrade

    site = Site(settings)
    try:
        upgrade.run(site)
    finally:
        site.close()


def _write_secret(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text + "\n")


def _fill(settings: Settings, password: str) -> None:
    site = Site(settings)
    install.init(site, email=EMAIL, password=password)
    site.close()
    for name in _first_party():
        site = Site(settings)
        try:
            plugins.enable(site, name)
        except KontoraError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
        finally:
            site.close()
    site = Site(settings)
    try:
        with site.read(system("demo")) as session:
            owner = install.user_named(session, EMAIL)
        add_sample(site, owner, password=password)
    finally:
        site.close()


def _first_party() -> list[str]:
    """The installed plugins whose distribution is one of ours."""
    found = discovery.discover().found
    return [name for name, each in found.items() if each.distribution.startswith(_FIRST_PARTY)]


def demo_settings(environ: Mapping[str, str]) -> Settings:
    """The settings of a demo: never a database that the environment names for something else."""
    kept = {key: value for key, value in environ.items() if key != "KONTORA_DATABASE_URL"}
    return Settings.from_env(kept)


def _port(environ: Mapping[str, str]) -> int:
    given = environ.get("PORT") or "8000"
    if not given.isdigit() or int(given) > 65535:
        raise SettingsError(f"PORT={given} is no port.", "Give a number from 0 to 65535.")
    return int(given)


def run(environ: Mapping[str, str]) -> int:
    """Prepare the home folder, say how to sign in, and serve until SIGTERM or Ctrl-C."""
    port = _port(environ)
    settings = demo_settings(environ)
    if not (settings.home / PASSWORD_FILE).exists():
        print(f"Preparing {settings.home} ...", flush=True)
    password = prepare(settings)

    def say(host: str, port: int) -> None:
        print(f"\n  Kontora     http://{host}:{port}/")
        if password:
            print(f"  Sign in as  {EMAIL}\n  Password    {password}")
        for email, role in others if password else ():
            print(f"  or as       {email} ({role})")
        print(f"  Data        {settings.home}\n  Stop with Ctrl-C.\n", flush=True)

    site = Site(settings, safe_mode=True)
    with site.read(system("demo")) as session:
        others = users_of(session)
    with presence.hold(settings.home):
        return supervisor.serve(
            settings,
            "127.0.0.1",
            port,
            generation=lambda: generation.current(site.database),
            on_listening=say,
        )


def main() -> None:
    """Entry point of `python -m kontora.lifecycle.demo`."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        status = run(os.environ)
    except KontoraError as error:
        print(f"Error: {error}", file=sys.stderr)
        status = 1
    sys.exit(status)


if __name__ == "__main__":
    main()
