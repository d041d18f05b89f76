"""Exact remedies for containers that do not run: their restart policy, the health check of another,
and a network that is gone. Docker does not run here: what it says is given as literals."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Command, Edit, Vantage
from diagnose.model.containers import (
    ComposeFile,
    ComposeService,
    Container,
    ContainerPort,
    Containers,
    Namespace,
)
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import REFUSED, SHOP, judge, texts
from tests.support.firewall_rules import connected, host, listening

CHECK = "listener.container-stopped"
FOLDER = "/srv/blog"
FILE = f"{FOLDER}/compose.yml"
PROXY = Container(
    engine="docker",
    id="b" * 64,
    name="blog-proxy-1",
    networks=("front",),
    ports=(ContainerPort(443, 443, "0.0.0.0"),),
    state="exited",
    status="Exited (0) 2 days ago",
    compose=ComposeService("blog", "proxy", FOLDER, (FILE,)),
    restart="no",
)
APP = replace(
    PROXY,
    id="d" * 64,
    name="blog-app-1",
    ports=(),
    compose=ComposeService("blog", "app", FOLDER, (FILE,)),
)
TEXT = """\
services:
  app:
    image: app:1
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:8080/health"]
  proxy:
    image: nginx:1.27
    ports:
      - "443:443"
networks:
  front:
    external: true
"""


def claim_of(
    *containers: Container,
    text: str = TEXT,
    namespaces: tuple[Namespace, ...] = (),
    words: str = "",
) -> Claim:
    seen = Containers(
        vantage=Vantage.SERVER, engines=("docker",), containers=containers, namespaces=namespaces
    )
    file = ComposeFile(vantage=Vantage.SERVER, path=FILE, text=text)
    target = replace(SHOP, symptom=Symptom("unusable", words)) if words else SHOP
    refusing = (host(), listening(22), connected(failure=REFUSED))
    (claim,) = judge(CHECK, *refusing, seen, file, target=target, masked=False)
    return claim


def commands_of(claim: Claim) -> list[str]:
    assert claim.fix
    steps = (step for step in claim.fix.steps if isinstance(step, Command))
    return [" ".join(step.argv) for step in steps]


def diff_of(claim: Claim) -> str:
    assert claim.fix
    return "".join(step.diff for step in claim.fix.steps if isinstance(step, Edit))


@pytest.mark.parametrize("status", ["Exited (0) 2 days ago", "Exited (255) 2 days ago"])
def test_fires_with_the_policy_that_is_missing(status: str) -> None:
    claim = claim_of(replace(PROXY, status=status, last_words="GET / 200"))
    assert commands_of(claim) == [
        "docker update --restart unless-stopped blog-proxy-1",
        "docker start blog-proxy-1",
    ]
    assert "+    restart: unless-stopped" in diff_of(claim)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert any(FILE in text and "With `unless-stopped`" in text for text in texts(CHECK, claim))


def test_fires_with_those_that_it_needs() -> None:
    compose = replace(PROXY.compose or ComposeService("", ""), conditions=(
        ("app", "service_started"),))  # fmt: skip
    claim = claim_of(replace(PROXY, compose=compose), APP)
    assert commands_of(claim)[1] == "docker start blog-app-1 blog-proxy-1"
    assert diff_of(claim).count("+    restart: unless-stopped") == 2
    # One that has done its work is left alone.
    done = replace(compose, conditions=(("app", "service_completed_successfully"),))
    claim = claim_of(replace(PROXY, compose=done), APP)
    assert commands_of(claim)[1] == "docker start blog-proxy-1"


@pytest.mark.parametrize(
    "container",
    [
        replace(PROXY, restart="unless-stopped"),
        replace(PROXY, status="Exited (1) 2 days ago"),
        replace(PROXY, status="Exited (255) 2 days ago", last_words="Error: no such table"),
        replace(PROXY, engine="podman"),
        replace(PROXY, restart=""),
    ],
)
def test_no_policy_where_it_has_one_or_failed(container: Container) -> None:
    claim = claim_of(container)
    assert not any("update" in words for words in commands_of(claim))
    assert not diff_of(claim)


def awaiting(
    asked: str, sockets: tuple[tuple[str, int], ...], words: str = "curl: (7) Connection refused"
) -> Claim:
    compose = replace(PROXY.compose or ComposeService("", ""), conditions=(
        ("app", "service_healthy"),))  # fmt: skip
    waiting = replace(PROXY, state="created", status="Created", compose=compose)
    app = replace(APP, state="running", status="Up 2 minutes (unhealthy)", last_words=words)
    own = Namespace(7, container=app.id, addresses=("172.18.0.2",), sockets=sockets)
    text = TEXT.replace("localhost:8080", asked)
    return claim_of(waiting, app, text=text, namespaces=(own,))


@pytest.mark.parametrize(
    ("asked", "sockets", "right"),
    [
        ("localhost:8080", (("0.0.0.0", 3000), ("127.0.0.11", 39127)), "localhost:3000"),
        ("127.0.0.1", (("::", 3000),), "127.0.0.1:3000"),
        ("[::1]:3000", (("0.0.0.0", 3000),), "127.0.0.1:3000"),
    ],
)
def test_fires_with_what_a_health_check_has_to_ask(
    asked: str, sockets: tuple[tuple[str, int], ...], right: str
) -> None:
    claim = awaiting(asked, sockets)
    assert f"http://{right}/health" in diff_of(claim)
    assert commands_of(claim) == [f"docker compose -f {FILE} up -d proxy"]
    assert any(f"let it ask `http://{right}`" in text for text in texts(CHECK, claim))


def test_fires_where_wget_asks_over_ipv6() -> None:
    words = "wget: can't connect to remote host: Connection refused"
    claim = awaiting("localhost:3000", (("0.0.0.0", 3000),), words)
    assert "http://127.0.0.1:3000/health" in diff_of(claim)


@pytest.mark.parametrize(
    ("asked", "sockets", "words"),
    [
        # Which of the two ports, nobody knows; nothing listens; it listens there.
        ("localhost:8080", (("0.0.0.0", 3000), ("0.0.0.0", 9000)), "Connection refused"),
        ("localhost:8080", (("127.0.0.11", 39127),), "Connection refused"),
        ("localhost:3000", (("::", 3000),), "wget: Connection refused"),
        # The reason is another.
        ("localhost:8080", (("0.0.0.0", 3000),), "curl: executable file not found in $PATH"),
        ("localhost:$PORT", (("0.0.0.0", 3000),), "Connection refused"),
    ],
)
def test_no_edit_of_a_health_check_where_the_right_address_is_not_known(
    asked: str, sockets: tuple[tuple[str, int], ...], words: str
) -> None:
    claim = awaiting(asked, sockets, words)
    assert claim.facts["right_health"] == ""
    assert not diff_of(claim)


GONE = f"failed to set up container networking: network {'5f' * 32} not found"
MESSAGE = "network front declared as external, but could not be found"


@pytest.mark.parametrize(
    ("words", "message"), [(GONE, ""), ("network front not found", ""), ("", MESSAGE)]
)
def test_fires_with_the_network_that_is_gone(words: str, message: str) -> None:
    claim = claim_of(replace(PROXY, last_words=words, not_started=bool(words)), words=message)
    assert claim.facts["missing_network"] == "front"
    assert commands_of(claim) == [
        "docker network create front",
        f"docker compose -f {FILE} up -d --force-recreate proxy",
    ]


def test_a_network_of_the_project_is_made_by_compose() -> None:
    text = TEXT.replace("    external: true\n", "    name: front\n")
    claim = claim_of(replace(PROXY, last_words=GONE, not_started=True), text=text)
    assert commands_of(claim) == [f"docker compose -f {FILE} up -d --force-recreate proxy"]


@pytest.mark.parametrize(
    ("words", "not_started", "message"),
    [
        ("network front not found", False, ""),
        ("", False, MESSAGE.replace("front", "other")),
        ("Bind for 0.0.0.0:443 failed: port is already allocated", True, ""),
    ],
)
def test_no_network_where_nothing_says_that_it_is_gone(
    words: str, not_started: bool, message: str
) -> None:
    claim = claim_of(replace(PROXY, last_words=words, not_started=not_started), words=message)
    assert claim.facts["missing_network"] == ""
    assert not any("network" in words for words in commands_of(claim))
