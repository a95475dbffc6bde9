"""Which addresses a source may connect to: public ones, and hosts that the settings allow.

A name is resolved once, every address is looked at, and the caller connects to the address that is
returned: a name that means something else a moment later changes nothing.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import TypeAlias

from ingestion.errors import SourceUnavailableError

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve: TypeAlias = Callable[[str, int], Sequence[str]]

# Ranges in which an IPv4 address is wrapped, so that a private one would look public: NAT64 (both
# its prefixes), 6to4, Teredo, and IPv4-compatible ones.
_WRAPPING = tuple(
    ipaddress.ip_network(net)
    for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")
)
# Not for hosts, although some versions of Python call parts of them global.
_SPECIAL = tuple(ipaddress.ip_network(net) for net in ("192.0.0.0/24", "192.88.99.0/24"))


class BlockedAddressError(Exception):
    """A host has an address that a source must not connect to; the message says which."""


class UnknownHostError(SourceUnavailableError):
    """A host has no address at all."""


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, and hides no other inside."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in net for net in _WRAPPING):
            return False
    elif any(address in net for net in _SPECIAL):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_loopback
    )


def system_addresses(host: str, port: int) -> list[str]:
    """Resolve a host as this machine does; raises `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


def pinned_address(
    host: str, port: int, allowed: Sequence[str], resolve: Resolve = system_addresses
) -> str:
    """Resolve a host and return the one address to connect to.

    Args:
        host: Name or address; an IPv6 address without brackets.
        port: Port that is to be connected to.
        allowed: Hosts whose address may be private, as `host` or `host:port`.
        resolve: How a host is resolved.

    Raises:
        BlockedAddressError: An address of the host is not public, and the host is not allowed.
        UnknownHostError: The host has no address.
    """
    name = host.lower().rstrip(".")
    try:
        addresses = resolve(name, port)
    except (OSError, UnicodeError, ValueError) as error:
        raise UnknownHostError(f"The host {host} has no address ({error}).") from error
    if not addresses:
        raise UnknownHostError(f"The host {host} has no address.")
    permitted = {entry.lower() for entry in allowed}
    if name in permitted or f"{name}:{port}" in permitted or f"[{name}]:{port}" in permitted:
        return addresses[0]
    for text in addresses:
        if not is_public(ipaddress.ip_address(text.partition("%")[0])):
            raise BlockedAddressError(
                f"{host} has the address {text}, which is not public; a host that may have such an "
                "address is named under `allow_hosts`."
            )
    return addresses[0]


def bracketed(address: str) -> str:
    """Return an address as it stands in a URL."""
    return f"[{address}]" if ":" in address else address
