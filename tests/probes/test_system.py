"""The server as the laboratory's was recorded (tests/machine/fixtures/debian-13)."""

from pathlib import Path

from diagnose.machine import Ran
from diagnose.machine.recorded import RecordedMachine
from diagnose.model import Failure, Host, Unseen
from diagnose.model.server import Interface, Listeners
from diagnose.probes.inside.system import WHO, network, server
from tests.probes.looking import looked

RECORDED = Path(__file__).parents[1] / "machine" / "fixtures" / "debian-13"
COMMANDS = {
    "who": ("sh", "-c", WHO),
    "ss": ("ss", "-ltnpe"),
    "ip-addr": ("ip", "addr"),
    "ip-route": ("ip", "route"),
    "ip-6-route": ("ip", "-6", "route"),
}


def test_the_server_its_sockets_and_interfaces_are_seen() -> None:
    look = looked(RecordedMachine.load(RECORDED, COMMANDS), server, network)
    (host,) = look.seen(Host)
    assert (host.hostname, host.role, host.privileged) == ("server", "server", True)
    assert (host.manager, host.system) == ("none", "Debian GNU/Linux 13 (trixie)")
    (listeners,) = look.seen(Listeners)
    assert [one.process for one in listeners.on(443)] == ["nginx"]
    assert [(one.name, one.default) for one in look.seen(Interface)] == [
        ("lo", ()),
        ("eth0", (4, 6)),
    ]
    assert not look.seen(Unseen)


def test_without_root_the_names_of_processes_are_said_to_be_unseen() -> None:
    import shlex

    machine = RecordedMachine(
        {shlex.join(("sh", "-c", WHO)): "1000\nweb\nsystemd\n", "ss -ltnpe": ""}
    )
    look = looked(machine, server)
    (host,) = look.seen(Host)
    assert (host.privileged, host.manager) == (False, "systemd")
    (unseen,) = look.seen(Unseen)
    assert (unseen.why, unseen.enable) == ("needs root", "sudo ss -ltnp")


def test_a_server_that_cannot_be_entered_is_said_to_be_unseen() -> None:
    import shlex

    denied = Failure("denied", "root@web: Permission denied (publickey).", 255)
    ran = Ran(("sh",), None, "", denied.message, 0.0, denied)
    machine = RecordedMachine(
        {shlex.join(("sh", "-c", WHO)): ran, "ss -ltnpe": ran}, via="ssh://web"
    )
    look = looked(machine, server)
    (unseen,) = look.seen(Unseen)
    assert (unseen.what, unseen.why) == ("the server", denied.message)
    (listeners,) = look.seen(Listeners)
    assert listeners.failure is denied
