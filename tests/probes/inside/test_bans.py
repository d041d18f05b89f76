"""The script itself on this machine's sh, with tools that stand in for fail2ban's and iproute2's;
and what is made of what it prints."""

import shlex
import subprocess
from pathlib import Path

from diagnose.machine import CommandResult
from diagnose.model import Unseen
from diagnose.model.visitor import ClosedRoute, ClosedRoutes, Jail, Jails, ReturnRoute
from diagnose.probes.inside.bans import MAX_BYTES, SCRIPT, bans
from tests.support.fake_context import Looking, looked
from tests.support.recorded_machine import RecordedMachine

ASKED = ("sh", "-c", SCRIPT, "sh", str(MAX_BYTES), "")
BANNED = "[{'sshd': ['192.0.2.9']}, {'web': ['192.0.2.66', '2001:db8::8']}, {'idle': []}]\n"


def seen(printed: str) -> Looking:
    return looked(
        RecordedMachine({shlex.join(ASKED): CommandResult(ASKED, 0, printed, "", 0.0)}), bans
    )


def test_what_fail2ban_has_banned_is_seen() -> None:
    (jails,) = seen(f"\n@@@ fail2ban\n{BANNED}").observed(Jails)
    assert jails.jails == (
        Jail("sshd", ("192.0.2.9",)), Jail("web", ("192.0.2.66", "2001:db8::8")), Jail("idle"),
    )  # fmt: skip
    assert jails.banning("192.0.2.66") == ("web",)


def test_what_fail2ban_does_not_say_is_not_seen() -> None:
    looking = seen("\n@@@ fail2ban\nPermission denied to socket: /run/fail2ban/fail2ban.sock\n")
    assert [(unseen.what, unseen.why) for unseen in looking.observed(Unseen)] == [
        ("whom fail2ban has banned", "needs root")
    ]
    assert not looking.observed(Jails)


def test_routes_that_lead_nowhere_are_seen() -> None:
    four = "unreachable 192.0.2.66 \nblackhole 192.0.2.0/24 table 7 \nprohibit nonsense\n"
    six = "unreachable default dev lo table unspec proto kernel metric 4294967295 error -101\n"
    (routes,) = seen(f"\n@@@ routes4\n{four}\n@@@ routes6\n{six}").observed(ClosedRoutes)
    assert routes.routes == (
        ClosedRoute("unreachable", "192.0.2.66"), ClosedRoute("blackhole", "192.0.2.0/24", "7"),
    )  # fmt: skip


def test_the_way_back_is_seen() -> None:
    ways = {
        "RTNETLINK answers: No route to host\n": "unreachable",
        "RTNETLINK answers: Invalid argument\n": "blackhole",
        "RTNETLINK answers: Permission denied\n": "prohibit",
        "192.0.2.66 from 203.0.113.10 via 203.0.113.1 dev eth0 uid 0\n    cache\n": "",
    }
    for printed, refusal in ways.items():
        (way,) = seen(f"\n@@@ way 203.0.113.10 192.0.2.66\n{printed}").observed(ReturnRoute)
        assert (way.source, way.towards, way.refusal) == ("203.0.113.10", "192.0.2.66", refusal)
        assert way.failure is None
    (way,) = seen('\n@@@ way 203.0.113.10 192.0.2.66\nObject "get" is unknown\n').observed(
        ReturnRoute
    )
    assert way.failure


def test_the_script_asks_for_the_way_back_to_whoever_has_logged_in(tmp_path: Path) -> None:
    tool = tmp_path / "ip"
    tool.write_text(
        "#!/bin/sh\ncase $* in *addr*) echo '2: eth0    inet 203.0.113.10/24 scope global';; "
        "*get*) echo \"$*\";; *) echo 'blackhole 192.0.2.1 ';; esac\n"
    )
    tool.chmod(0o755)
    env = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "SSH_CONNECTION": "192.0.2.66 50000 203.0.113.10 22",
    }
    result = subprocess.run(
        ["sh", "-c", SCRIPT, "sh", "1000", ""], capture_output=True, text=True, env=env, check=True
    )
    assert (
        "@@@ way 203.0.113.10 192.0.2.66\n-4 route get 192.0.2.66 from 203.0.113.10"
        in result.stdout
    )
    assert "@@@ routes4\nblackhole 192.0.2.1" in result.stdout
