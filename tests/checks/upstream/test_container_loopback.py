"""Docker does not run here: what it and the kernel say is given as literals."""

import shlex
from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Manual,
    Observation,
    Vantage,
    Where,
)
from diagnose.model.containers import (
    Container,
    ContainerPort,
    Containers,
    Namespace,
    NginxContainer,
)
from diagnose.model.nginx import UpstreamTry
from tests.checks.upstream.test_refused import DOWN, UP
from tests.support.check_evidence import judge, texts
from tests.support.firewall_rules import listening
from tests.support.nginx_evidence import SITE, config

CHECK = "upstream.container-loopback"
OWN = NginxContainer(
    vantage=Vantage.SERVER,
    pid=77,
    engine="docker",
    digest="a" * 64,
    name="proxy",
    networks=("web",),
)
APP = Container(engine="docker", id="b" * 64, name="app", networks=("web",), state="running")
INSIDE = Namespace(pid=9, processes=("node",), container=APP.id, sockets=(("0.0.0.0", 3000),))
ITSELF = Namespace(pid=77, processes=("nginx",), container=OWN.digest, sockets=(("0.0.0.0", 443),))


def seen(*namespaces: Namespace) -> Containers:
    return Containers(
        vantage=Vantage.SERVER, engines=("docker",), containers=(APP,), namespaces=namespaces
    )


def test_fires_where_another_container_has_the_port() -> None:
    (claim,) = judge(CHECK, DOWN, config(), OWN, seen(ITSELF, INSIDE), listening(443))
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["other"], claim.facts["process"]) == ("app", "node")
    assert (claim.facts["apart"], claim.facts["on_server"]) == (False, False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+        proxy_pass http://app:3000;" in _diff(claim)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_fires_for_the_address_of_every_interface(host: str) -> None:
    """As the destination it leads to the container itself."""
    written = f"[{host}]" if ":" in host else host
    text = SITE.replace("127.0.0.1:3000", f"{written}:3000")
    down = replace(DOWN, target=f"http://{written}:3000", host=host, address=host)
    (claim,) = judge(CHECK, down, config(text), OWN, seen(ITSELF, INSIDE), listening(443))
    assert (claim.facts["other"], claim.facts["named"]) == ("app", "")


@pytest.mark.parametrize(
    ("own", "theirs", "typed"),
    [
        (("web",), ("shop",), ["docker network connect shop proxy"]),
        (("web",), ("bridge",), ["docker network connect web app"]),
        (
            ("bridge",),
            ("bridge",),
            [
                "docker network create web",
                "docker network connect web app",
                "docker network connect web proxy",
            ],
        ),
    ],
)
def test_gives_both_a_network_in_which_names_are_known(
    own: tuple[str, ...], theirs: tuple[str, ...], typed: list[str]
) -> None:
    both = replace(seen(ITSELF, INSIDE), containers=(replace(APP, networks=theirs),))
    (claim,) = judge(CHECK, DOWN, config(), replace(OWN, networks=own), both, listening(443))
    assert claim.fix
    steps = [shlex.join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]
    assert steps[: len(typed)] == typed
    assert claim.fix.steps[-1] == Manual("keep-the-network", Where.SERVER)


def test_a_program_on_its_own_loopback_and_an_engine_that_is_not_known_have_no_edit() -> None:
    inner = replace(INSIDE, sockets=(("127.0.0.1", 3000),))
    for own, namespace in ((OWN, inner), (replace(OWN, engine="", name=""), INSIDE)):
        (claim,) = judge(CHECK, DOWN, config(), own, seen(ITSELF, namespace), listening(443))
        assert claim.fix
        assert claim.fix.steps == (Manual("name-the-container", Where.SERVER),)
        assert any("http://app:3000" in text for text in texts(CHECK, claim))


def _diff(claim: Claim) -> str:
    steps = claim.fix.steps if claim.fix else ()
    return "".join(step.diff for step in steps if isinstance(step, Edit))


def test_fires_where_the_server_has_the_port() -> None:
    local = replace(listening(3000).sockets[0], address="127.0.0.1", process="node")
    listeners = replace(listening(443), sockets=(local,))
    (claim,) = judge(CHECK, DOWN, config(), OWN, seen(ITSELF), listeners)
    assert (claim.facts["on_server"], claim.facts["local_only"]) == (True, True)
    assert any("host.docker.internal" in text for text in texts(CHECK, claim))


def test_fires_where_a_name_leads_to_its_own_loopback() -> None:
    attempt = replace(DOWN, host="app", address="127.0.0.1", target="http://app:3000")
    named = config(SITE.replace("127.0.0.1:3000", "app:3000"))
    (claim,) = judge(CHECK, attempt, named, OWN, seen(ITSELF, INSIDE), listening(443))
    assert (claim.facts["named"], claim.facts["address"]) == ("app", "127.0.0.1")
    assert any("getent hosts app" in text for text in texts(CHECK, claim))


@pytest.mark.parametrize(
    ("attempt", "own", "more"),
    [
        (UP, OWN, seen(ITSELF, INSIDE)),
        (DOWN, OWN, seen(ITSELF)),
        (DOWN, replace(OWN, networks=("host",)), seen(ITSELF, INSIDE)),
        (replace(DOWN, host="10.0.0.3", address="10.0.0.3"), OWN, seen(ITSELF, INSIDE)),
    ],
    ids=["it answers", "nothing has the port", "the server's own network", "another address"],
)
def test_silent_where_127_0_0_1_is_not_the_reason(
    attempt: UpstreamTry, own: NginxContainer, more: Observation
) -> None:
    assert not judge(CHECK, attempt, config(), own, more, listening(443))


def test_the_line_that_names_the_server_is_that_of_the_variable() -> None:
    lines = 'set $server "127.0.0.1";\n        set $port 3000;\n        '
    text = SITE.replace(
        "proxy_pass http://127.0.0.1:3000", f"{lines}proxy_pass http://$server:$port"
    )
    assert "$server:$port" in text
    attempt = replace(DOWN, target="http://$server:$port")
    (claim,) = judge(CHECK, attempt, config(text), OWN, seen(ITSELF, INSIDE), listening(443))
    assert claim.facts["target"] == "http://127.0.0.1:3000"
    assert claim.facts["variable"] == "$server"
    number = int(str(claim.facts["place"]).rpartition(":")[2])
    assert "set $server" in config(text).files[-1].text.split("\n")[number - 1]
    assert '+        set $server "app";' in _diff(claim)
    (plain,) = judge(CHECK, DOWN, config(), OWN, seen(ITSELF, INSIDE), listening(443))
    assert plain.facts["variable"] == ""


def test_fires_and_writes_the_inner_port_of_the_container_that_publishes() -> None:
    """docker -p 127.0.0.1:3000:80: the port of proxy_pass is one of the server."""
    published = replace(APP, ports=(ContainerPort(80, 3000, "127.0.0.1"),))
    inside = replace(INSIDE, sockets=(("0.0.0.0", 80),))
    containers = replace(seen(ITSELF, inside), containers=(published,))
    (claim,) = judge(CHECK, DOWN, config(), OWN, containers, listening(443, 3000))
    assert (claim.facts["other"], claim.facts["inner"], claim.facts["on_server"]) == (
        "app", 80, False
    )  # fmt: skip
    assert "+        proxy_pass http://app:80;" in _diff(claim)
