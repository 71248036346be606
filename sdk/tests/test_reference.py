"""The reference is written from the code and leaves nothing out."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

from kontora import hookspecs
from kontora.cli.main import COMMANDS
from kontora.lifecycle.site import Site
from kontora_sdk.reference import write_reference
from kontora_sdk.reference.hooks import hooks_page
from kontora_sdk.reference.markdown import table
from kontora_sdk.reference.records import declarations_page, records_page


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reference")
    write_reference(folder)
    return folder


def test_every_hook_is_described_with_its_policy() -> None:
    page = hooks_page()
    for found in pkgutil.iter_modules(hookspecs.__path__):
        module = importlib.import_module(f"kontora.hookspecs.{found.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if hookspecs.meta(function) and function.__module__ == module.__name__:
                assert f"### `{name}(" in page
    assert page.count("**Failure**") == page.count("\n### ")


def test_every_record_type_and_field_is_there(kontora_site: Site) -> None:
    page = records_page(kontora_site.registry)
    for path, rtype in kontora_site.registry.record_types.items():
        assert f"(`{path}`)" in page
        assert [each.name for each in rtype.fields if f"| `{each.name}` |" not in page] == []


def test_every_declaration_is_there(kontora_site: Site) -> None:
    page, registry = declarations_page(kontora_site.registry), kontora_site.registry
    for name in (*registry.permissions, *registry.reports, *registry.jobs):
        assert f"| `{name}` |" in page


def test_every_command_is_there(folder: Path) -> None:
    page = (folder / "command-line.md").read_text("utf-8")
    assert [name for name in COMMANDS if f"## `kontora {name}" not in page] == []


def test_every_address_of_the_api_is_there(folder: Path) -> None:
    page = (folder / "api.md").read_text("utf-8")
    for path in ("/api/v1/contacts", "/api/v1/contacts/{id}", "/api/v1/reports"):
        assert f"`{path}`" in page


def test_a_second_writing_leaves_the_files_alone(folder: Path) -> None:
    first = {path: path.stat().st_mtime_ns for path in sorted(folder.iterdir())}
    assert first == {path: path.stat().st_mtime_ns for path in sorted(write_reference(folder))}


def test_a_cell_stays_one_cell() -> None:
    assert table(("a",), [("one | two\nthree",)]).splitlines()[-1] == "| one \\| two three |"
