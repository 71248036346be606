"""The page of settings: those of the environment, and those of the administration page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kontora_sdk.reference.markdown import code, table

if TYPE_CHECKING:
    from kontora.registry.build import Registry


def settings_page(registry: Registry, environment: str) -> str:
    """`environment` is the docstring that says a line per variable: `KONTORA_HOME  data folder`."""
    rows = [
        (code(name), text)
        for name, text in re.findall(r"^\s*(KONTORA_\w+)\s+(\S.*)$", environment, re.MULTILINE)
    ]
    declared = [
        (code(each.name), each.label, each.type.value, code(each.default), each.help)
        for each in registry.settings.values()
    ]
    return (
        "# Settings\n\n## Of the environment\n\n"
        + table(("variable", ""), rows)
        + "\n## Of the site\n\nChanged by administrators, kept in the database.\n\n"
        + table(("setting", "label", "type", "default", ""), declared)
    )
