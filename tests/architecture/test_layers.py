"""A file of the core imports only from its own layer or a lower one (design, section 3)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import CORE, ROOT, imports, name, package_of, python_files, tree

LAYERS: tuple[frozenset[str], ...] = (
    frozenset(
        {"errors", "text", "clock", "ids", "settings", "limits", "smtp", "measures", "traces"}
    ),
    frozenset({"db"}),
    frozenset({"plugins", "hookspecs"}),
    frozenset({"registry"}),
    frozenset({"access"}),
    frozenset({"work"}),
    frozenset({"records"}),
    frozenset({"parties", "webhooks"}),
    frozenset({"lifecycle", "privacy"}),
    frozenset({"http"}),  # what the faces share: who asks, policies, one transaction per request
    frozenset({"web", "rest", "public"}),
    frozenset({"wsgi", "api"}),
    frozenset({"cli", "__main__"}),
)
LEVEL = {part: level for level, layer in enumerate(LAYERS) for part in layer}
FACES = {"web", "rest", "public", "cli", "api"}
# Below the faces nothing knows that there is a web framework.
WEB_FRAMEWORK = {"flask", "flask_smorest", "flask_wtf", "werkzeug", "wtforms"}
# All that a plugin may import from the core.
FOR_PLUGINS = ("kontora.api", "kontora.hookspecs")


def core_faults(part: str, module: ast.Module, package: str) -> Iterator[str]:
    """Name each import in `module`, a file of the core's part `part`, that goes up or aside."""
    for item in imports(module, package):
        if item.typing_only and part == "hookspecs":
            continue  # the annotations of hooks name what higher layers pass to them
        if item.module.split(".")[0] in WEB_FRAMEWORK and LEVEL[part] < LEVEL["http"]:
            yield f"line {item.line}: {part} knows {item.module}"
        if item.module == "kontora":
            targets = {target for target in item.names if target in LEVEL}
        elif item.module.startswith("kontora."):
            targets = {item.module.split(".")[1]}
        else:
            continue
        for target in targets - {part}:
            if target not in LEVEL:
                yield f"line {item.line}: {target} has no layer in {name(Path(__file__))}"
            elif LEVEL[target] > LEVEL[part]:
                yield f"line {item.line}: {part} imports upward from {target}"
            elif {part, target} <= FACES:
                yield f"line {item.line}: the faces {part} and {target} must not know each other"


def plugin_faults(module: ast.Module, package: str) -> Iterator[str]:
    """Name each import in a plugin's file that goes past the core's public names."""
    for item in imports(module, package):
        if item.module == "kontora":
            wrong = [part for part in item.names if f"kontora.{part}" not in FOR_PLUGINS]
        elif item.module.startswith("kontora."):
            wrong = [] if item.module.startswith(FOR_PLUGINS) else [item.module]
        else:
            wrong = []
        yield from (f"line {item.line}: {part} is not public" for part in wrong)


def _part(path: Path) -> str:
    first = path.relative_to(CORE).parts[0]
    return first.removesuffix(".py")


def test_each_file_of_the_core_imports_downward() -> None:
    faults = [
        f"{name(path)} {fault}"
        for path in python_files()
        if path.is_relative_to(CORE) and path != CORE / "__init__.py"
        for fault in core_faults(_part(path), tree(path), package_of(path))
    ]
    assert not faults, "\n".join(faults)


def test_each_part_of_the_core_has_a_layer() -> None:
    parts = {_part(path) for path in python_files() if path.is_relative_to(CORE)} - {"__init__"}
    assert parts <= set(LEVEL), f"give these a layer: {sorted(parts - set(LEVEL))}"


def test_plugins_import_only_the_public_names() -> None:
    faults = [
        f"{name(path)} {fault}"
        for path in python_files()
        if path.relative_to(ROOT).parts[0] in {"plugins", "contrib"}
        for fault in plugin_faults(tree(path), package_of(path))
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("db", "from kontora.access.principal import Principal"),
        ("db", "from kontora import records"),
        ("db", "from ..records import service"),
        ("records", "def later():\n    from kontora.lifecycle import site"),
        ("records", "import flask"),
        ("web", "from kontora.rest import app"),
        ("rest", "import kontora.web.pages"),
        ("errors", "from kontora.shelf import x"),
    ],
)
def test_a_wrong_import_is_seen(part: str, source: str) -> None:
    assert list(core_faults(part, ast.parse(source), f"kontora.{part}"))


def test_a_right_import_is_let_through() -> None:
    source = "from kontora.db.base import Base\nfrom kontora import text\nfrom . import order"
    assert not list(core_faults("records", ast.parse(source), "kontora.records"))


def test_a_plugin_that_reaches_into_the_core_is_seen() -> None:
    assert list(plugin_faults(ast.parse("from kontora.db import base"), "kontora_hello"))
    assert list(plugin_faults(ast.parse("from kontora import records"), "kontora_hello"))
    assert not list(plugin_faults(ast.parse("from kontora.api import Field"), "kontora_hello"))
