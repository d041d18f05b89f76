from dataclasses import replace

import pytest

from diagnose.model import Applicability, Command, Confidence, Edit, Observation
from diagnose.model.dns import Resolution
from diagnose.model.services import StartObstacle, UnitCorrection
from diagnose.model.web_servers import WebServerTest
from tests.support import caddy_evidence, haproxy_evidence
from tests.support.check_evidence import judge

CHECK = "server.start-fails"
CADDY = replace(caddy_evidence.CADDY, pid=None, state="failed", ports=())
HAPROXY = replace(haproxy_evidence.SERVER, pid=None, state="failed", ports=())
MET = StartObstacle(product="caddy", unit="caddy", obstacle="udp-port", message="in use", port=443)
OF_HAPROXY = replace(MET, product="haproxy", unit="haproxy")


def of_caddy(met: StartObstacle, *more: Observation, text: str = caddy_evidence.SITE) -> list[str]:
    config = caddy_evidence.caddy_config(text)
    claims = judge(CHECK, CADDY, config, met, *more)
    return _steps(claims)


def of_haproxy(
    met: StartObstacle, *more: Observation, text: str = haproxy_evidence.TEXT
) -> list[str]:
    return _steps(judge(CHECK, HAPROXY, haproxy_evidence.config(text), met, *more))


def _steps(claims: list) -> list[str]:  # type: ignore[type-arg]
    steps = []
    for claim in claims:
        assert claim.confidence is Confidence.CERTAIN
        assert claim.fix.applicability is Applicability.REVIEW
        for step in claim.fix.steps:
            assert isinstance(step, Command | Edit)
            steps.append(" ".join(step.argv) if isinstance(step, Command) else step.diff)
    return steps


START = "systemctl start caddy"


def test_fires_for_a_port_of_udp_and_leaves_http3_out() -> None:
    steps = of_caddy(replace(MET, process="hysteria", pid=7, holder="hysteria.service"))
    assert "+{\n+\tservers {\n+\t\tprotocols h1 h2\n+\t}\n+}" in steps[0]
    assert steps[1] == "systemctl reset-failed caddy"
    assert steps[-1] == START


def test_fires_for_the_port_of_the_administration() -> None:
    text = "{\n\temail a@example.com\n}\n" + caddy_evidence.SITE
    steps = of_caddy(
        replace(MET, obstacle="admin-port", port=2019, process="caddy", pid=7), text=text
    )
    assert "+\tadmin localhost:2020" in steps[0]


def test_silent_where_the_option_is_written() -> None:
    text = "{\n\tadmin localhost:2019\n}\n" + caddy_evidence.SITE
    assert not of_caddy(replace(MET, obstacle="admin-port", port=2019, process="caddy"), text=text)


def test_fires_for_a_web_server_without_a_site() -> None:
    met = replace(MET, obstacle="tcp-port", port=80, process="apache2", holder="apache2.service")
    steps = of_caddy(replace(met, is_unused=True))
    assert steps[:2] == ["systemctl stop apache2", "systemctl disable apache2"]
    assert not of_caddy(met)
    assert not of_caddy(replace(met, is_unused=True, holder=""))


def test_fires_for_a_port_below_1024() -> None:
    correction = UnitCorrection(unit="caddy", lines=("AmbientCapabilities=CAP_NET_BIND_SERVICE",))
    steps = of_caddy(replace(MET, obstacle="low-port"), correction)
    assert any("AmbientCapabilities=CAP_NET_BIND_SERVICE" in step for step in steps)
    assert not of_caddy(replace(MET, obstacle="low-port"))


def test_fires_for_a_file_of_root() -> None:
    file = replace(
        MET,
        obstacle="file",
        user="caddy",
        group="caddy",
        owner="root",
        owner_group="root",
        mode=0o600,
    )
    steps = of_caddy(replace(file, path="/var/log/caddy/access.log"))
    assert steps[0] == "chown caddy:caddy /var/log/caddy/access.log"
    steps = of_caddy(replace(file, path=caddy_evidence.CONFIG))
    assert steps[:2] == [
        f"chgrp caddy {caddy_evidence.CONFIG}",
        f"chmod g+r {caddy_evidence.CONFIG}",
    ]
    for path in ("/etc/letsencrypt/live/a/privkey.pem", "/root/page.html"):
        assert not of_caddy(replace(file, path=path))
    assert not of_caddy(replace(file, path="/var/log/a.log", user=""))
    # Another program's log, a group that reads the file, and a way around.
    assert not of_caddy(replace(file, path="/var/log/nginx/access.log", owner="www-data"))
    shared = replace(file, path=caddy_evidence.CONFIG, owner_group="admins")
    assert not of_caddy(replace(shared, mode=0o640))
    assert of_caddy(shared)
    assert not of_caddy(replace(file, path="/var/log/../../etc/shadow"))


def test_fires_for_a_folder() -> None:
    folder = replace(MET, obstacle="folder", path="/var/log/caddy", user="caddy", group="caddy")
    assert of_caddy(folder)[:2] == ["mkdir -p /var/log/caddy", "chown caddy:caddy /var/log/caddy"]
    assert not of_caddy(replace(folder, path="/opt/data"))
    assert not of_caddy(replace(folder, path="/var/log/../../opt/data"))


def test_fires_for_an_address_that_comes_later() -> None:
    met = replace(OF_HAPROXY, obstacle="address", address="192.0.2.9", setting=0)
    steps = of_haproxy(met)
    assert steps[0] == "sysctl -w net.ipv4.ip_nonlocal_bind=1"
    assert not of_haproxy(replace(met, setting=1))
    assert not of_haproxy(replace(met, address="2001:db8::1"))


def test_fires_for_an_address_of_a_cloud() -> None:
    met = replace(OF_HAPROXY, obstacle="address", address="203.0.113.10", setting=0)
    text = haproxy_evidence.TEXT.replace("bind :443", "bind 203.0.113.10:443")
    name = Resolution(name="shop.example.com", family=4, addresses=("203.0.113.10",))
    steps = of_haproxy(met, name, text=text)
    assert "+    bind :443 ssl" in steps[0]


def test_fires_for_a_folder_of_chroot() -> None:
    met = replace(OF_HAPROXY, obstacle="chroot", path="/var/empty/haproxy")
    assert of_haproxy(met)[0] == "mkdir -p /var/empty/haproxy"
    steps = of_haproxy(replace(met, mode=0o755, bounds=True))
    assert any("CapabilityBoundingSet=CAP_SYS_CHROOT" in step for step in steps)
    assert not of_haproxy(replace(met, mode=0o755))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/run/haproxy/admin.sock", "RuntimeDirectory=haproxy"),
        ("/srv/haproxy/admin.sock", "mkdir -p /srv/haproxy"),
    ],
)
def test_fires_for_the_folder_of_a_socket(path: str, words: str) -> None:
    met = replace(OF_HAPROXY, obstacle="socket-folder", path=path)
    assert any(words in step for step in of_haproxy(met))
    assert not of_haproxy(replace(met, mode=0o755))


def test_fires_for_a_command_that_ends() -> None:
    met = replace(MET, obstacle="command", message="", command="/usr/bin/caddy start --config /a")
    steps = of_caddy(met)
    assert any("ExecStart=/usr/bin/caddy run --config /a" in step for step in steps)


def test_silent_where_it_runs_or_its_test_fails() -> None:
    config = caddy_evidence.caddy_config(caddy_evidence.SITE)
    running = replace(CADDY, pid=10)
    refused = WebServerTest(product="caddy", passed=False, message="no")
    assert not judge(CHECK, running, config, MET)
    assert not judge(CHECK, CADDY, config, MET, refused)
    assert not judge(CHECK, CADDY, config, OF_HAPROXY)
