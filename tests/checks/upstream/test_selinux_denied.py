"""SELinux cannot run where these tests do: what its tools print is written down as their
documentation shows it."""

from dataclasses import replace

from diagnose.model import Confidence, Manual, commands
from diagnose.model.upstream import Denial, Selinux
from tests.support.check_evidence import REFUSED, judge
from tests.support.upstreams import PAGE, WELL, line, proxied, tried

CHECK = "upstream.selinux-denied"
OFF = (("httpd_can_network_connect", False), ("httpd_can_network_relay", False))
ON = (("httpd_can_network_connect", True), ("httpd_can_network_relay", False))
ENFORCING = Selinux(mode="Enforcing", booleans=OFF)
DENIED = Denial("name_connect", "nginx", 3000)
SITE = proxied("http://127.0.0.1:3000")
SAID = line(
    "connect() to 127.0.0.1:3000 failed (13: Permission denied) while connecting to upstream",
    "http://127.0.0.1:3000/",
    13,
)


def test_fires_surely_by_the_audit_log() -> None:
    (claim,) = judge(CHECK, replace(ENFORCING, denials=(DENIED,)), tried(), PAGE, SITE)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.steps == (commands.turn_on_boolean("httpd_can_network_connect"),)


def test_fires_surely_by_nginx_s_own_log() -> None:
    (claim,) = judge(CHECK, ENFORCING, SAID, tried(), PAGE, SITE)
    assert claim.confidence is Confidence.CERTAIN


def test_fires_likely_where_no_log_may_be_read() -> None:
    (claim,) = judge(CHECK, ENFORCING, tried(), PAGE, SITE)
    assert claim.confidence is Confidence.LIKELY


def test_fires_for_a_socket_and_leaves_the_boolean_alone() -> None:
    target, path = "http://unix:/run/app.sock", "/run/app.sock"
    observation = replace(ENFORCING, denials=(Denial("connectto", "nginx", path=path),))
    sock = tried(target, "", host="", port=0, socket=path)
    (claim,) = judge(CHECK, observation, sock, PAGE, proxied(target))
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_silent_when_it_only_warns_or_allows_it() -> None:
    assert not judge(CHECK, replace(ENFORCING, mode="Permissive"), SAID, tried(), PAGE, SITE)
    assert not judge(CHECK, replace(ENFORCING, booleans=ON), tried(), PAGE, SITE)
    noted = replace(DENIED, enforced=False)
    observation = replace(ENFORCING, booleans=ON, denials=(noted,))
    assert not judge(CHECK, observation, tried(), PAGE, SITE)


def test_silent_when_the_page_comes_or_the_application_is_down() -> None:
    assert not judge(CHECK, ENFORCING, tried(), WELL, SITE)
    assert not judge(CHECK, ENFORCING, tried(failure=REFUSED), PAGE, SITE)


def test_silent_about_another_port() -> None:
    observation = replace(ENFORCING, booleans=ON, denials=(replace(DENIED, port=5432),))
    assert not judge(CHECK, observation, tried(), PAGE, SITE)


OLD = replace(SAID, request="GET /api HTTP/1.1")


def test_silent_when_it_was_allowed_since_the_line() -> None:
    denied = replace(ENFORCING, denials=(DENIED,))
    for before in (denied, ENFORCING):
        assert judge(CHECK, before, OLD, tried(), WELL, SITE)
        assert not judge(CHECK, replace(before, booleans=ON), OLD, tried(), WELL, SITE)


def test_a_line_alone_is_not_certain_where_the_boolean_is_unknown() -> None:
    (claim,) = judge(CHECK, replace(ENFORCING, booleans=()), OLD, tried(), WELL, SITE)
    assert claim.confidence is Confidence.LIKELY
