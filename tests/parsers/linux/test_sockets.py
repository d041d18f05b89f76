"""What real tools of several ages print. Those of Debian 13 were recorded in the laboratory
(tests/machine/fixtures); the short ones are written after the tools' own formats."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.linux.sockets import Socket, listening_sockets

RECORDED = Path(__file__).parents[2] / "machine" / "fixtures" / "debian-13" / "commands"

OLD_SS = """\
State   Recv-Q Send-Q  Local Address:Port   Peer Address:Port
LISTEN  0      511                 *:80                *:*    users:(("nginx",1204,6))
LISTEN  0      128                :::22               :::*    users:(("sshd",pid=801,fd=4))
LISTEN  0      128                 *:22                *:*    users:(("sshd",pid=801,fd=3))
LISTEN  0      100               ::1:25               :::*
"""
NEW_SS = """\
State  Recv-Q Send-Q  Local Address:Port Peer Address:PortProcess
LISTEN 0      4096    127.0.0.53%lo:53        0.0.0.0:*    users:(("systemd-resolve",pid=5,fd=14))
LISTEN 0      511                 *:443             *:*    users:(("nginx",pid=9,fd=7)) v6only:0 <->
LISTEN 0      511              [::]:80           [::]:*    ino:2 sk:3 v6only:1 <->
ESTAB  0      0            10.0.0.5:443      10.0.0.9:5555
"""
BUSYBOX = """\
Active Internet connections (only servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
tcp        0      0 0.0.0.0:80              0.0.0.0:*               LISTEN      7/nginx: master pro
tcp        0      0 :::443                  :::*                    LISTEN      -
"""


@pytest.mark.parametrize("tool", ["ss", "netstat", "proc"])
def test_all_tools_of_one_machine_tell_of_the_same_sockets(tool: str) -> None:
    found = listening_sockets((RECORDED / tool).read_text())
    assert [(one.address, one.port, one.dual) for one in found] == [
        *[("127.0.0.1", 3000, False), ("0.0.0.0", 80, False), ("0.0.0.0", 22, False)],
        *[("0.0.0.0", 443, False), ("::", 22, False)],
    ]


@pytest.mark.parametrize("tool", ["ss", "netstat"])
def test_the_process_is_the_master_and_not_a_worker(tool: str) -> None:
    (https,) = [
        listening_socket
        for listening_socket in listening_sockets((RECORDED / tool).read_text())
        if listening_socket.port == 443
    ]
    assert (https.pid, https.process) == (18275, "nginx")


def test_an_old_ss_writes_a_star_for_ipv4_and_no_brackets() -> None:
    assert listening_sockets(OLD_SS) == (
        Socket("0.0.0.0", 80, 4, False, 1204, "nginx"),
        Socket("::", 22, 6, False, 801, "sshd"),
        Socket("0.0.0.0", 22, 4, False, 801, "sshd"),
        Socket("::1", 25, 6),
    )


def test_a_new_ss_writes_a_star_for_both_families() -> None:
    assert listening_sockets(NEW_SS) == (
        Socket("127.0.0.53", 53, 4, False, 5, "systemd-resolve"),
        Socket("::", 443, 6, True, 9, "nginx"),
        Socket("::", 80, 6, False),
    )


def test_without_more_knowledge_an_ipv6_socket_takes_ipv4_too() -> None:
    assert listening_sockets(BUSYBOX) == (
        Socket("0.0.0.0", 80, 4, False, 7, "nginx"),
        Socket("::", 443, 6, True),
    )


def test_a_process_cannot_colour_the_terminal() -> None:
    row = 'LISTEN 0 1 0.0.0.0:443 0.0.0.0:* users:(("\x1b[31mred",pid=1,fd=2))\n'
    assert listening_sockets(row)[0].process == "\N{REPLACEMENT CHARACTER}[31mred"


@given(st.text(st.sampled_from('LISTEN tcp6 0123456789.:[]*%/users((",pid=\n -x')))
def test_no_text_breaks_it(text: str) -> None:
    assert all(0 <= listening_socket.port < 65536 for listening_socket in listening_sockets(text))


def test_a_local_address_without_a_port_is_passed_over() -> None:
    row = "tcp        0      0 ::1      :::*      LISTEN      2309/postmaster\n"
    assert listening_sockets(f"{BUSYBOX}{row}") == listening_sockets(BUSYBOX)
