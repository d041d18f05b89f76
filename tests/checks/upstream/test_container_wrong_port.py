"""Docker does not run here: what it and the kernel say is given as literals."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Failure, Manual, Vantage, Where
from diagnose.model.containers import (
    ComposeFile,
    ComposeService,
    Container,
    ContainerPort,
    Containers,
    Namespace,
)
from diagnose.model.upstream import UpstreamProtocol, UpstreamTalk
from tests.checks.upstream.test_refused import DOWN
from tests.support.check_evidence import REFUSED, TIMEOUT, judge
from tests.support.nginx_evidence import SITE, config

CHECK = "upstream.container-wrong-port"
READER = Container(
    engine="docker", id="d" * 64, name="reader", networks=("bridge",),
    ports=(ContainerPort(8080, 4396, "0.0.0.0"),), state="running",
)  # fmt: skip
INSIDE = Namespace(9, ("java",), READER.id, ("172.17.0.10",), (("0.0.0.0", 8080),))
ASKED = replace(
    DOWN, target="http://172.17.0.10:4396", host="172.17.0.10", address="172.17.0.10", port=4396
)
CONFIG = config(SITE.replace("127.0.0.1:3000", "172.17.0.10:4396"))


def lists(namespace: Namespace = INSIDE, container: Container = READER) -> Containers:
    return Containers(
        vantage=Vantage.SERVER,
        engines=("docker",),
        containers=(container,),
        namespaces=(namespace,),
    )


def test_fires_for_the_port_that_is_published_on_the_server() -> None:
    """Issue 574 of hectorqin/reader."""
    (claim,) = judge(CHECK, ASKED, CONFIG, lists())
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["inner"], claim.facts["published"]) == (8080, True)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    assert "proxy_pass http://172.17.0.10:8080;" in str(claim.fix.steps[0])


def test_fires_for_the_name_of_a_service() -> None:
    text = SITE.replace("127.0.0.1:3000", "app:4396")
    named = replace(ASKED, target="http://app:4396", host="app")
    (claim,) = judge(CHECK, named, config(text), lists())
    assert claim.fix
    assert "proxy_pass http://app:8080;" in str(claim.fix.steps[0])


def test_fires_for_review_for_a_port_that_nothing_publishes() -> None:
    unpublished = replace(READER, ports=(ContainerPort(8080),))
    (claim,) = judge(CHECK, ASKED, CONFIG, lists(container=unpublished))
    assert (claim.confidence, claim.facts["ports"]) == (Confidence.LIKELY, (8080,))
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_without_an_edit_where_nothing_listens_on_the_inner_port() -> None:
    other = replace(INSIDE, sockets=(("0.0.0.0", 9000), ("127.0.0.1", 8080)))
    (claim,) = judge(CHECK, ASKED, CONFIG, lists(other))
    assert (claim.facts["inner"], claim.facts["ports"]) == ("", (9000,))


def test_silent_where_the_port_is_the_containers_or_nothing_listens() -> None:
    assert not judge(CHECK, ASKED, CONFIG, lists(replace(INSIDE, sockets=(("0.0.0.0", 4396),))))
    # Only on the container's own loopback address: another check's.
    assert not judge(CHECK, ASKED, CONFIG, lists(replace(INSIDE, sockets=(("127.0.0.1", 4396),))))
    assert not judge(CHECK, ASKED, CONFIG, lists(replace(INSIDE, sockets=())))
    assert not judge(CHECK, ASKED, CONFIG, lists(replace(INSIDE, addresses=("172.17.0.11",))))
    assert not judge(CHECK, ASKED, CONFIG, lists(container=replace(READER, state="exited")))


def test_silent_where_it_is_no_refusal() -> None:
    assert not judge(CHECK, replace(ASKED, failure=TIMEOUT), CONFIG, lists())
    assert not judge(CHECK, replace(ASKED, failure=None), CONFIG, lists())
    assert ASKED.failure is REFUSED


GROUP = "upstream shop {\n    server 172.17.0.10:4396;\n    keepalive 2;\n}\n"
PASSED = SITE.replace("127.0.0.1:3000", "shop")
BY_GROUP = replace(ASKED, target="http://shop")


def test_names_the_server_of_the_upstream_block() -> None:
    (claim,) = judge(CHECK, BY_GROUP, config(GROUP + PASSED), lists())
    assert claim.facts["line"] == "server"
    assert str(claim.facts["line_place"]).endswith(":3")
    assert claim.location
    assert claim.location.line == 3
    assert claim.fix
    assert "+    server 172.17.0.10:8080;" in str(claim.fix.steps[0].diff)  # type: ignore[union-attr]


def test_a_single_port_is_written_for_review() -> None:
    unpublished = replace(READER, ports=(ContainerPort(8080),))
    (claim,) = judge(CHECK, BY_GROUP, config(GROUP + PASSED), lists(container=unpublished))
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "server 172.17.0.10:8080;" in str(claim.fix.steps[0])
    two = replace(INSIDE, sockets=(("0.0.0.0", 8080), ("0.0.0.0", 9090)))
    (other,) = judge(CHECK, BY_GROUP, config(GROUP + PASSED), lists(two, unpublished))
    assert other.fix
    assert other.fix.applicability is Applicability.MANUAL


def test_names_the_set_that_holds_the_port() -> None:
    text = SITE.replace(
        "proxy_pass http://127.0.0.1:3000",
        "set $upstream_port 4396;\n        proxy_pass http://172.17.0.10:$upstream_port",
    )
    asked = replace(ASKED, target="http://172.17.0.10:$upstream_port")
    (claim,) = judge(CHECK, asked, config(text), lists())
    assert claim.facts["line"] == "set"
    assert claim.fix
    assert "set $upstream_port 8080;" in str(claim.fix.steps[0])


def test_nginx_proxy_is_told_by_the_containers_environment() -> None:
    text = GROUP.replace("    server", "    # Container: reader\n    server", 1) + PASSED
    (claim,) = judge(CHECK, BY_GROUP, config(text), lists(), masked=False)
    assert claim.facts["port_inside"] == 8080
    assert claim.fix
    assert [getattr(step, "step", "") for step in claim.fix.steps] == ["set-the-virtual-port"]


def test_nginx_proxy_is_told_in_the_compose_file() -> None:
    text = GROUP.replace("    server", "    # Container: reader\n    server", 1) + PASSED
    path = "/srv/reader/compose.yaml"
    file = ComposeFile(
        path=path, text="services:\n  reader:\n    environment:\n      - VIRTUAL_HOST=a.example\n"
    )
    service = ComposeService("reader", "reader", "/srv/reader", (path,))
    own = lists(container=replace(READER, compose=service))
    (claim,) = judge(CHECK, BY_GROUP, config(text), own, file, masked=False)
    assert claim.fix
    assert "+      - VIRTUAL_PORT=8080\n" in claim.fix.edits[0].diff


def test_nginx_proxy_is_told_the_protocol_as_well() -> None:
    """Issue 469 of vaultwarden: VIRTUAL_PORT and VIRTUAL_PROTO of an image that had TLS."""
    text = GROUP.replace("    server", "    # Container: reader\n    server", 1) + PASSED
    path = "/srv/reader/compose.yaml"
    lines = "services:\n  reader:\n    environment:\n      VIRTUAL_PROTO: https\n"
    file = ComposeFile(path=path, text=lines)
    service = ComposeService("reader", "reader", "/srv/reader", (path,))
    own = lists(container=replace(READER, compose=service))
    talk = replace(TALK, speaks="http", status=200)
    asked = replace(BY_GROUP, target=BY_GROUP.target.replace("http:", "https:"))
    text = text.replace("proxy_pass http:", "proxy_pass https:")
    (claim,) = judge(CHECK, asked, config(text), own, file, talk, masked=False)
    assert claim.fix
    diff = claim.fix.edits[0].diff
    assert '-      VIRTUAL_PROTO: https\n+      VIRTUAL_PROTO: "http"\n' in diff
    assert '+      VIRTUAL_PORT: "8080"\n' in diff


UNPUBLISHED = replace(READER, ports=(ContainerPort(8080),))
TALK = UpstreamTalk(
    vantage=Vantage.SERVER, target="http://172.17.0.10:8080", host="172.17.0.10",
    address="172.17.0.10", port=8080, as_nginx=False,
)  # fmt: skip


@pytest.mark.parametrize("protocol", ["fastcgi", "uwsgi", "http2"])
def test_fires_without_a_port_that_speaks_another_protocol(protocol: UpstreamProtocol) -> None:
    """Issue 1411 of nginx-proxy: port 9000 is PHP-FPM's."""
    talk = replace(TALK, speaks=protocol)
    (claim,) = judge(CHECK, ASKED, CONFIG, lists(container=UNPUBLISHED), talk)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.steps == (Manual("speak-the-inner-protocol", Where.SERVER),)


def test_fires_without_a_port_that_answers_nothing() -> None:
    """A database's, for example."""
    talk = replace(TALK, speaks="http", failure=Failure("protocol", "no HTTP answer"))
    (claim,) = judge(CHECK, ASKED, CONFIG, lists(), talk)
    assert claim.facts["silent"]
    assert claim.fix
    assert claim.fix.steps == (Manual("find-the-port", Where.SERVER),)


def test_fires_with_the_one_port_that_speaks_http() -> None:
    two = replace(INSIDE, sockets=(("0.0.0.0", 8080), ("0.0.0.0", 9000)))
    talks = (replace(TALK, speaks="http"), replace(TALK, port=9000, speaks="fastcgi"))
    (claim,) = judge(CHECK, ASKED, CONFIG, lists(two, UNPUBLISHED), *talks)
    assert claim.fix
    assert "proxy_pass http://172.17.0.10:8080;" in str(claim.fix.steps[0])


def test_fires_with_the_containers_own_variables_where_nginx_proxy_writes_the_file() -> None:
    """The template before version 1.0 has the name above the block, and no "Container:"."""
    group = "# shop\nupstream shop {\n    # reader\n    server 172.17.0.10:4396;\n}\n"
    text = group + SITE.replace("127.0.0.1:3000", "shop")
    talk, asked = replace(TALK, speaks="fastcgi"), replace(ASKED, target="http://shop")
    (claim,) = judge(CHECK, asked, config(text), lists(container=UNPUBLISHED), talk)
    assert claim.fix
    assert claim.fix.steps == (Manual("set-the-virtual-protocol", Where.SERVER),)
    assert claim.facts["virtual_protocol"] == "fastcgi"
