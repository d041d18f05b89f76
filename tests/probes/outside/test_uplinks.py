"""Whether this machine has a way out, by the answers of a kernel written down."""

from pathlib import Path

import pytest

from diagnose.model import Failure
from diagnose.model.tcp import Uplink
from diagnose.net import ConnectResult, resolvconf
from diagnose.probes.outside.uplinks import emit_uplinks
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

UNREACHABLE = Failure("unreachable", "Network is unreachable", 101, "ENETUNREACH")


class Ways:
    """A net that knows these ways, and sends nothing."""

    def __init__(self, **ways: ConnectResult) -> None:
        self.ways = ways

    def way_to(self, address: str) -> ConnectResult:
        return self.ways["six" if ":" in address else "four"]


def seen(four: ConnectResult, six: ConnectResult) -> tuple[Uplink, ...]:
    ctx = Looking(RecordedMachine())
    ctx.net = Ways(four=four, six=six)
    emit_uplinks(ctx)
    return ctx.observed(Uplink)


@pytest.fixture
def interfaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(resolvconf, "INTERFACES_FOLDER", tmp_path)
    return tmp_path


@pytest.mark.usefixtures("interfaces")
def test_each_family_has_its_own_way() -> None:
    way, none = ConnectResult(0.0, source="192.0.2.7"), ConnectResult(0.0, failure=UNREACHABLE)
    four, six = seen(way, none)
    assert (four.family, four.source, four.failure) == (4, "192.0.2.7", None)
    assert (six.family, six.source, six.failure) == (6, "", UNREACHABLE)


@pytest.mark.usefixtures("interfaces")
def test_the_command_looks_up_the_same_way() -> None:
    way = ConnectResult(0.0, source="192.0.2.7")
    for uplink in seen(way, way):
        assert uplink.equivalent == f"ip route get {uplink.towards}"
    # root-servers.org: a.root-servers.net
    assert [one.towards for one in seen(way, way)] == ["198.41.0.4", "2001:503:ba3e::2:30"]


def test_interfaces_are_told_and_which_of_them_are_up(interfaces: Path) -> None:
    # Documentation/ABI/testing/sysfs-class-net: a tunnel's state is "unknown".
    states = {"eth0": "down", "lo": "unknown", "tun0": "unknown", "wlan0": "lowerlayerdown"}
    for name, state in states.items():
        (interfaces / name).mkdir()
        (interfaces / name / "operstate").write_text(f"{state}\n")
    none = ConnectResult(0.0, failure=UNREACHABLE)
    for uplink in seen(none, none):
        assert uplink.links == ("eth0", "tun0", "wlan0")
        assert uplink.links_up == ("tun0",)


def test_a_machine_without_an_interface_has_none_to_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolvconf, "INTERFACES_FOLDER", tmp_path / "none")
    none = ConnectResult(0.0, failure=UNREACHABLE)
    assert [(one.links, one.links_up) for one in seen(none, none)] == [((), ()), ((), ())]
