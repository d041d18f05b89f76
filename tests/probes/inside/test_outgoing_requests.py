"""The way of the site's program to what it does not reach."""

import asyncio
import json
import os
import shlex
import ssl
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.outgoing import OutgoingTry
from diagnose.model.server import Listener, Listeners
from diagnose.model.symptom import Symptom
from diagnose.model.web_servers import SiteRoute, WebServerConfig, WebSite
from diagnose.probes.inside import program_requests as probes
from diagnose.probes.inside.containers import SCRIPT as CONTAINERS
from diagnose.probes.inside.outgoing_requests import SCRIPT, SURROUNDINGS
from tests.lab import certificates
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.servers import tls_server

PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
SSO = "sso.example.com"
TOLD = Symptom("outgoing", f"cURL error 7: Failed to connect to {SSO} port 443 for https://{SSO}/")
REFUSED = "names 0\n@@@ 203.0.113.10\nconnect:errno=111\ncode 1\n"
WELL = (
    "names 0\n@@@ 203.0.113.10\nCONNECTED(00000003)\n 0 s:a\n   i:b\nVerify return code: 0 (ok)\n"
)
ID = "a" * 64
LISTED = {
    "ID": ID, "Names": "app", "Image": "app", "Networks": "shop", "State": "running",
    "Ports": "0.0.0.0:443->3000/tcp", "Status": "Up", "Labels": "",
}  # fmt: skip
IN_DOCKER = f"""
@@@ docker
{json.dumps(LISTED)}

@@@ net
pid 77
comm app
cgroup 0::/docker/{ID}
address 172.18.0.2
   0: 00000000:0BB8 00000000:0000 0A
"""


class Machine(RecordedMachine):
    """A server that answers the same to a script whatever its words are."""

    def __init__(self, outputs: dict[str, str]) -> None:
        super().__init__({}, {})
        self.outputs, self.asked = outputs, list[tuple[str, ...]]()

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.asked.append(argv)
        inside = "nsenter" in shlex.join(argv)
        for script, output in self.outputs.items():
            if script.removeprefix("inside ") in argv and inside == script.startswith("inside "):
                return CommandResult(argv, 0, output, "", 0.0)
        return CommandResult(argv, 0, "", "", 0.0)


def look(
    outputs: dict[str, str], process: str, text: str = "", *configs: Any
) -> tuple[Machine, list[Any]]:
    machine = Machine(outputs)
    looking: Any = Looking(machine)
    symptom = replace(TOLD, text=text) if text else TOLD
    looking.target = replace(looking.target, symptom=symptom)
    listener = Listener(address="0.0.0.0", port=443, family=4, pid=9, process=process)
    listeners = looking.emit(Listeners(sockets=(listener,)))
    for config in configs:
        looking.emit(config)
    probe: Any = probes.program_of_the_port
    asyncio.run(probe.work(looking, looking.emit(PAGE), listeners))
    return machine, list(looking.observed(OutgoingTry))


def test_a_container_is_tried_in_its_network_and_the_server_to_compare() -> None:
    around = f"comm app\ncgroup 0::/docker/{ID}\nstore /etc/ssl/certs/ca-certificates.crt\n"
    outputs = {CONTAINERS: IN_DOCKER, SURROUNDINGS: around,
               f"inside {SCRIPT}": REFUSED, SCRIPT: WELL}  # fmt: skip
    _, (own, server) = look(outputs, "docker-proxy")
    assert (own.place, own.title, own.is_well, own.sources) == (
        "container",
        "app",
        False,
        ("172.18.0.2",),
    )
    assert own.authorities == ("/etc/ssl/certs/ca-certificates.crt",)
    assert own.equivalent == f"docker exec app curl -sSI https://{SSO}/"
    assert (server.place, server.is_well) == ("server", True)


def test_a_service_of_the_server_needs_no_comparison() -> None:
    outputs = {SURROUNDINGS: "comm php\ncgroup 0::/system.slice/shop.service\n", SCRIPT: REFUSED}
    _, (own,) = look(outputs, "php")
    assert (own.place, own.unit, own.progress) == ("service", "shop.service", 1)


def test_the_proxy_of_the_environment_is_taken_and_its_login_is_not_shown() -> None:
    around = "comm php\ncgroup 0::/system.slice/shop.service\nenv https_proxy=http://proxy:3128\n"
    machine, (own, server) = look({SURROUNDINGS: around, SCRIPT: WELL}, "php")
    assert (own.proxy, server.proxy) == ("http://proxy:3128", "")
    assert any(argv[-1] == "proxy:3128" for argv in machine.asked)
    _, (own,) = look({SURROUNDINGS: f"{around}env no_proxy=example.com\n", SCRIPT: WELL}, "php")
    assert not own.proxy
    secret = around.replace("proxy:3128", "u:p@proxy:3128")
    _, (own,) = look({SURROUNDINGS: secret, SCRIPT: WELL}, "php")
    assert not own.proxy


def test_no_link_local_address_is_asked() -> None:
    machine, tries = look({SCRIPT: WELL}, "php", "dial tcp 169.254.169.254:80: i/o timeout")
    assert not tries
    assert not machine.asked


LOOKUP = "a 502 behind caddy: dial tcp: lookup app: no such host"
SITE = WebSite(routes=(SiteRoute("/", "http://app:8000", host="app", port=8000),))
CADDY = WebServerConfig(vantage=Vantage.SERVER, product="caddy", path="/c", sites=(SITE,))
FOUND = f"comm app\ncgroup 0::/docker/{ID}\n"


def test_a_name_of_the_proxys_own_lines_is_not_the_programs_way_out() -> None:
    _, tries = look(
        {CONTAINERS: IN_DOCKER, SURROUNDINGS: FOUND, SCRIPT: WELL}, "caddy", LOOKUP, CADDY
    )
    assert not tries
    other = LOOKUP.replace("lookup app", "lookup db")
    _, tries = look(
        {CONTAINERS: IN_DOCKER, SURROUNDINGS: FOUND, SCRIPT: WELL}, "caddy", other, CADDY
    )
    assert tries


def test_no_program_asks_for_itself_by_the_name_of_its_container() -> None:
    _, tries = look(
        {CONTAINERS: IN_DOCKER, SURROUNDINGS: FOUND, SCRIPT: WELL}, "docker-proxy", LOOKUP
    )
    assert not tries


def test_the_container_of_a_web_server_is_not_the_program() -> None:
    outputs = {CONTAINERS: IN_DOCKER.replace("comm app", "comm nginx"), SCRIPT: WELL}
    _, tries = look(outputs, "docker-proxy")
    assert not tries


def test_the_authorities_of_a_folder_count_and_a_pipe_does_not_stop_it(tmp_path: Path) -> None:
    pem = tmp_path / "site.pem"
    pem.write_text(certificates.good().key_pem + certificates.good().chain)
    trusted, other = tmp_path / "trusted", tmp_path / "other"
    for folder, authority in ((trusted, certificates.root()), (other, certificates.private_root())):
        folder.mkdir()
        (folder / "authority.crt").write_text(authority.pem)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with tls_server(context) as port:
        said = {
            name: subprocess.run(
                ("sh", "-c", SCRIPT, "sh", "127.0.0.1", str(port), "", *map(str, files)),
                capture_output=True, text=True, timeout=20, check=False,
            ).stdout
            for name, files in (("ok", (trusted,)), ("other", (other,)), ("pipe", (pipe,)))
        }  # fmt: skip
    assert all("CONNECTED(" in words for words in said.values())
    assert [name for name, words in said.items() if "Verify return code: 0" in words] == ["ok"]
