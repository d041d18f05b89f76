"""upstream.resolver-fails: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Command, Confidence, Edit, Manual, Vantage, Where
from diagnose.model.containers import ComposeService, Container, Containers, NginxContainer
from diagnose.model.upstream import NameAnswer, ServerNames
from tests.support.check_evidence import REFUSED, TIMEOUT, judge
from tests.support.upstreams import PAGE, WELL, line, proxied

CHECK = "upstream.resolver-fails"
NAME = "app.internal"
SITE = proxied("http://$app:3000", more=f"\n        set $app {NAME}; resolver 127.0.0.11;")
GONE = line(f"{NAME} could not be resolved (110: Operation timed out)", "")
UNKNOWN = line(f"{NAME} could not be resolved (3: Host not found)", "")


def asked(rdtype: Any = "A", *addresses: str, **fields: Any) -> NameAnswer:
    given = {"resolver": "127.0.0.11:53", "rcode": "NOERROR", "addresses": addresses, **fields}
    return NameAnswer(vantage=Vantage.SERVER, name=NAME, rdtype=rdtype, **given)


SILENT = tuple(asked(rdtype, failure=REFUSED, rcode="") for rdtype in ("A", "AAAA"))
SYSTEM = asked("A", "10.0.0.5", resolver="203.0.113.1:53", of_nginx=False)
NOT_THERE = tuple(asked(rdtype, rcode="NXDOMAIN") for rdtype in ("A", "AAAA"))


def test_fires_where_it_is_silent_and_asks_the_system_s_resolver_instead() -> None:
    (claim,) = judge(CHECK, *SILENT, SYSTEM, GONE, PAGE, SITE)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["silent"]
    assert claim.facts["docker"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "resolver 203.0.113.1;" in edit.diff


def test_fires_with_less_certainty_without_a_line_in_the_log() -> None:
    (claim,) = judge(CHECK, *SILENT, SYSTEM, PAGE, SITE)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_for_a_name_that_only_the_hosts_file_has() -> None:
    names = ServerNames(resolvers=("203.0.113.1",), written=(NAME,))
    (claim,) = judge(CHECK, *NOT_THERE, names, UNKNOWN, PAGE, SITE)
    assert claim.facts["unknown"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+        proxy_pass http://{NAME}:3000;\n" in edit.diff


@pytest.mark.parametrize(
    ("target", "lines"),
    [
        ("http://$app:3000", f"set $app {NAME}; rewrite ^/a /b;"),
        ("http://$app", f"set $app {NAME}:3000/api;"),
    ],
)
def test_a_name_of_the_hosts_file_is_for_a_person_where_the_path_is_rewritten(
    target: str, lines: str
) -> None:
    site = proxied(target, more=f"\n        resolver 127.0.0.11; {lines}")
    names = ServerNames(resolvers=("203.0.113.1",), written=(NAME,))
    (claim,) = judge(CHECK, *NOT_THERE, names, UNKNOWN, PAGE, site)
    assert claim.fix
    step = claim.fix.steps[0]
    assert isinstance(step, Manual)
    assert step.step == "a-fixed-name"


def test_fires_where_aaaa_gets_no_answer() -> None:
    half = (asked("A", "10.0.0.5"), asked("AAAA", failure=TIMEOUT, rcode=""))
    (claim,) = judge(CHECK, *half, GONE, PAGE, SITE)
    assert claim.facts["half"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "resolver 127.0.0.11 ipv6=off;" in edit.diff


def test_fires_by_the_log_alone_where_nothing_could_be_asked() -> None:
    (claim,) = judge(CHECK, UNKNOWN, PAGE, SITE)
    assert claim.facts["unknown"]


def test_silent_where_the_resolver_knows_the_name() -> None:
    good = (asked("A", "10.0.0.5"), asked("AAAA"))
    assert not judge(CHECK, *good, PAGE, SITE)


def test_silent_where_the_page_comes() -> None:
    assert not judge(CHECK, *SILENT, SYSTEM, WELL, SITE)


def test_silent_without_a_variable_or_a_resolver() -> None:
    assert not judge(CHECK, *SILENT, PAGE, proxied(f"http://{NAME}:3000"))
    assert not judge(CHECK, *SILENT, PAGE, proxied(f"http://{NAME}:3000$request_uri"))


def in_networks(own: str, other: str, name: str = NAME) -> tuple[Any, ...]:
    proxy = NginxContainer(
        vantage=Vantage.SERVER, pid=1, engine="docker", name="web", networks=(own,)
    )
    application = Container(engine="docker", id="ab" * 32, name=name, networks=(other,))
    return proxy, Containers(vantage=Vantage.SERVER, containers=(application,))


def test_fires_where_the_containers_have_no_network_in_common() -> None:
    for name in (NAME, f"shop-{NAME}-1"):
        seen = (*in_networks("proxy", "app-network", name), UNKNOWN, PAGE, SITE)
        # Masked, a container's name and that of its service are two.
        (claim,) = judge(CHECK, *NOT_THERE, *seen, masked=name == NAME)
        assert claim.facts["network"] == "app-network"
        assert claim.facts["container"] == "web"
        assert claim.fix
        (connect, keep) = claim.fix.steps
        assert isinstance(connect, Command)
        assert connect.argv == ("docker", "network", "connect", "app-network", "web")
        assert keep == Manual("keep-the-network", Where.SERVER)


def test_names_no_network_where_that_is_not_the_cause() -> None:
    for seen in (
        in_networks("web", "web"),
        in_networks("host", "app-network"),
        in_networks("web", "bridge"),
        in_networks("web", "app-network", "database"),
    ):
        (claim,) = judge(CHECK, *NOT_THERE, *seen, UNKNOWN, PAGE, SITE)
        assert claim.facts["network"] == ""


SHORT = proxied("http://$app:3000", more="\n        set $app blog; resolver 127.0.0.11;")
NO_BLOG = line("blog could not be resolved (3: Host not found)", "")


def test_fires_with_the_names_of_the_network_where_no_container_has_this_one() -> None:
    compose = ComposeService("shop", "app")
    proxy, containers = in_networks("shop_default", "shop_default", "shop_web")
    named = replace(containers.containers[0], compose=compose)
    seen = (proxy, replace(containers, containers=(named,)), NO_BLOG, PAGE, SHORT)
    # Masked, a name has a point, and a container's name is another than the configuration's.
    (claim,) = judge(CHECK, *seen, masked=False)
    assert claim.facts["neighbours"] == ("app",)
    assert claim.fix
    assert claim.fix.steps == (Manual("write-a-name", Where.SERVER),)


def test_names_no_neighbours_where_a_container_has_the_name_or_the_network_has_no_names() -> None:
    for seen in (
        in_networks("shop_default", "shop_default", "blog"),
        in_networks("bridge", "bridge", "shop_web"),
        in_networks("host", "host", "shop_web"),
    ):
        (claim,) = judge(CHECK, *seen, NO_BLOG, PAGE, SHORT, masked=False)
        assert claim.facts["neighbours"] == ()


def test_fires_and_makes_a_network_where_the_default_one_has_no_name_server() -> None:
    """Docker's 127.0.0.11 answers in networks that somebody made."""
    seen = (*in_networks("bridge", "bridge", "blog"), PAGE)
    gone = line("blog could not be resolved (110: Operation timed out)", "")
    (claim,) = judge(CHECK, *seen, gone, SHORT, masked=False)
    assert claim.facts["beside"] == "blog"
    assert claim.fix
    made = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert made == [
        ("docker", "network", "create", "web"),
        ("docker", "network", "connect", "web", "blog"),
        ("docker", "network", "connect", "web", "web"),
    ]
    (claim,) = judge(CHECK, *in_networks("shop", "shop", "blog"), PAGE, gone, SHORT, masked=False)
    assert claim.facts["beside"] == ""


def test_fires_and_asks_podman_s_name_server_that_the_container_uses() -> None:
    seen = (*in_networks("bridge", "bridge", NAME), GONE, PAGE, SITE)
    own = asked("A", "10.89.0.5", resolver="10.89.0.1:53", of_nginx=False)
    (claim,) = judge(CHECK, own, *seen, masked=False)
    assert claim.facts["beside"] == ""
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "resolver 10.89.0.1;" in edit.diff
