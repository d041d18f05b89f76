"""Stand-ins of addresses."""

from ipaddress import ip_address, ip_network

import pytest

from diagnose.recording.redaction_addresses import Addresses


def test_one_address_has_one_stand_in_everywhere() -> None:
    mask = Addresses().hide
    assert mask("198.51.100.7:443 and 198.51.100.7") == "192.0.2.1:443 and 192.0.2.1"
    assert mask("198.51.100.6, again 198.51.100.7.") == "192.0.2.0, again 192.0.2.1."


def test_what_lies_in_one_network_does_so_again_and_what_does_not_does_not() -> None:
    mask = Addresses().hide
    written = "198.51.100.66 198.51.100.70 198.51.100.96 203.0.113.66"
    first, second, third, other = map(ip_address, mask(written).split())

    def near(address: object, length: int) -> bool:
        return ip_address(str(address)) in ip_network(f"{first}/{length}", strict=False)

    assert near(second, 27)
    assert near(third, 24)
    assert not near(third, 27)
    assert not near(other, 24)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("192.168.7.9", "192.168.0.1"),
        ("10.9.8.7", "10.0.0.1"),
        ("172.20.1.1", "172.16.0.1"),
        ("100.100.1.1", "100.64.0.1"),
        ("2400:3200::1", "2001:db8:0:ffff::1"),
        ("[2400:3200:baba::1]:443", "[2001:db8:0:ffff::1]:443"),
        ("fd12:3456::9", "fd00::1"),
        ("fe80::1c2d", "fe80::1"),
        ("::ffff:0:0/96 64:ff9b::/96 fe80::/10", "::ffff:0:0/96 64:ff9b::/96 fe80::/10"),
        (
            "2002:a00::/24 2002:c0a8::/32 2002:e000::/19",
            "2002:a00::/24 2002:c0a8::/32 2002:e000::/19",
        ),
        ("2002:c0a8:101::7", "2001:db8:0:ffff::1"),
        ("2002:808:808::", "2001:db8:0:ffff::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0:443 [::]:443 ::1", "0.0.0.0:443 [::]:443 ::1"),
    ],
)
def test_a_stand_in_is_of_the_same_network(text: str, kept: str) -> None:
    assert Addresses().hide(text) == kept
