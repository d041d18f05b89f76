"""Sockets by real ls and awk on this machine; SELinux by what its tools print, as it cannot run
where these tests do."""

import asyncio
import shlex
import socket
import subprocess
from pathlib import Path

from diagnose.machine.local import LocalMachine
from diagnose.model.nginx import NginxConfig
from diagnose.model.upstream import Selinux, UnixListeners, UpstreamSocket
from diagnose.parsers.nginx.config import parse
from diagnose.probes.inside import upstream_access
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PRINTED = """\
user 33 www-data
groups 33  33 60
socket /run/app/app.sock
group games
srw-rw---- 1 0 60 0 Nov 24 17:00 /run/app/app.sock
drwxr-x--x 2 0 0 60 Nov 24 17:00 /run/app
drwxr-xr-x 9 0 0 80 Nov 24 17:00 /run
drwxr-xr-x 9 0 0 80 Nov 24 17:00 /
socket /run/gone.sock
group 
listens /run/app/app.sock
listens /run/dbus/system_bus_socket
ls: cannot access '/run/gone.sock': No such file or directory
drwxr-xr-x 9 0 0 80 Nov 24 17:00 /run
drwxr-xr-x 9 0 0 80 Nov 24 17:00 /
"""
ENFORCING = """\
mode Enforcing
httpd_can_network_connect --> off
logged
type=AVC msg=audit(1795543141.121:412): avc:  denied  { name_connect } for  pid=1893 comm="nginx" \
dest=3000 scontext=system_u:system_r:httpd_t:s0 tclass=tcp_socket permissive=0
"""


def config(text: str = "") -> NginxConfig:
    return NginxConfig(path="/n.conf", main=parse(text, "/n.conf"))


def test_what_was_printed_of_sockets() -> None:
    one, gone = upstream_access.parse_sockets(PRINTED)
    assert (one.path, one.user, one.groups) == ("/run/app/app.sock", 33, (33, 33, 60))
    assert one.names == ("www-data", "games")
    assert [each.path for each in one.above] == ["/run/app/app.sock", "/run/app", "/run", "/"]
    assert [each.group for each in one.above] == [60, 0, 0, 0]
    assert gone.failure
    assert gone.failure.kind == "missing"
    assert gone.listening == ("/run/app/app.sock", "/run/dbus/system_bus_socket")
    assert [each.path for each in gone.above] == ["/run", "/"]


def test_sockets_of_this_machine(tmp_path: Path) -> None:
    """By the script itself, for root, whom no nginx runs as a worker here."""
    there, gone = tmp_path / "a s.sock", tmp_path / "gone.sock"
    ctx = Looking(LocalMachine())
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(there))
        server.listen()
        there.chmod(0o640)
        paths = [str(there), str(gone)]
        asyncio.run(upstream_access.emit_sockets(ctx, config("user root;"), paths))
    one, missing = ctx.observed(UpstreamSocket)
    assert one.above[0].mode == "srw-r-----"
    assert one.above[-1].path == "/"
    assert (one.user, one.names[0]) == (0, "root")
    assert missing.failure
    assert str(there) in missing.listening
    assert not one.listening


def test_a_socket_that_was_left_behind_and_those_that_listen(tmp_path: Path) -> None:
    """The file of one is there and nobody listens; that of another was deleted."""
    there, left, deleted = (tmp_path / f"{name}.sock" for name in ("there", "left", "deleted"))
    ctx = Looking(LocalMachine())
    with socket.socket(socket.AF_UNIX) as ended:
        ended.bind(str(left))
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as unseen:
        for each, path in ((server, there), (unseen, deleted)):
            each.bind(str(path))
            each.listen()
        deleted.unlink()
        asyncio.run(upstream_access.emit_sockets(ctx, config(), [str(left), str(deleted)]))
        asyncio.run(upstream_access.emit_listeners(ctx))
        asyncio.run(upstream_access.emit_listeners(ctx))
    behind, apart = ctx.observed(UpstreamSocket)
    assert str(there) in behind.listening
    assert str(deleted) not in behind.listening
    assert str(deleted) in apart.listening
    (listeners,) = ctx.observed(UnixListeners)
    assert str(there) in listeners.sockets
    assert not {str(left), str(deleted)} & set(listeners.sockets)


def test_nobody_looks_where_there_are_no_sockets() -> None:
    machine = RecordedMachine()
    asyncio.run(upstream_access.emit_sockets(Looking(machine), config(), []))
    assert not machine.commands_run


def test_what_selinux_says() -> None:
    seen = upstream_access.parse_selinux(ENFORCING)
    assert seen
    assert seen.mode == "Enforcing"
    assert seen.boolean("httpd_can_network_connect") is False
    assert seen.logged
    assert [denial.port for denial in seen.denials] == [3000]
    assert upstream_access.parse_selinux("") is None


def test_selinux_is_asked_once() -> None:
    """Two failures at the same door ask for the same."""
    machine = RecordedMachine({shlex.join(("sh", "-c", upstream_access.SELINUX_SCRIPT)): ENFORCING})
    ctx = Looking(machine)

    async def work() -> None:
        await upstream_access.emit_selinux(ctx)
        await upstream_access.emit_selinux(ctx)

    asyncio.run(work())
    assert len(ctx.observed(Selinux)) == 1
    assert len(machine.commands_run) == 1


def test_the_scripts_are_plain_sh() -> None:
    for script in (
        upstream_access.SOCKETS_SCRIPT,
        upstream_access.LISTENERS_SCRIPT,
        upstream_access.SELINUX_SCRIPT,
    ):
        result = subprocess.run(
            ["sh", "-n"], input=script, text=True, capture_output=True, check=False
        )
        assert result.returncode == 0, result.stderr


def test_the_root_folder_of_another_server_is_read() -> None:
    text = "user 101 haproxy\ngroups 101\nroot /var/lib/haproxy\nsocket /run/a.sock\ngroup root\n"
    (socket,) = upstream_access.parse_sockets(text)
    assert (socket.root, socket.user) == ("/var/lib/haproxy", 101)
