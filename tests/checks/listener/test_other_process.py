from dataclasses import replace
from datetime import timedelta
from typing import Any

from diagnose.checking.registry import load_check
from diagnose.model import (
    Check,
    Confidence,
    Failure,
    Finding,
    Manual,
    Observation,
    Severity,
    Vantage,
)
from diagnose.model.http import Exchange
from diagnose.model.kernel import Boot
from diagnose.model.nginx import ConfigFile, NginxConfig, NginxProcess, NginxState
from diagnose.model.tls import Certificate, Handshake
from diagnose.outputs.finding_text import manual_text
from diagnose.parsers.nginx.config import parse
from tests.support.certificates import LEAF
from tests.support.check_evidence import NOW, judge
from tests.support.firewall_rules import ADDRESS, host, listening
from tests.support.nginx_evidence import config as nginx_config
from tests.support.program_certificates import named
from tests.support.tls_evidence import RESET, shake
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

TEXT = "http { server { listen 443 ssl; server_name shop.example.com; }\nserver { listen 80; } }\n"
CONFIG = NginxConfig(
    vantage=Vantage.SERVER,
    path="/etc/nginx/nginx.conf",
    main=parse(TEXT, "/etc/nginx/nginx.conf"),
    files=(ConfigFile("/etc/nginx/nginx.conf", TEXT),),
)
STOPPED = NginxState(vantage=Vantage.SERVER, installed=True)
RUNNING = NginxState(
    vantage=Vantage.SERVER, installed=True, masters=(NginxProcess(pid=7, binary="/usr/sbin/nginx"),)
)
FOREIGN = Handshake(
    address=ADDRESS,
    port=443,
    chain=(
        Certificate(
            "CN=www.example.org", "CN=ca", "1", NOW - timedelta(days=5), NOW + timedelta(days=60),
            "aa", dns_names=("www.example.org",),
        ),
    ),
)  # fmt: skip
CLOSED = Failure("closed", "connection closed")


def shown(body: str) -> Exchange:
    return Exchange(
        url="https://shop.example.com/", address=ADDRESS, port=443, status=200, purpose="target",
        body=body,
    )  # fmt: skip


def visit(failure: Failure | None = CLOSED) -> Handshake:
    return Handshake(address=ADDRESS, port=443, failure=failure)


def held_port(
    *observations: Observation, process: str = "sshd", **where: Any
) -> tuple[Observation, ...]:
    return (host(), CONFIG, listening(443, process=process, **where), *observations)


def test_fires_where_another_program_has_the_port() -> None:
    (claim,) = judge("listener.other-process", *held_port(STOPPED, visit()))
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["process"] == "sshd"
    assert [subject.port for subject in claim.covers] == [443, 80]
    assert claim.location is not None
    assert claim.fix is not None
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_for_the_port_alone_where_nginx_runs_without_it() -> None:
    (claim,) = judge("listener.other-process", *held_port(RUNNING, visit()))
    assert [subject.port for subject in claim.covers] == [443]


def test_fires_less_surely_for_a_program_that_may_be_meant_to_serve() -> None:
    (claim,) = judge("listener.other-process", *held_port(STOPPED, visit(), process="haproxy"))
    assert claim.confidence is Confidence.POSSIBLE


def test_fires_as_a_note_where_nobody_has_tried() -> None:
    (claim,) = judge("listener.other-process", *held_port(STOPPED))
    assert claim.severity is Severity.NOTE


def test_silent_where_the_other_program_serves_the_site() -> None:
    assert not judge("listener.other-process", *held_port(STOPPED, visit(None), process="caddy"))


def test_silent_where_it_is_nginx_or_nobody_knows_who() -> None:
    assert not judge("listener.other-process", *held_port(RUNNING, visit(), process="nginx"))
    assert not judge("listener.other-process", *held_port(RUNNING, visit(), process=""))
    assert not judge("listener.other-process", *held_port(RUNNING, visit(), process="systemd"))


def test_silent_where_nginx_is_not_configured_for_the_port() -> None:
    text = TEXT.replace("listen 443 ssl", "listen 127.0.0.1:8443 ssl")
    config = NginxConfig(vantage=Vantage.SERVER, path="n.conf", main=parse(text, "n.conf"))
    taken = listening(443, process="haproxy")
    assert not judge("listener.other-process", host(), config, RUNNING, taken, visit())


def test_silent_where_the_program_listens_on_loopback_only() -> None:
    assert not judge("listener.other-process", *held_port(RUNNING, visit(), address="127.0.0.1"))


def test_silent_when_apache_has_the_port_and_a_site_with_the_name() -> None:
    old = (nginx_config(), NginxState(installed=True), LISTENING, shake(failure=RESET), APACHE)
    assert not judge("listener.other-process", *old, apache_config())
    another = apache_config(HTTPS.replace("shop.example.com", "www.example.org"))
    assert judge("listener.other-process", *old, another), "the name is nginx's"


def test_fires_where_a_web_server_without_the_name_answers_with_its_first_site() -> None:
    other = apache_config(HTTPS.replace("shop.example.com", "www.example.org"))
    stopped = (nginx_config(), NginxState(installed=True), LISTENING, APACHE, other, FOREIGN)
    (claim,) = judge("listener.other-process", *stopped)
    assert claim.confidence is Confidence.LIKELY
    assert not judge("listener.other-process", *held_port(RUNNING, FOREIGN, process="caddy"))
    idle = apache_config(HTTPS.replace("shop.example.com", "www.example.org"), HTTPS)
    assert not judge("listener.other-process", *stopped[:-2], idle, FOREIGN)


def test_the_way_into_the_server_is_not_stopped() -> None:
    """`systemctl disable --now` for sshd would shut out who follows it."""
    (claim,) = judge("listener.other-process", *held_port(STOPPED, visit()))
    assert claim.facts["ssh"] is True
    (claim,) = judge("listener.other-process", *held_port(STOPPED, visit(), process="nc"))
    assert claim.facts["ssh"] is False
    check = load_check("listener.other-process")
    for lang in ("en", "zh"):
        assert "disable --now" not in _remedy(check, lang, "sshd")
        assert "sshd -t" in _remedy(check, lang, "sshd")
        assert "disable --now" in _remedy(check, lang, "nc")


def _remedy(check: Check, lang: str, process: str) -> str:
    (claim,) = judge(check.id, *held_port(STOPPED, visit(), process=process))
    assert claim.fix is not None
    step = claim.fix.steps[0]
    assert isinstance(step, Manual)
    return manual_text(Finding("f1", check, claim), step, lang)


FOREIGN = shake(chain=(replace(LEAF, dns_names=("web1.example.com",)),))
OF_OTHERS = apache_config(HTTPS.replace("shop.example.com", "web1.example.com"))


def test_fires_where_a_server_without_the_site_answers_for_nginx() -> None:
    held = held_port(STOPPED, APACHE, OF_OTHERS, FOREIGN, process="apache2")
    (claim,) = judge("listener.other-process", *held)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["answered"] is True


def test_fires_for_the_page_of_a_package_with_the_sites_certificate() -> None:
    page = shown("<title>Apache2 Debian Default Page: It works</title>")
    held = held_port(STOPPED, APACHE, OF_OTHERS, shake(chain=(LEAF,)), page, process="apache2")
    (claim,) = judge("listener.other-process", *held)
    assert claim.facts["process"] == "apache2"
    assert not claim.facts["unit"]
    boot = Boot(
        manager="systemd", service="apache2.service", state="enabled", running=True,
        process="apache2",
    )  # fmt: skip
    (claim,) = judge("listener.other-process", *held, boot)
    assert claim.facts["unit"] == "apache2.service"


def test_silent_where_the_server_that_answers_has_the_site_or_is_not_known() -> None:
    held = held_port(STOPPED, APACHE, apache_config(), FOREIGN, process="apache2")
    assert not judge("listener.other-process", *held)
    unread = held_port(STOPPED, FOREIGN, process="apache2")
    assert not judge("listener.other-process", *unread)
    moved = held_port(
        STOPPED, APACHE, OF_OTHERS, shake(chain=(LEAF,)), shown("<h1>Shop</h1>"), process="apache2"
    )
    assert not judge("listener.other-process", *moved)
    runs = held_port(RUNNING, APACHE, OF_OTHERS, FOREIGN, process="apache2")
    assert not judge("listener.other-process", *runs)


def test_silent_where_the_program_reads_a_certificate_of_the_name() -> None:
    seen = (host(), listening(443, process="lighttpd"), STOPPED, CONFIG, visit())
    assert judge("listener.other-process", *seen)
    assert not judge("listener.other-process", *seen, named("/srv/combined.pem", LEAF))
