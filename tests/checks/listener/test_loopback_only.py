import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.model import (
    Applicability,
    Confidence,
    Edit,
    Fix,
    Host,
    Manual,
    Risk,
    Target,
    Vantage,
    Where,
    commands,
)
from diagnose.model.applications import ReadSetting
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.nginx.config import parse
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import REFUSED, judge, texts
from tests.support.firewall_rules import connected, listening
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT as TEXT_OF_HAPROXY
from tests.support.haproxy_evidence import config as haproxy_config

CHECK = "listener.loopback-only"

TEXT = """\
server {
    listen 127.0.0.1:443 ssl default_server;  # for now
    listen [::1]:443 ssl;
    server_name shop.example.com;
}
server { listen 127.0.0.1:443; server_name other.example.com; }
"""
LOCAL = listening(443, address="127.0.0.1")
HERE = Host(vantage=Vantage.SERVER, hostname="web", role="server", manager="systemd")


def config(path: str) -> NginxConfig:
    main = parse(f"http {{\n{TEXT}}}\n", path)
    file = ConfigFile(path, f"http {{\n{TEXT}}}\n")
    return NginxConfig(vantage=Vantage.SERVER, path=path, main=main, files=(file,))


def test_fires_with_a_patch_that_patch_applies(tmp_path: Path) -> None:
    path = tmp_path / "nginx.conf"
    path.write_text(f"http {{\n{TEXT}}}\n")
    refused = connected(failure=REFUSED)
    (claim,) = judge("listener.loopback-only", HERE, LOCAL, refused, config(str(path)))
    assert claim.facts["sockets"] == ("127.0.0.1:443",)
    assert claim.location is not None
    assert claim.location.line == 3
    assert claim.fix is not None
    edit, *taken = claim.fix.steps
    assert isinstance(edit, Edit)
    subprocess.run(["patch", "-s", str(path)], input=edit.diff, text=True, check=True)
    changed = path.read_text()
    assert "    listen 443 ssl default_server;  # for now\n    listen [::]:443 ssl;\n" in changed
    # Another name's block is left as it is.
    assert "listen 127.0.0.1:443; server_name other" in changed
    assert taken == [commands.test_nginx(("nginx",)), commands.restart_service("nginx")]
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_without_a_patch_for_other_programs() -> None:
    docker = listening(443, address="127.0.0.1", process="docker-proxy")
    (claim,) = judge("listener.loopback-only", docker)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix is not None
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert step.step == "publish"


def test_silent_where_another_socket_listens_for_all() -> None:
    assert not judge("listener.loopback-only", listening(443), LOCAL)
    assert not judge("listener.loopback-only", listening(443))


def test_silent_where_something_answers_all_the_same() -> None:
    assert not judge("listener.loopback-only", LOCAL, connected("198.51.100.80"))


def test_silent_where_the_target_is_this_machine() -> None:
    for host in ("127.0.0.1", "localhost"):
        target = Target(host, "https", host, 443)
        assert not judge("listener.loopback-only", LOCAL, target=target)


def _lines(server: WebServer, config: WebServerConfig) -> str:
    refused = connected(failure=REFUSED)
    (claim,) = judge(CHECK, HERE, LOCAL, refused, server, config, masked=False)
    edit = claim.fix.steps[0] if claim.fix else None
    if not isinstance(edit, Edit):
        return ""
    # It may be for this machine alone, on purpose.
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    return edit.diff


def test_the_lines_of_haproxy_lose_their_address() -> None:
    text = TEXT_OF_HAPROXY.replace("bind :443", "bind 127.0.0.1:443")
    stats = "frontend stats\n    bind 127.0.0.1:8404\n"
    diff = _lines(HAPROXY, haproxy_config(text + stats))
    assert "+    bind :443 ssl crt" in diff
    assert "8404" not in "".join(row for row in diff.splitlines() if row.startswith(("+", "-")))


def test_the_one_bind_of_caddy_goes() -> None:
    text = "shop.example.com {\n\tbind 127.0.0.1 [::1]\n\treverse_proxy 127.0.0.1:3000\n}\n"
    assert "-\tbind 127.0.0.1 [::1]\n" in _lines(CADDY, caddy_config(text, document("a.example")))
    other = text + text.replace("shop", "blog")
    assert not _lines(CADDY, caddy_config(other, document("a.example")))


READ = ReadSetting(
    application="program", topic="listen-address", key="server.address",
    file="/opt/mall/application.properties", number=2, line="server.address=127.0.0.1",
    new="server.address=0.0.0.0", process="java", unit="mall.service",
)  # fmt: skip


def test_fires_with_the_edit_of_the_programs_own_setting() -> None:
    java = listening(443, address="127.0.0.1", process="java")
    (claim,) = judge(CHECK, HERE, java, connected(failure=REFUSED), READ)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit, restart = claim.fix.steps
    assert isinstance(edit, Edit)
    assert edit.risk is Risk.OPENS_TO_ALL
    assert "+server.address=0.0.0.0" in edit.diff
    assert restart == commands.restart_service("mall")
    assert "application.properties:2 (`server.address`)" in " ".join(texts(CHECK, claim))


def test_fires_and_a_person_changes_a_line_that_is_not_edited() -> None:
    java = listening(443, address="127.0.0.1", process="java")
    (claim,) = judge(CHECK, HERE, java, replace(READ, new=""))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_with_that_setting_where_another_socket_listens_for_all() -> None:
    assert not judge(CHECK, HERE, listening(443), LOCAL, READ)


@pytest.mark.parametrize(
    ("process", "step"), [("sshd-session", "forward"), ("sshd", "forward"), ("node", "bind")]
)
def test_a_port_of_ssh_is_opened_by_sshd(process: str, step: str) -> None:
    local = listening(443, address="127.0.0.1", process=process)
    (claim,) = judge(CHECK, HERE, local, connected(failure=REFUSED))
    assert claim.fix == Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
