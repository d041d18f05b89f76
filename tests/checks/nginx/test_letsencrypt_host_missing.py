"""nginx.letsencrypt-host-missing: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Command, Edit
from diagnose.model.containers import ComposeFile, ComposeService, Container, Containers
from diagnose.model.tls import Handshake
from diagnose.parsers.compose_files import shown_compose
from tests.support.certificates import LEAF
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import config

CHECK = "nginx.letsencrypt-host-missing"
PATH = "/srv/np/compose.yaml"
SHOP = "VIRTUAL_HOST=shop.example.com"


def seen(
    *variables: str, companion: str = "nginxproxy/acme-companion:2"
) -> tuple[ComposeFile, Containers]:
    lines = "".join(f"      - {each}\n" for each in (*variables, "PASSWORD=example-secret"))
    text = f"services:\n  app:\n    image: app:1\n    environment:\n{lines}"
    compose = ComposeService("np", "app", "/srv/np", (PATH,))
    app = Container("docker", "6f" * 32, "app", "app:1", state="running", compose=compose)
    other = Container("docker", "7a" * 32, "companion", companion, state="running")
    return (
        ComposeFile(path=PATH, text=shown_compose(text)),
        Containers(engines=("docker",), containers=(app, other)),
    )


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ((), "+      - LETSENCRYPT_HOST=shop.example.com"),
        (
            ("LETSENCRYPT_HOST=www.example.com",),
            "+      - LETSENCRYPT_HOST=www.example.com,shop.example.com",
        ),
    ],
)
def test_fires_and_writes_the_variable(more: tuple[str, ...], line: str) -> None:
    (claim,) = judge(CHECK, *seen(SHOP, *more), masked=False)
    assert claim.fix
    edit, up = claim.fix.steps
    assert isinstance(edit, Edit)
    assert line in edit.diff.splitlines()
    assert "example-secret" not in edit.diff
    assert isinstance(up, Command)
    assert up.argv[-3:] == ("up", "-d", "app")


def test_silent_where_two_containers_have_the_name() -> None:
    file, containers = seen(SHOP)
    second = replace(containers.containers[0], id="8b" * 32)
    assert not judge(CHECK, file, replace(containers, containers=(*containers.containers, second)))


def test_silent_where_the_name_is_there_or_a_certificate_or_no_companion() -> None:
    told = (SHOP, "LETSENCRYPT_HOST=www.example.com,shop.example.com")
    assert not judge(CHECK, *seen(*told))
    assert not judge(CHECK, *seen("VIRTUAL_HOST=other.example.com"))
    assert not judge(CHECK, *seen(SHOP, companion="redis:7"))
    shake = Handshake(
        address="203.0.113.10", port=443, server_name="shop.example.com", chain=(LEAF,)
    )
    assert not judge(CHECK, *seen(SHOP), shake)


@pytest.mark.parametrize(("name", "fires"), [("shop.example.com", False), ("default", True)])
def test_silent_where_nginx_proxy_has_a_certificate_that_somebody_else_brings(
    name: str, fires: bool
) -> None:
    text = (
        "server {\n listen 443 ssl;\n server_name shop.example.com;\n"
        f" ssl_certificate /etc/nginx/certs/{name}.crt;\n}}\n"
    )
    assert bool(judge(CHECK, *seen(SHOP), config(text))) is fires
