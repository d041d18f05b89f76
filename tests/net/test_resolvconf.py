"""Files of resolv.conf(5) and hosts(5), and the interfaces in sysfs."""

from pathlib import Path

import pytest

from diagnose.net import resolvconf


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("nameserver 192.0.2.1\nnameserver fe80::1%eth0\n", ("192.0.2.1", "fe80::1%eth0")),
        (" nameserver 192.0.2.1\n# nameserver 192.0.2.2\nnameserver\nnameserver x\n", ()),
        ("".join(f"nameserver 192.0.2.{number}\n" for number in range(5)),
         ("192.0.2.0", "192.0.2.1", "192.0.2.2")),
    ],
)  # fmt: skip
def test_the_servers_are_those_that_the_c_library_asks(text: str, servers: tuple[str, ...]) -> None:
    assert resolvconf.name_servers(text) == servers


def test_a_line_of_hosts_names_the_host_whatever_its_case() -> None:
    text = "127.0.0.1 localhost\n192.0.2.1 a SHOP.example.com. # x\nbad shop.example.com"
    (line,) = resolvconf.hosts_lines(text, "shop.example.com")
    assert (line.number, line.address, line.ended) == (2, "192.0.2.1", True)
    assert line.names == ("a", "shop.example.com")


def test_an_interface_is_up_unless_the_kernel_says_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, state in (("eth0", "up"), ("eth1", "down"), ("lo", "unknown"), ("wg0", "unknown")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "operstate").write_text(f"{state}\n")
    monkeypatch.setattr(resolvconf, "INTERFACES_FOLDER", tmp_path)
    assert resolvconf.links() == (("eth0", True), ("eth1", False), ("wg0", True))
