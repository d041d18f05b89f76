"""server.traefik-no-entry-point: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Command, Confidence, Edit, Manual, Observation
from diagnose.model.containers import (
    ComposeFile,
    ComposeService,
    Container,
    ContainerPort,
    Containers,
    NginxContainer,
)
from diagnose.model.traefik import TraefikState
from diagnose.model.web_servers import ServerFile, WebServerConfig
from diagnose.parsers.compose_files import shown_compose
from tests.support.check_evidence import judge
from tests.support.traefik_evidence import NOT_FOUND, POINTS, ROUTER, TRAEFIK, state

CHECK = "server.traefik-no-entry-point"
PORTS = (ContainerPort(80, 80, "0.0.0.0"), ContainerPort(443, 443, "0.0.0.0"))
OWN = NginxContainer(pid=10, engine="docker", digest="5e" * 32, name="traefik", ports=PORTS)
SERVER = replace(TRAEFIK, container="traefik", unit="", ports=(80, 443))
PATH = "/srv/stack/compose.yaml"
STATIC = "/etc/traefik/traefik.yml"
YAML = 'entryPoints:\n  web:\n    address: ":80"\nproviders:\n  docker: {}\n'
TOML = '[entryPoints]\n  [entryPoints.web]\n    address = ":80"\n'


def without(known: TraefikState | None = None, **more: object) -> TraefikState:
    """Traefik without an entry point for port 443."""
    return replace(known or state(), points=POINTS[:1], **more)  # type: ignore[arg-type]


def read(path: str, text: str) -> WebServerConfig:
    return WebServerConfig(product="traefik", path=path, files=(ServerFile(path, text),))


@pytest.mark.parametrize(
    ("path", "text", "lines"),
    [
        (STATIC, YAML, ["+  websecure:", '+    address: ":443"']),
        ("/etc/traefik/traefik.toml", TOML, ["+[entryPoints.websecure]", '+  address = ":443"']),
    ],
)
def test_fires_and_writes_the_static_file(path: str, text: str, lines: list[str]) -> None:
    ignored = ("entrypoints.websecure.address=:443",)
    known = without(path=path, ignored=ignored)
    (claim,) = judge(CHECK, SERVER, known, OWN, read(path, text), masked=False)
    assert (claim.confidence, claim.facts["ignored"]) == (Confidence.CERTAIN, ignored[0])
    assert claim.fix
    edit, again = claim.fix.steps
    assert isinstance(edit, Edit)
    assert [line for line in edit.diff.splitlines() if line in lines] == lines
    assert isinstance(again, Command)
    assert again.argv == ("docker", "restart", "traefik")


@pytest.mark.parametrize(
    ("block", "arguments", "line"),
    [
        (
            'command:\n      - "--entrypoints.web.address=:80"\n',
            "traefik --entrypoints.web.address=:80",
            '+      - "--entrypoints.websecure.address=:443"',
        ),
        (
            "environment:\n      - TRAEFIK_ENTRYPOINTS_WEB_ADDRESS=:80\n",
            "traefik",
            "+      - TRAEFIK_ENTRYPOINTS_WEBSECURE_ADDRESS=:443",
        ),
    ],
)
def test_fires_and_writes_the_compose_file(block: str, arguments: str, line: str) -> None:
    text = f"services:\n  traefik:\n    image: traefik:v3\n    {block}"
    container = Container(
        "docker", OWN.digest, "traefik", state="running", ports=PORTS,
        compose=ComposeService("stack", "traefik", "/srv/stack", (PATH,)),
    )  # fmt: skip
    found: tuple[Observation, ...] = (
        ComposeFile(path=PATH, text=shown_compose(text)),
        Containers(engines=("docker",), containers=(container,)),
    )
    server = replace(SERVER, arguments=arguments)
    (claim,) = judge(CHECK, server, without(path=""), OWN, *found, masked=False)
    assert claim.fix
    edit, up = claim.fix.steps
    assert isinstance(edit, Edit)
    assert line in edit.diff.splitlines()
    assert isinstance(up, Command)
    assert up.argv[-3:] == ("up", "-d", "traefik")


def test_fires_with_the_point_that_a_router_names() -> None:
    known = without(state(replace(ROUTER, entry_points=("https",))))
    (claim,) = judge(CHECK, replace(SERVER, container="", ports=(80,)), known)
    assert (claim.facts["point"], claim.confidence) == ("https", Confidence.LIKELY)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_silent_where_the_port_is_there_or_answered_or_nobody_means_it() -> None:
    assert not judge(CHECK, SERVER, state(ROUTER), OWN)
    assert not judge(CHECK, SERVER, without(), OWN, NOT_FOUND)
    assert not judge(CHECK, SERVER, without(), replace(OWN, ports=PORTS[:1]))
    assert not judge(CHECK, replace(SERVER, container="", ports=(80,)), without())
    assert not judge(CHECK, replace(SERVER, product="caddy"), without(), OWN)
