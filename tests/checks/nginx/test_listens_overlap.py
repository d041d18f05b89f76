import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.files import NginxStart
from diagnose.model.nginx import NginxState
from diagnose.model.nginx import TestMessage as Message
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, STOPPED, config

NOTHING = Listeners()
TWICE = """\
server {
    listen 443 ssl;
    listen [::]:443 ssl ipv6only=off;
}
server {
    listen [::]:443 ssl;
    server_name blog.example.com;
}
"""


def overlap(text: str, state: NginxState = STOPPED, *more: Listeners | NginxStart) -> list[Claim]:
    return judge("nginx.listens-overlap", state, config(text), BUILD, HOST, *(more or (NOTHING,)))


def test_fires_where_the_line_for_ipv6_takes_ipv4_too() -> None:
    (claim,) = overlap(TWICE)
    assert (claim.facts["dual"], claim.facts["port"]) == (True, 443)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    added = [line[1:].strip() for line in edit.diff.splitlines() if line.startswith("+ ")]
    # The second block keeps its visitors of IPv4.
    assert added == ["listen [::]:443 ssl;", "listen 443 ssl;"]


def test_fires_with_the_words_of_the_last_start() -> None:
    text = "bind() to [::]:443 failed (98: Address already in use)"
    messages = (Message("emerg", text), Message("emerg", "still could not bind()"))
    start = NginxStart(unit="nginx.service", state="failed", messages=messages)
    (claim,) = overlap(TWICE, STOPPED, NOTHING, start)
    assert claim.facts["message"] == text


@pytest.mark.parametrize("option", ["bind", "backlog=100", "so_keepalive=on"])
def test_fires_where_an_address_has_a_socket_of_its_own(option: str) -> None:
    (claim,) = overlap(f"server {{ listen 443; listen 192.0.2.7:443 {option}; }}\n")
    assert claim.facts["own"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "listen 192.0.2.7:443; }" in edit.diff


def test_fires_where_stream_has_the_port_of_http() -> None:
    both = "server { listen 443; }\n}\nstream { server { listen 443; proxy_pass 127.0.0.1:1; }\n"
    (claim,) = overlap(both)
    assert (claim.facts["modules"], claim.confidence) == (True, Confidence.LIKELY)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_not_with_an_edit_of_a_range() -> None:
    (claim,) = overlap("server { listen 440-443; listen [::]:440-443 ipv6only=off; }\n")
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    "lines",
    [
        "listen 443; listen [::]:443;",
        "listen 443; listen [::]:443 ipv6only=on;",
        "listen [::]:443 ipv6only=off;",
        "listen 443; listen 192.0.2.7:443;",
        "listen 192.0.2.7:443 bind; listen 192.0.2.8:443 bind;",
        "listen 443 reuseport; listen [::]:443 ipv6only=off reuseport;",
        "listen 443; listen [::]:443 quic reuseport; listen 443 quic reuseport;",
    ],
)
def test_silent_where_the_lines_leave_each_other_room(lines: str) -> None:
    assert not overlap(f"server {{ {lines} }}\n")


def test_silent_while_nginx_runs() -> None:
    assert not overlap(TWICE, RUNNING)


def test_silent_where_another_program_has_the_port() -> None:
    apache = Listener(address="::", port=443, family=6, process="apache2")
    assert not overlap(TWICE, STOPPED, Listeners(sockets=(apache,)))
