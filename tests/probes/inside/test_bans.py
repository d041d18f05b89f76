"""The script itself on this machine's sh, with tools that stand in for fail2ban's and iproute2's;
and what is made of what it prints."""

import asyncio
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

from diagnose.machine import CommandResult
from diagnose.model import Unseen
from diagnose.model.server import LostReplies
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


TOLD = ("sh", "-c", SCRIPT, "sh", str(MAX_BYTES), "192.168.100.3")


def lost(neighbour: str) -> tuple[LostReplies, ...]:
    printed = (
        f"\n@@@ neighbour br-5f2c1a2b3c4d 192.168.100.3\n{neighbour}"
        "\n@@@ network br-5f2c1a2b3c4d 192.168.100.3\n"
        "192.168.0.0/16 dev br-5f2c1a2b3c4d \n192.168.96.0/20 dev br-5f2c1a2b3c4d proto kernel\n"
        "\n@@@ engine br-5f2c1a2b3c4d 192.168.100.3\n"
        f"{'0' * 64} bridge \n5f2c1a2b3c4d{'e' * 52} shop_default shop\n"
    )
    machine = RecordedMachine({shlex.join(TOLD): CommandResult(TOLD, 0, printed, "", 0.0)})
    looking = Looking(machine)
    looking.options = replace(looking.options, visitor="192.168.100.3")

    async def work() -> None:
        await bans.work(looking)

    asyncio.run(work())
    return looking.observed(LostReplies)


def test_a_visitor_behind_a_bridge_of_containers_is_seen() -> None:
    (seen_there,) = lost("192.168.100.3 INCOMPLETE\n")
    assert (seen_there.device, seen_there.network) == ("br-5f2c1a2b3c4d", "192.168.96.0/20")
    assert (seen_there.engine_network, seen_there.project) == ("shop_default", "shop")
    assert seen_there.is_told
    assert not lost("192.168.100.3 lladdr 02:42:c0:a8:64:03 REACHABLE\n")
    assert not lost("")


def test_the_script_asks_on_a_bridge_of_containers_alone(tmp_path: Path) -> None:
    tools = {
        "ip": "case $* in *'addr show'*) ;; *'route get'*) echo \"$4 dev $DEVICE src 10.0.0.1\";; "
        '*neigh*) echo "$5 FAILED";; *match*) echo "10.0.0.0/8 dev $DEVICE";; esac',
        "ping": "exit 1",
        "docker": "echo '5f2c1a2b3c4d0 shop_default shop'",
    }
    for name, body in tools.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)

    def run(device: str, visitor: str) -> str:
        env = {
            "PATH": f"{tmp_path}:/usr/bin:/bin",
            "DEVICE": device,
            "SSH_CONNECTION": "10.0.0.9 1 10.0.0.1 22",
        }
        argv = ["sh", "-c", SCRIPT, "sh", "1000", visitor]
        return subprocess.run(argv, capture_output=True, text=True, env=env, check=True).stdout

    assert "@@@ neighbour br-5f2c 10.0.0.9\n10.0.0.9 FAILED" in run("br-5f2c", "10.0.0.9")
    assert "@@@ neighbour" not in run("eth0", "10.0.0.9")
    assert "@@@ neighbour" not in run("br-5f2c", "")
