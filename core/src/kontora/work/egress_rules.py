"""Which addresses of the outside may be reached.

Whoever can make us fetch an address of his choice could otherwise reach what only this machine
can: the database, services of the network, the metadata of a cloud. So an address is judged by
what would be connected to, after the names are resolved, and everything that is not a public
address is refused unless `KONTORA_EGRESS_ALLOW` lists it.

The ranges are those of the IANA special-purpose registries (RFC 6890) and the transition
mechanisms that carry an IPv4 address inside (RFC 3056, 4380, 5214, 6052, 8215).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from kontora.errors import KontoraError
from kontora.text import Text, _

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
PORTS = {"https": 443, "http": 80}
OPEN_PORTS = frozenset({443, 8443})
_REFUSED = tuple(
    ip_network(each)
    for each in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # What a cloud tells its machines at a public address.
        "168.63.129.16/32",
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
_GLOBAL = IPv6Network("2000::/3")
# Not even a host that is listed by name may lead here; list the network if you must.
_NEVER = tuple(
    ip_network(each)
    for each in (
        *("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32", "168.63.129.16/32"),
        *("100.100.100.200/32", "::/128", "fe80::/10", "ff00::/8", "fd00:ec2::254/128"),
    )
)
_HOST = re.compile(
    r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PLAIN = re.compile(r"[\x21-\x7e]{1,2000}")


class Refused(KontoraError):
    """This address may not be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL taken apart: `path` begins with a slash and holds the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def literal(self) -> Address | None:
        """The address, when the host is one."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None


def parse(url: str) -> Target:
    """Take a URL apart, in one spelling only. Raises Refused for what parsers read differently:
    blanks, backslashes, names and passwords, numbers that stand for an address, zones."""
    if not _PLAIN.fullmatch(url) or "\\" in url:
        raise _refused(_("it holds characters that no address has"))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused(_("it cannot be read")) from None
    if parts.scheme not in PORTS:
        raise _refused(_("it begins neither with https:// nor with http://"))
    if "@" in parts.netloc:
        raise _refused(_("it holds a user name or a password"))
    host = _host(parts.hostname or "", bracketed="[" in parts.netloc)
    if port == 0:
        raise _refused(_("its port is no port"))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(scheme=parts.scheme, host=host, port=port or PORTS[parts.scheme], path=path)


def _host(given: str, *, bracketed: bool) -> str:
    host = given.lower()
    if bracketed:
        try:
            return str(IPv6Address(host)) if "%" not in host else _no_host()
        except ValueError:
            return _no_host()
    # A full name may end with a dot; without it there is one spelling to compare.
    host = host[:-1] if host.endswith(".") else host
    if len(host) > 253 or not _HOST.fullmatch(host):
        return _no_host()
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        # 127.1, 0x7f000001, 2130706433, 0177.0.0.1: resolvers take them for addresses.
        try:
            return str(IPv4Address(host))
        except ValueError:
            raise _refused(_("its number is no address: write four numbers or a name")) from None
    return host


def _no_host() -> str:
    raise _refused(_("its host is no name: write other alphabets in the form xn--…"))


def unwrapped(address: Address) -> Address:
    """The IPv4 address inside `::ffff:a.b.c.d`, else the address itself."""
    return getattr(address, "ipv4_mapped", None) or address


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could reach this address just as well."""
    found = unwrapped(address)
    if isinstance(found, IPv6Address):
        # An interface id of ISATAP carries an IPv4 address.
        isatap = (int(found) >> 32) & 0xFCFFFFFF == 0x00005EFE
        if found not in _GLOBAL or isatap:
            return False
    inside = any(found in each for each in _REFUSED if each.version == found.version)
    return found.is_global and not found.is_multicast and not inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What `KONTORA_EGRESS_ALLOW` adds to the public addresses: networks and hosts by name.

    What is listed may also be reached without encryption and on every port.
    """

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, allow: Iterable[str]) -> Rules:
        """From the entries that the settings have checked."""
        networks, hosts = [], set()
        for each in allow:
            try:
                networks.append(ip_network(each))
            except ValueError:
                hosts.add(each)
        return cls(networks=tuple(networks), hosts=frozenset(hosts))

    def lists(self, host: str, address: Address) -> bool:
        """Whether the host or the address was listed."""
        found = unwrapped(address)
        if any(found in each for each in self.networks if each.version == found.version):
            return True
        never = any(found in each for each in _NEVER if each.version == found.version)
        return host in self.hosts and not never

    def check(self, target: Target, address: Address) -> None:
        """Raise Refused unless this address may be connected to for this target."""
        if self.lists(target.host, address):
            return
        if not is_public(address):
            # The address is not told: it would draw a map of the network.
            raise _refused(_("it leads to an address that is not public"))
        self._check_way(target)

    def check_early(self, target: Target) -> None:
        """What can be said of a target before its name is resolved, for a form."""
        if (literal := target.literal) is not None:
            self.check(target, literal)
        elif target.host not in self.hosts and not self.networks:
            self._check_way(target)
        if target.host == "localhost" and not (self.networks or "localhost" in self.hosts):
            raise _refused(_("it leads to an address that is not public"))

    def _check_way(self, target: Target) -> None:
        if target.scheme != "https":
            raise _refused(_("it is not encrypted: begin it with https://"))
        if target.port not in OPEN_PORTS:
            raise _refused(_("its port is neither 443 nor 8443"))


def _refused(reason: Text) -> Refused:
    return Refused(
        _("This address may not be reached: %(reason)s.") % {"reason": str(reason)},
        _("An operator can list hosts and networks in KONTORA_EGRESS_ALLOW."),
    )
