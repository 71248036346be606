"""The databases of the bench, made once and kept: `~/.cache/kontora-bench/<engine>-<size>`.

A kept one is made anew when the migrations or the crowd have changed. Small ones are copied for
each run; a large one is used as it is, and grows by what each run creates.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from kontora.db import migrations
from kontora.lifecycle.site import Site
from kontora.settings import Settings
from tests.bench import company, crowd, fill
from tests.bench.places import SERVER

LARGE = 100_000
MOST_CALLED = 500


@dataclass(kw_only=True)
class Kept:
    """A filled database: `called` are contacts with activities, `reach` whose parties a reader
    sees besides all, `head` the ids of the head and of his branch."""

    url: str
    size: int
    made_of: str
    password: str
    tokens: dict[str, str]
    called: list[str]
    reach: dict[str, list[str]]
    head: list[str]

    def cursor(self, program: Any, rows: int) -> str:
        """The cursor behind so many rows of the list of contacts."""
        found = ""
        for _page in range(max(1, rows // 200)):
            more = f"&cursor={found}" if found else ""
            program("GET", f"/api/v1/contacts?limit=200&fields=display_name{more}")
            found = program.parsed()["next"] or found
        return found


def _made_of() -> str:
    """What the kept databases depend on."""
    folders = [Path(str(migrations.__path__[0])) / "versions", Path(__file__).parent]
    texts = [each.read_bytes() for folder in folders for each in sorted(folder.glob("*.py"))
             if folder.name == "versions" or each.stem in ("crowd", "fill", "company")]  # fmt: skip
    return hashlib.sha256(b"".join(texts)).hexdigest()[:16]


@contextmanager
def kept(engine: str, size: int) -> Iterator[tuple[Path, Kept]]:
    """A home with its database, which may be written to."""
    root = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "kontora-bench"
    folder = root / f"{engine}-{size}"
    base = _known(folder) or _make(engine, size, folder)
    if size >= LARGE:
        yield folder, base
        return
    copy = root / f"run-{uuid.uuid4().hex[:8]}"
    shutil.copytree(folder, copy)
    try:
        if engine == "sqlite":
            base.url = f"sqlite:///{copy / 'kontora.sqlite3'}"
            yield copy, base
        else:
            with _database(f"kontora_bench_{uuid.uuid4().hex[:12]}", base.url) as base.url:
                yield copy, base
    finally:
        shutil.rmtree(copy)


def _known(folder: Path) -> Kept | None:
    file = folder / "kept.json"
    if not file.exists():
        return None
    found = Kept(**json.loads(file.read_text("utf-8")))
    return found if found.made_of == _made_of() else None


def _make(engine: str, size: int, folder: Path) -> Kept:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    url = f"sqlite:///{folder / 'kontora.sqlite3'}"
    if engine == "postgresql":
        url = _fresh(f"kontora_bench_{size}")
    os.environ |= {"KONTORA_HOME": str(folder), "KONTORA_DATABASE_URL": url}
    made = company.found_company(site := Site(Settings.from_env()))
    ids = fill.fill(site, made.owners, range(size), timedelta(milliseconds=20))
    site.close()
    called = [str(ids[n]) for n in range(1, size, crowd.FIRM) if crowd.has_activities(n)]
    base = Kept(
        url=url,
        size=size,
        made_of=_made_of(),
        password=company.PASSWORD,
        tokens=made.tokens,
        called=called[:: max(1, len(called) // MOST_CALLED)][:MOST_CALLED],
        reach={name: [str(each.user) for each in made.owners[:2]]
               for name in ("manager", "branch_manager")},
        head=[str(each) for each in made.head],
    )  # fmt: skip
    (folder / "kept.json").write_text(json.dumps(asdict(base)), "utf-8")
    return base


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _run(*statements: str) -> None:
    with psycopg.connect(_plain(os.environ[SERVER]), autocommit=True) as connection:
        for each in statements:
            connection.execute(each.encode())


def _fresh(name: str) -> str:
    drop = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
    _run(drop, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    server = make_url(os.environ[SERVER]).set(drivername="postgresql+psycopg", database=name)
    return server.render_as_string(hide_password=False)


@contextmanager
def _database(name: str, original: str) -> Iterator[str]:
    """A copy of a database, gone after the block."""
    url = make_url(original)
    _run(f"CREATE DATABASE {name} TEMPLATE {url.database}")
    try:
        with psycopg.connect(_plain(url.set(database=name).render_as_string(hide_password=False)),
                             autocommit=True) as connection:  # fmt: skip
            connection.execute("ANALYZE")
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        _run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
