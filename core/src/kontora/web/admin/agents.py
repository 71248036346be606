"""A browser's own description of itself, in words: “Firefox on Windows”."""

from __future__ import annotations

from kontora.text import _

# In this order: the later ones also call themselves like the earlier.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("YaBrowser", "Yandex Browser"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def described(agent: str) -> str:
    """The browser and the system; a device without a known one is “another device”."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    if browser and system:
        return str(_("%(browser)s on %(system)s") % {"browser": browser, "system": system})
    return browser or system or str(_("another device"))


def icon(agent: str) -> str:
    """The icon of the kind of device."""
    small = ("Android", "iPhone", "Mobile")
    return "device-mobile" if any(sign in agent for sign in small) else "device-desktop"
