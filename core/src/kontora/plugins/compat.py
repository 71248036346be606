"""Does a plugin fit the installed core and the plugins that it requires?

Only these are compared. A check of the whole environment would refuse plugins for quarrels
between packages that have nothing to do with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from kontora.plugins.discovery import CORE_DISTRIBUTION, Found
from kontora.plugins.manifest import PLUGIN_API, Manifest
from kontora.text import Text, _


def misfit(
    manifest: Manifest, found: Found, installed: Mapping[str, Found], core_version: str
) -> Text | None:
    """The sentence that says why the plugin cannot be loaded here; None if it can."""
    if manifest.api != PLUGIN_API:
        return _(
            "It is written for version %(wanted)s of the plugin interface; this Kontora has "
            "version %(present)s. Install a release of the plugin that fits."
        ) % {"wanted": manifest.api, "present": PLUGIN_API}
    versions = {canonicalize_name(CORE_DISTRIBUTION): core_version}
    for name in manifest.requires:
        if name in installed:
            other = installed[name]
            versions[canonicalize_name(other.distribution)] = other.version
    for requirement in _requirements(found):
        present = versions.get(canonicalize_name(requirement.name))
        if present and not requirement.specifier.contains(present, prereleases=True):
            return _(
                "It needs %(name)s %(wanted)s, but %(present)s is installed. "
                "Install a release that fits."
            ) % {
                "name": requirement.name,
                "wanted": str(requirement.specifier),
                "present": present,
            }
    return None


def _requirements(found: Found) -> Iterator[Requirement]:
    """The requirements that hold here: extras were not asked for, markers are evaluated."""
    for line in found.requires_dist:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue  # pip's business: it is not about core or a plugin that we can name
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement
