"""The container of PHP that does not find a script."""

import asyncio
import shlex
from collections.abc import Sequence
from dataclasses import replace

import pytest

from diagnose.machine import container as container_module
from diagnose.machine.script_files import read_script
from diagnose.model.containers import (
    BindMount,
    ComposeService,
    Container,
    ContainerPort,
    Namespace,
    ScriptContainer,
)
from diagnose.model.logs import LogLine
from diagnose.model.web_servers import SiteRoute, SiteSocket, WebServerConfig, WebSite
from diagnose.probes.inside import script_containers
from diagnose.probes.inside.containers import ContainerLists
from diagnose.probes.inside.script_containers import SCRIPT
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import config
from tests.support.page_errors import logged
from tests.support.recorded_machine import RecordedMachine
from tests.support.report_builder import ANSWER

SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /srv/shop;
    location / { fastcgi_pass 127.0.0.1:9000; }
}
"""
SAID = 'FastCGI sent in stderr: "Primary script unknown" while reading response header'
LINE = replace(logged(SAID), upstream="fastcgi://127.0.0.1:9000")
FPM = Container(
    "docker", "ab" * 32, "fpm", ports=(ContainerPort(9000, 9000, "0.0.0.0"),), state="running"
)
INNER = Namespace(42, container=FPM.id, addresses=("172.17.0.2",), sockets=(("0.0.0.0", 9000),))
OUTPUT = """
@@@ ours
22 1 8:1 / / rw - ext4 /dev/sda1 rw

@@@ theirs
90 80 8:1 /srv/shop /var/www/html rw - ext4 /dev/sda1 rw

@@@ path
missing
"""


def looked(
    monkeypatch: pytest.MonkeyPatch,
    *lines: LogLine,
    containers: Sequence[Container] = (FPM,),
    output: str = OUTPUT,
) -> tuple[ScriptContainer, ...]:
    paths = read_script(container_module.__file__, "container_paths.sh")
    script = f"pid=42\n{paths}\n{SCRIPT}"
    asked = shlex.join(("sh", "-c", script, "sh", "42", "/srv/shop", "/index.php"))
    ctx = Looking(RecordedMachine({asked: output}))

    async def read_containers(_: object) -> ContainerLists:
        return ContainerLists(containers=tuple(containers), namespaces=(INNER,))

    async def work() -> None:
        nginx = config(SITE)
        ctx.observations.append(nginx)
        for line in lines:
            await script_containers.script_container.work(ctx, line, nginx)

    monkeypatch.setattr(script_containers, "read_containers", read_containers)
    asyncio.run(work())
    return ctx.observed(ScriptContainer)


def test_looks_into_the_container_that_publishes_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    (container,) = looked(monkeypatch, LINE, LINE)
    assert (container.name, container.is_there) == ("fpm", False)
    assert container.mounts == (BindMount("/var/www/html", "/srv/shop"),)
    assert container.seen_at == "/var/www/html"


def test_looks_into_the_one_with_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    line = replace(LINE, upstream="fastcgi://172.17.0.2:9000")
    (container,) = looked(monkeypatch, line, output=OUTPUT.replace("missing", "there"))
    assert container.is_there


@pytest.mark.parametrize(
    "line",
    [
        replace(LINE, text="something else"),
        replace(LINE, request="GET /other HTTP/1.1"),
        replace(LINE, upstream="fastcgi://unix:/run/php.sock:"),
        replace(LINE, upstream="fastcgi://127.0.0.1:9001"),
        replace(LINE, upstream=""),
    ],
)
def test_looks_at_nothing_else(monkeypatch: pytest.MonkeyPatch, line: LogLine) -> None:
    assert not looked(monkeypatch, line)


def test_says_nothing_where_no_container_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not looked(monkeypatch, LINE, containers=())
    assert not looked(monkeypatch, LINE, output="")


@pytest.mark.parametrize(
    ("rows", "within"),
    [
        ("1 /srv/shop/blog/web\n", "/srv/shop/blog/web"),
        ("2 /srv/shop/a/b\n", "/srv/shop/a/b"),
        ("1 /srv/shop/blog\n2 /srv/shop/blog/admin\n2 /srv/shop/blog/lib\n", "/srv/shop/blog"),
        ("4 /srv/shop/public\n3 /srv/shop\n", "/srv/shop"),
        ("1 /srv/shop/a\n1 /srv/shop/b\n", ""),
        ("1 /srv/shop/a b\n", ""),
        ("", ""),
    ],
)
def test_names_the_only_folder_near_it(
    monkeypatch: pytest.MonkeyPatch, rows: str, within: str
) -> None:
    (container,) = looked(monkeypatch, LINE, output=f"{OUTPUT}\n@@@ below\n{rows}")
    assert container.within == within


PHP = WebSite(
    names=("shop.example.com",), sockets=(SiteSocket(443, tls=True),), root="/srv/shop",
    routes=(SiteRoute("/", "fcgi://127.0.0.1:9000", "fcgi", "127.0.0.1", 9000),),
)  # fmt: skip


def test_looks_behind_caddy_where_php_fpm_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = read_script(container_module.__file__, "container_paths.sh")
    script = f"pid=42\n{paths}\n{SCRIPT}"
    asked = shlex.join(("sh", "-c", script, "sh", "42", "/srv/shop", "/index.php"))
    made = replace(FPM, compose=ComposeService("web", "php", files=("/srv/web/compose.yaml",)))

    async def read_containers(_: object) -> ContainerLists:
        return ContainerLists(containers=(made,), namespaces=(INNER,))

    monkeypatch.setattr(script_containers, "read_containers", read_containers)
    caddy = WebServerConfig(product="caddy", path="/etc/caddy/Caddyfile", sites=(PHP,))

    def found(body: str) -> tuple[ScriptContainer, ...]:
        ctx = Looking(RecordedMachine({asked: OUTPUT}))
        said = replace(ANSWER, status=404, body=body)

        async def work() -> None:
            await script_containers.behind_another_server.work(ctx, said, caddy)

        asyncio.run(work())
        return ctx.observed(ScriptContainer)

    (container,) = found("File not found.\n")
    assert (container.compose, container.service) == ("/srv/web/compose.yaml", "php")
    assert container.seen_at == "/var/www/html"
    assert not found("<h1>Not found</h1>")
