import pytest

from diagnose.model.addresses import (
    LOCAL_ONLY,
    is_guarded,
    is_local_host,
    is_loopback,
    is_private,
    is_within,
)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_the_machine_itself(address: str) -> None:
    assert is_loopback(address)
    assert is_private(address)


@pytest.mark.parametrize(
    "text", ["126.0.0.1", "::2", "0.0.0.0", "::", "127.example.com", "localhost", "*", ""]
)
def test_other_addresses_and_names_are_not_loopback(text: str) -> None:
    assert not is_loopback(text)


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3",
        "100.64.0.1",
        "172.31.0.1",
        "192.168.1.1",
        "fd12::1",
        "fe80::1%eth0",
        "::ffff:10.0.0.1",
    ],
)
def test_a_private_address_cannot_be_reached_from_the_internet(address: str) -> None:
    assert is_private(address)


def test_documentation_ranges_count_as_public() -> None:
    assert not any(map(is_private, ("192.0.2.1", "198.51.100.1", "203.0.113.10", "2001:db8::1")))


def test_machine_credentials_are_guarded() -> None:
    assert all(map(is_guarded, ("169.254.169.254", "100.100.100.200", "fd00:ec2::254")))
    assert not is_guarded("192.168.1.1")
    mapped = ("::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "::a9fe:a9fe")
    assert all(map(is_guarded, (*mapped, "fe80::1%eth0")))
    assert not any(map(is_guarded, ("64:ff9b::c0a8:101", "2002:c0a8:101::1", "::1", "no address")))


def test_nothing_but_an_address_is_within_a_range() -> None:
    assert is_within("fe80::1", LOCAL_ONLY)
    assert not is_within("shop.example.com", LOCAL_ONLY)
    assert not is_within("127.0.0.1/8", LOCAL_ONLY)


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("localhost", True), ("LOCALHOST", True), ("127.0.0.53", True), ("::1", True),
        ("::ffff:127.0.0.1", True), ("10.0.0.1", False), ("localhost.example.com", False),
        ("", False), ("app", False),
    ],
)  # fmt: skip
def test_a_name_or_address_of_whatever_machine_uses_it(host: str, is_local: bool) -> None:
    assert is_local_host(host) is is_local
