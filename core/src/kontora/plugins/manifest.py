"""The manifest: the one light object that a plugin's entry point names.

    plugin = Manifest(name="leads", label=_("Leads"), requires=("sales",))

Version, range of core, author and licence come from the distribution's own metadata.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kontora.errors import PluginError
from kontora.text import LANGUAGES, Text

PLUGIN_API = 1
"""The major of the plugin interface. A plugin for another major is not loaded."""

HOOK_MODULES = (
    "models",
    "fields",
    "record_types",
    "routes",
    "rest",
    "permissions",
    "menu",
    "slots",
    "widgets",
    "reports",
    "search",
    "events",
    "jobs",
    "settings",
    "cli",
    "importers",
    "privacy",
)
"""Where hooks are looked for, if the manifest does not list its modules."""

# A plugin's name is its table prefix, its place in URLs and the prefix of its permissions, so the
# first words of core's tables, core's paths and core's record types are taken.
RESERVED = frozenset(
    """
    core sdk site api admin static kontora plugin plugins public panel widget
    contacts counterparties activities branches teams users tags files roles grants tokens reports
    import imports export exports search bin merge settings audit health home profile sign login
    logout healthz readyz metrics
    party person organisation affiliation relation contact address identifier group segment tag
    activity file consent branch team user role grant change ownership owned saved custom job
    outbox event delivery schedule session setting credential throttle review idempotency alembic
    external sqlite pg views fields
    account favourite handover mail mention notice passkey privacy reading recovery report token
    totp view webhook
    """.split()
)

_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is known of a plugin before it is loaded.

    name               equals the entry point's; also table prefix, URL segment, text domain
    requires           plugins that must be enabled; they come first in every order
    optional_requires  plugins that come first if they are enabled
    api                major of the plugin interface (`PLUGIN_API`)
    hooks              modules with hooks, relative to `package`; None: those of `HOOK_MODULES`
                       that exist
    migrations         folder of migrations, relative to `package`
    package            import name of the package; empty: the one that holds the manifest
    critical           True: Kontora refuses to start without it, whatever the policy
    """

    name: str
    label: Text
    summary: Text = ""
    icon: str = ""
    category: str = ""
    requires: tuple[str, ...] = ()
    optional_requires: tuple[str, ...] = ()
    api: int = 1
    hooks: tuple[str, ...] | None = None
    migrations: str = "migrations/versions"
    package: str = ""
    languages: tuple[str, ...] = LANGUAGES
    critical: bool = False

    def __post_init__(self) -> None:
        check_name(self.name)
        if not str(self.label):
            self._refuse("the label is empty.", "Give it the name that users read.")
        for attribute in ("requires", "optional_requires", "hooks", "languages"):
            self._check_strings(attribute)
        if self.name in self.requires + self.optional_requires:
            self._refuse("it requires itself.", "Remove its own name from `requires`.")
        for module in self.hooks or ():
            if not _MODULE.fullmatch(module):
                self._refuse(
                    f"“{module}” in `hooks` is not a module name.", "Write for example “menu”."
                )
        if self.migrations.startswith("/") or ".." in self.migrations.split("/"):
            self._refuse("`migrations` leaves the package.", "Give a folder relative to it.")

    def _check_strings(self, attribute: str) -> None:
        """A single string in place of a tuple would silently be read letter by letter."""
        value = getattr(self, attribute)
        if value is None and attribute == "hooks":
            return
        if not isinstance(value, tuple) or not all(isinstance(each, str) for each in value):
            self._refuse(
                f"`{attribute}` is not a tuple of strings.", 'Write for example ("sales",).'
            )

    def _refuse(self, message: str, remedy: str) -> None:
        raise PluginError(self.name, f"The manifest is wrong: {message}", remedy)


def check_name(name: object) -> None:
    """Raise PluginError unless `name` may be the name of a plugin."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PluginError(
            str(name),
            "the name is not allowed.",
            "Use 2 to 31 small Latin letters, digits and underscores, a letter first.",
        )
    if name in RESERVED:
        raise PluginError(name, "the name is reserved for Kontora itself.", "Choose another name.")
