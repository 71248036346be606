"""Import a plugin: first its manifest, later the modules that hold its hooks."""

from __future__ import annotations

import importlib
from dataclasses import replace
from importlib.util import find_spec
from types import ModuleType

from kontora.errors import PluginError
from kontora.plugins.discovery import Found
from kontora.plugins.manifest import HOOK_MODULES, Manifest, check_name

# What the code of a plugin may throw at us while it is imported or called. A library that calls
# sys.exit() is an error like any other; only the keyboard stops Kontora.
CONTAINED = (Exception, SystemExit)


def load_manifest(found: Found) -> Manifest:
    """Import the light module of a plugin and return its manifest, with `package` filled in.

    Raises PluginError when that is no manifest or bears another name, and whatever the import
    itself raises.
    """
    check_name(found.name)
    manifest = found.load()
    if not isinstance(manifest, Manifest):
        raise PluginError(
            found.name,
            f"the entry point {found.entry_point} is a {type(manifest).__name__}, no Manifest.",
            "Let it name the Manifest(...) object of the plugin.",
        )
    if manifest.name != found.name:
        raise PluginError(
            found.name,
            f"the manifest calls itself “{manifest.name}”.",
            "Give the entry point and the manifest the same name.",
        )
    module = importlib.import_module(found.entry_point.partition(":")[0].strip())
    return replace(manifest, package=manifest.package or module.__package__ or module.__name__)


def hook_modules(manifest: Manifest) -> list[ModuleType]:
    """Import the modules that hold the plugin's hooks, in the order of the manifest.

    A module of `HOOK_MODULES` is looked for first, then imported: a missing file is fine, a
    missing import inside it is an error and comes through.
    """
    if manifest.hooks is None:
        names = [name for name in HOOK_MODULES if _exists(f"{manifest.package}.{name}")]
    else:
        names = list(manifest.hooks)
    return [importlib.import_module(f"{manifest.package}.{name}") for name in names]


def _exists(module: str) -> bool:
    spec = find_spec(module)
    # A folder without __init__.py (templates for reports, say) is no module with hooks.
    return spec is not None and spec.origin is not None
