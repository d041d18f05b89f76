"""upstream.proxy-not-trusted: X-Forwarded-For from a proxy that the application does not know."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Manual, Where
from diagnose.model.backends import RepeatedFieldTrial
from diagnose.model.processes import RunningProgram, RunningPrograms
from diagnose.model.program_logs import ProgramLine
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import compared, controlled, page

CHECK = "upstream.proxy-not-trusted"
HOST = "        proxy_set_header Host $host;\n"
TEXT = SITE.replace(HOST, f"{HOST}        proxy_set_header X-Forwarded-For $remote_addr;\n")
REFUSED = compared(400, body="400: Bad Request")
REMOVED = compared(200, "field", "X-Forwarded-For", "removed", original="127.0.0.1")


def test_fires_and_leaves_nginx_as_it_is() -> None:
    (claim,) = judge(CHECK, config(TEXT), BUILD, RUNNING, page(400), *controlled(REFUSED, REMOVED))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["proxy"] == "127.0.0.1"
    assert claim.facts["place"] == "/etc/nginx/nginx.conf:11"
    assert claim.fix
    assert claim.fix.steps == (Manual("trust-the-proxy", Where.APPLICATION),)


def test_fires_and_names_the_setting_of_a_known_application() -> None:
    command = "python3 /usr/local/bin/hass"
    program = RunningProgram(pid=9, name="hass", started=0.0, command=command)
    running = RunningPrograms(endpoint="127.0.0.1:3000", programs=(program,))
    observations = (config(TEXT), BUILD, RUNNING, page(400), *controlled(REFUSED, REMOVED))
    (claim,) = judge(CHECK, *observations, running)
    assert claim.facts["known"] == "Home Assistant"
    (claim,) = judge(CHECK, *observations)
    assert claim.facts["known"] == claim.facts["setting"] == ""


@pytest.mark.parametrize(
    ("address", "proxy"), [("::1", "::1"), ("192.0.2.7", ""), ("unix:/run/app.sock", "")]
)
def test_fires_and_names_nginx_only_where_it_knows_its_address(address: str, proxy: str) -> None:
    observations = (
        compared(400, address=address),
        compared(200, "field", "X-Real-IP", "removed", address=address),
    )
    (claim,) = judge(CHECK, config(TEXT), page(400), *controlled(*observations))
    assert claim.facts["proxy"] == proxy


@pytest.mark.parametrize("status", [401, 403, 404])
def test_silent_where_it_may_be_a_rule_for_the_visitors_address(status: int) -> None:
    observations = controlled(compared(status), REMOVED)
    assert not judge(CHECK, config(TEXT), page(status), *observations)


def test_silent_on_another_field() -> None:
    other = compared(200, "field", "Connection", "replaced", value="close")
    assert not judge(CHECK, config(TEXT), page(400), *controlled(REFUSED, other))


def test_the_applications_own_line_names_the_address() -> None:
    """In a container it sees the gateway of its network."""
    observations = (config(TEXT), BUILD, RUNNING, page(400), *controlled(REFUSED, REMOVED))
    line = ProgramLine(
        message="2023-06-30 00:41:32.471 ERROR [homeassistant.components.http.forwarded] Received "
        "X-Forwarded-For header from an untrusted proxy 172.17.0.1",
        weight=3, endpoint="3000", process="homeassistant", equivalent="docker logs homeassistant",
    )  # fmt: skip
    (claim,) = judge(CHECK, *observations, line, masked=False)
    assert claim.facts["proxy"] == "172.17.0.1"
    other = replace(line, message="ERROR: proxy 172.17.0.1 or 172.18.0.1 is not trusted")
    (claim,) = judge(CHECK, *observations, other, masked=False)
    assert claim.facts["proxy"] == "127.0.0.1"
    published = Listeners(
        sockets=(Listener(address="127.0.0.1", port=3000, family=4, process="docker-proxy"),)
    )
    (claim,) = judge(CHECK, *observations, published, masked=False)
    assert claim.facts["proxy"] == ""


@pytest.mark.parametrize("program", ["haproxy", "apache2", "varnishd"])
def test_silent_where_another_proxy_stands_between(program: str) -> None:
    """It may add a field of its own, so that the application gets two."""
    behind = Listeners(
        sockets=(Listener(address="127.0.0.1", port=3000, family=4, process=program),)
    )
    seen = (config(TEXT), BUILD, RUNNING, page(400), *controlled(REFUSED, REMOVED), behind)
    assert not judge(CHECK, *seen)
    once = RepeatedFieldTrial(
        target="http://127.0.0.1:8123", path="/", port=3000, name="X-Forwarded-For", once=400
    )
    assert judge(CHECK, *seen, once)


def test_silent_where_nginx_sends_two() -> None:
    line = "        proxy_set_header X-Forwarded-For $remote_addr;\n"
    text = TEXT.replace(line, line * 2)
    seen = (config(text), BUILD, RUNNING, page(400), *controlled(REFUSED, REMOVED))
    assert not judge(CHECK, *seen)
