"""There is one door to the data, one SQLite library, and no code that comes from data."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import imports, name, package_of, python_files, tree

# Folder or file → why SQL may be written by hand there.
SQL_BY_HAND: dict[str, str] = {
    "core/src/kontora/db/": "the engines themselves: pragmas, locks, versions",
    "sdk/src/kontora_sdk/testing/databases.py": "makes and drops databases for tests",
    "sdk/src/kontora_sdk/testing/originals.py": "puts databases of tests back as they were",
}
BANNED = {
    "sqlite3": "a second SQLite library in the process; use kontora.db",
    "pickle": "unpickling runs code; store JSON",
    "marshal": "loading it runs code; store JSON",
    "shelve": "it is pickle",
    "requests": "whoever calls others does so by kontora.work.egress",
    "httpx": "whoever calls others does so by kontora.work.egress",
    "aiohttp": "whoever calls others does so by kontora.work.egress",
    "urllib3": "whoever calls others does so by kontora.work.egress",
    "urllib.request": "whoever calls others does so by kontora.work.egress",
    "http.client": "whoever calls others does so by kontora.work.egress",
    "xmlrpc": "whoever calls others does so by kontora.work.egress",
    "ftplib": "whoever calls others does so by kontora.work.egress",
    "smtplib": "mail leaves by one module",
    "redis": "by kontora.work.redis",
    "socket": "connections are opened by kontora.work.egress",
}
# File → what it needs a banned module for.
_WORK = "core/src/kontora/work"
LET_IN: dict[tuple[str, str], str] = {
    (f"{_WORK}/egress.py", "urllib3"): "the one client",
    (f"{_WORK}/egress.py", "socket"): "the one client: it connects to the address it has judged",
    (f"{_WORK}/mail_message.py", "smtplib"): "mail, to the server that the operator names",
    (f"{_WORK}/redis.py", "redis"): "to the server that the operator names",
    (f"{_WORK}/worker.py", "socket"): "the name of this machine",
    ("core/src/kontora/http/security.py", "socket"): "the name of this machine",
    ("core/src/kontora/lifecycle/webserver.py", "socket"): "listens",
    ("core/src/kontora/lifecycle/supervisor.py", "socket"): "listens",
    ("core/src/kontora/lifecycle/child.py", "socket"): "a listener handed down",
}
SQL_NAMES = {"text", "literal_column"}
SQL_MODULES = ("sqlalchemy",)
RUNS_TEXT = {"eval", "exec"}


def sql_by_hand(module: ast.Module) -> Iterator[int]:
    """The lines where SQL is written as text: `text()`, `literal_column()`, the driver itself."""
    own: set[str] = set()
    packages: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(SQL_MODULES):
            own |= {alias.asname or alias.name for alias in node.names if alias.name in SQL_NAMES}
        elif isinstance(node, ast.Import):
            packages |= {
                alias.asname or alias.name.split(".")[0]
                for alias in node.names
                if alias.name.startswith(SQL_MODULES)
            }
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name):
            by_hand = called.id in own
        elif isinstance(called, ast.Attribute) and called.attr in SQL_NAMES:
            by_hand = isinstance(called.value, ast.Name) and called.value.id in packages
        else:
            by_hand = isinstance(called, ast.Attribute) and called.attr == "exec_driver_sql"
        if by_hand:
            yield node.lineno


def banned_imports(module: ast.Module, package: str = "") -> Iterator[tuple[str, int]]:
    """Each banned module that is imported, with its line."""
    for item in imports(module, package):
        for candidate in (item.module, *(f"{item.module}.{part}" for part in item.names)):
            if candidate in BANNED or candidate.split(".")[0] in BANNED:
                key = candidate if candidate in BANNED else candidate.split(".")[0]
                yield key, item.line
                break


def runs_text(module: ast.Module) -> Iterator[int]:
    """The lines where a text is run as code."""
    for node in ast.walk(module):
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Name) and called.id in RUNS_TEXT:
            yield called.lineno


def test_sql_is_written_by_hand_only_where_a_door_stands() -> None:
    faults = [
        f"{name(path)}:{line}"
        for path in python_files()
        if not name(path).startswith(tuple(SQL_BY_HAND)) and "versions" not in path.parts
        for line in sql_by_hand(tree(path))
    ]
    assert not faults, "SQL by hand goes past the scoped session:\n" + "\n".join(faults)


def test_banned_modules_are_not_imported() -> None:
    faults = [
        f"{name(path)}:{line} imports {module}: {BANNED[module]}"
        for path in python_files()
        for module, line in banned_imports(
            tree(path), package_of(path) if "src" in path.parts else ""
        )
        if (name(path), module) not in LET_IN
    ]
    assert not faults, "\n".join(faults)


def test_no_text_is_run_as_code() -> None:
    faults = [f"{name(path)}:{line}" for path in python_files() for line in runs_text(tree(path))]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "source",
    [
        "from sqlalchemy import text\ntext('select 1')",
        "from sqlalchemy import text as raw\nraw(f'select {x}')",
        "import sqlalchemy as sa\nsa.literal_column('1')",
        "from sqlalchemy.sql import literal_column\nliteral_column('1')",
        "connection.exec_driver_sql('select 1')",
    ],
)
def test_sql_by_hand_is_seen(source: str) -> None:
    assert list(sql_by_hand(ast.parse(source)))


def test_another_text_is_no_sql() -> None:
    assert not list(sql_by_hand(ast.parse("from kontora.web import text\ntext('x')")))


@pytest.mark.parametrize(
    "source",
    [
        "import sqlite3",
        "from urllib import request",
        "import urllib.request",
        "from pickle import loads",
    ],
)
def test_a_banned_import_is_seen(source: str) -> None:
    assert list(banned_imports(ast.parse(source)))


def test_running_text_is_seen() -> None:
    assert list(runs_text(ast.parse("eval('1')")))
