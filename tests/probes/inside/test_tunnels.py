"""The clients of tunnels on the server."""

import asyncio
import shlex
from dataclasses import replace

from diagnose.model.http import Exchange
from diagnose.model.processes import TunnelClient
from diagnose.parsers.tunnels import PROGRAMS
from diagnose.probes.inside import tunnels as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=502)
TEXT = (
    "tunnel 9 frpc\nfolder /srv/frp\n frpc\n -c\n frpc.toml\n"
    "tunnel 10 ssh\nfolder /\n ssh\n -R\n 80:localhost:3000\n vps\ntunnel x ssh\n"
)
TOML = '[[proxies]]\nlocalPort = 8080\ncustomDomains = ["shop.example.com"]\n'


def look(page: Exchange) -> tuple[TunnelClient, ...]:
    command = shlex.join(("sh", "-c", probes.SCRIPT, "sh", *PROGRAMS))
    looking = Looking(RecordedMachine({command: TEXT}, {"/srv/frp/frpc.toml": TOML}))
    asyncio.run(probes.tunnels.work(looking, page))  # type: ignore[arg-type]
    return looking.observed(TunnelClient)


def test_where_they_lead() -> None:
    frpc, ssh = look(PAGE)
    assert (frpc.program, frpc.port, frpc.names) == ("frpc", 8080, ("shop.example.com",))
    assert frpc.file == "/srv/frp/frpc.toml"
    assert (ssh.host, ssh.port, ssh.file) == ("localhost", 3000, "")


def test_nothing_is_read_where_the_page_comes() -> None:
    assert not look(replace(PAGE, status=200))


def test_loopback_of_another_network_is_not_this_servers() -> None:
    command = shlex.join(("sh", "-c", probes.SCRIPT, "sh", *PROGRAMS))
    text = TEXT.replace("folder /srv/frp\n", "folder /srv/frp\napart\n")
    looking = Looking(RecordedMachine({command: text}, {"/proc/9/root/srv/frp/frpc.toml": TOML}))
    asyncio.run(probes.tunnels.work(looking, PAGE))  # type: ignore[arg-type]
    assert [client.program for client in looking.observed(TunnelClient)] == ["ssh"]
