"""Which addresses a source connects to, however they are written."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sources.addresses import (
    BlockedAddressError,
    UnknownHostError,
    bracketed,
    is_public,
    pinned_address,
    system_addresses,
)

PRIVATE = (
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "192.0.0.8", "198.18.0.1", "203.0.113.5", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1",
    "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe",
)  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_blocked(address):
    with pytest.raises(BlockedAddressError, match="not public"):
        pinned_address("example.org", 80, (), lambda host, port: [address])


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_a_public_address_is_returned_as_it_is(address):
    assert pinned_address("example.org", 80, (), lambda host, port: [address]) == address


# The system resolves these spellings of 127.0.0.1 without asking anybody.
@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]"])
def test_other_spellings_of_this_machine_are_blocked_or_unknown(host):
    with pytest.raises((BlockedAddressError, UnknownHostError)):
        pinned_address(host.strip("[]"), 80, (), system_addresses)


def test_one_private_address_among_public_ones_is_enough():
    with pytest.raises(BlockedAddressError, match=r"10\.0\.0\.1"):
        pinned_address("example.org", 80, (), lambda host, port: ["8.8.8.8", "10.0.0.1"])


@pytest.mark.parametrize("allowed", ["wiki", "WIKI", "wiki:8080"])
def test_a_host_that_is_allowed_may_be_private(allowed):
    assert pinned_address("Wiki.", 8080, (allowed,), lambda host, port: ["10.0.0.1"]) == "10.0.0.1"


def test_allowing_a_port_allows_no_other():
    with pytest.raises(BlockedAddressError):
        pinned_address("wiki", 22, ("wiki:8080",), lambda host, port: ["10.0.0.1"])


def test_a_host_without_an_address_is_an_error_of_its_own():
    def fail(host, port):
        raise OSError("no such host")

    with pytest.raises(UnknownHostError, match="nowhere"):
        pinned_address("nowhere", 80, (), fail)


def test_addresses_are_bracketed_for_urls():
    assert (bracketed("::1"), bracketed("127.0.0.1")) == ("[::1]", "127.0.0.1")


@given(st.ip_addresses(v=4))
def test_wrapping_a_private_address_never_makes_it_public(address):
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")
    assert is_public(mapped) == is_public(address)
    for prefix in (0x0064_FF9B << 96, 0x2002 << 112):
        inside = int(address) << 80 if prefix >> 112 == 0x2002 else int(address)
        assert not is_public(ipaddress.IPv6Address(prefix | inside))
