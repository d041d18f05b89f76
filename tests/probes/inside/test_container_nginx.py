"""The nginx of a container behind the server's own."""

import asyncio
import shlex
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from diagnose.machine.script_files import read_script
from diagnose.model import Observation, Symptom
from diagnose.model.containers import Container, ContainerPort, Namespace
from diagnose.model.nginx import ContainerNginx, NginxConfig
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.probes.inside import container_nginx as probes
from diagnose.probes.inside import containers as lists_of
from diagnose.probes.inside import nginx_config
from diagnose.probes.inside.containers import ContainerLists
from diagnose.probes.inside.nginx_config import ConfigTree
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import SITE, config
from tests.support.page_errors import page
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

WEB = Container(
    "docker", "ab" * 32, "web", ports=(ContainerPort(80, 8088, "0.0.0.0"),), state="running"
)
INSIDE = Namespace(42, ("nginx",), WEB.id, ("172.17.0.2",), (("0.0.0.0", 80),))
TEXT = "http { server { listen 80; location / { proxy_pass http://app:5001; } } }"
OUTER = config(SITE.replace("127.0.0.1:3000", "127.0.0.1:8088"))


def looked(
    monkeypatch: pytest.MonkeyPatch,
    nginx: NginxConfig = OUTER,
    namespace: Namespace = INSIDE,
    *,
    message: str = "Mixed Content",
    seen: Observation | None = None,
    files: dict[str, str] | None = None,
    commands: dict[str, str] | None = None,
) -> tuple[ContainerNginx, ...]:
    ctx = Looking(RecordedMachine(commands, files=files))
    ctx.target = SHOP
    if message:
        ctx.target = replace(SHOP, symptom=Symptom("mixed-content", message))

    async def read_containers(_: object) -> ContainerLists:
        return ContainerLists(containers=(WEB,), namespaces=(namespace,))

    async def read_config_tree(_: object, path: str, __: int) -> ConfigTree:
        return ConfigTree(nginx_parser.parse(TEXT, path), ())

    async def work() -> None:
        ctx.observations.append(nginx)
        await probes.after_a_message.work(ctx, nginx)
        if seen is not None:
            probe: Any = probes.behind_a_plain_redirect
            await probe.work(ctx, seen, nginx)

    monkeypatch.setattr(lists_of, "read_containers", read_containers)
    monkeypatch.setattr(nginx_config, "read_config_tree", read_config_tree)
    asyncio.run(work())
    return ctx.observed(ContainerNginx)


def test_reads_it_after_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    (read,) = looked(monkeypatch)
    assert (read.container, read.port, read.endpoints) == ("web", 80, (("127.0.0.1", 8088),))
    (http,) = read.main
    assert http.file == "web:/etc/nginx/nginx.conf"
    assert http.block
    assert http.block[0].file == http.file


def test_reads_it_at_its_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    nginx = config(SITE.replace("127.0.0.1:3000", "172.17.0.2:80"))
    (read,) = looked(monkeypatch, nginx)
    assert read.endpoints == (("172.17.0.2", 80),)


def test_reads_it_behind_a_redirect_to_http(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = replace(page(302), headers=(("Location", "http://shop.example.com/login"),))
    assert looked(monkeypatch, message="", seen=moved)
    onward = replace(moved, headers=(("Location", "https://shop.example.com/login"),))
    assert not looked(monkeypatch, message="", seen=onward)


def test_reads_nothing_without_a_reason_or_another_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not looked(monkeypatch, message="", seen=page(200))
    assert not looked(monkeypatch, namespace=replace(INSIDE, processes=("node",)))
    assert not looked(monkeypatch, config(SITE))


def test_reads_the_file_that_it_was_started_with(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "/proc/self/mountinfo": "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n",
        "/proc/41/mountinfo": "90 80 8:1 /srv/web /srv rw - ext4 /dev/sda1 rw\n",
    }
    script = read_script(probes.__file__, "container_masters.sh")
    asked = shlex.join(("sh", "-c", script, "sh", "42"))
    commands = {asked: "41 nginx: master process nginx -c /srv/own.conf -g daemon off; \n"}
    (read,) = looked(monkeypatch, files=files, commands=commands)
    assert read.main[0].file == "web:/srv/own.conf"
    assert (read.pid, read.mounts) == (41, (("/srv", "/srv/web", False),))


def test_reads_it_behind_a_failed_page_and_a_refused_upload(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ctx = Looking(RecordedMachine())
    ctx.target = SHOP

    async def read_containers(_: object) -> ContainerLists:
        return ContainerLists(containers=(WEB,), namespaces=(INSIDE,))

    async def read_config_tree(_: object, path: str, __: int) -> ConfigTree:
        return ConfigTree(nginx_parser.parse(TEXT, path), ())

    monkeypatch.setattr(lists_of, "read_containers", read_containers)
    monkeypatch.setattr(nginx_config, "read_config_tree", read_config_tree)
    server: Any = apache_config(HTTPS.replace("127.0.0.1:3000", "127.0.0.1:8088"))
    ctx.observations += [APACHE, LISTENING, server, page(200)]
    failure: Any = SimpleNamespace(status=413, path="/upload")
    came: Any = probes.behind_a_failed_page
    logged: Any = probes.behind_a_logged_failure
    told: Any = probes.after_a_message_behind_a_server
    asyncio.run(came.work(ctx, page(200)))
    assert not ctx.observed(ContainerNginx)
    asyncio.run(logged.work(ctx, failure))
    assert len(ctx.observed(ContainerNginx)) == 1
    ctx.observations[:] = [APACHE, LISTENING, server, page(502)]
    asyncio.run(told.work(ctx, server))
    assert len(ctx.observed(ContainerNginx)) == 1
