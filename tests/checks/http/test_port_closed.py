from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Severity, Subject, Target, Vantage
from diagnose.model.http import Exchange
from diagnose.model.renewal import ChallengeFolder, OwnServerRenewal, RenewalFailure
from diagnose.model.server import Listener, Listeners
from diagnose.model.tcp import Connection
from diagnose.model.web_servers import ServerFile, WebServer, WebServerConfig
from tests.support import caddy_evidence, haproxy_evidence
from tests.support.check_evidence import CHAT, REFUSED, TIMEOUT, judge
from tests.support.redirect_evidence import AROUND, PLAIN, SITE, applied, config
from tests.support.web_server_evidence import APACHE, apache_config

OPEN = Connection(address="203.0.113.10", port=443, family=4)
CLOSED = Connection(address="203.0.113.10", port=80, family=4, purpose="plain", failure=REFUSED)


def test_fires_where_only_port_80_refuses() -> None:
    (claim,) = judge("http.port-closed", OPEN, CLOSED)
    assert str(claim.about) == "203.0.113.10:80"
    assert claim.confidence is Confidence.CERTAIN
    assert claim.severity is None


def test_fires_once_for_all_addresses() -> None:
    (claim,) = judge(
        "http.port-closed",
        OPEN,
        Connection(address="2001:db8::10", port=443, family=6),
        CLOSED,
        Connection(address="2001:db8::10", port=80, family=6, purpose="plain", failure=TIMEOUT),
    )
    assert str(claim.about) == "203.0.113.10:80, [2001:db8::10]:80"


def test_notes_it_where_nobody_needs_port_80() -> None:
    strict = Exchange(
        url="https://shop.example.com/",
        address="203.0.113.10",
        port=443,
        status=200,
        headers=(("strict-transport-security", 'max-age="63072000"; includeSubDomains; preload'),),
    )
    (claim,) = judge("http.port-closed", OPEN, CLOSED, strict)
    assert claim.severity is Severity.NOTE
    (claim,) = judge("http.port-closed", OPEN, CLOSED, target=CHAT)
    assert claim.severity is Severity.NOTE
    app = Target("shop.app", "https", "shop.app", 443)
    (claim,) = judge("http.port-closed", OPEN, CLOSED, target=app)
    assert claim.severity is Severity.NOTE


def test_silent_where_the_whole_address_does_not_answer() -> None:
    dead = Connection(address="203.0.113.10", port=443, family=4, failure=REFUSED)
    assert not judge("http.port-closed", dead, CLOSED)


def test_silent_where_a_second_try_succeeded() -> None:
    again = Connection(address="203.0.113.10", port=80, family=4, purpose="plain")
    assert not judge("http.port-closed", OPEN, CLOSED, again)


HELD = Listeners(vantage=Vantage.SERVER, sockets=(Listener(family=4, address="0.0.0.0", port=443),))


def test_the_site_gets_a_block_for_port_80() -> None:
    """Its owner may have closed the port on purpose: a person looks at it."""
    (claim,) = judge("http.port-closed", OPEN, CLOSED, config(SITE), HELD, *AROUND)
    applicability, lines = applied(claim)
    assert applicability is Applicability.REVIEW
    assert "+listen 80;" in lines
    assert "+return 301 https://$host$request_uri;" in lines


def test_by_hand_where_nginx_has_one_that_is_not_reached() -> None:
    (claim,) = judge("http.port-closed", OPEN, CLOSED, config(SITE + PLAIN), HELD, *AROUND)
    assert applied(claim) == (Applicability.MANUAL, [])


def test_to_be_thought_over_where_nothing_came_back() -> None:
    silent = Connection(address="203.0.113.10", port=80, family=4, purpose="plain", failure=TIMEOUT)
    (claim,) = judge("http.port-closed", OPEN, silent, config(SITE), HELD, *AROUND)
    assert applied(claim)[0] is Applicability.REVIEW


FAILED = RenewalFailure(
    vantage=Vantage.SERVER,
    tool="certbot",
    source="/var/log/letsencrypt/letsencrypt.log",
    names=("shop.example.com",),
    message="Timeout during connect (likely firewall problem)",
)


def test_a_renewal_needs_port_80() -> None:
    # The authority's message is masked in a recording.
    around = (config(SITE), HELD, *AROUND)
    (claim,) = judge("http.port-closed", OPEN, CLOSED, FAILED, *around, masked=False)
    assert applied(claim)[0] is Applicability.AUTOMATIC


def test_fires_as_the_cause_of_a_renewal_that_the_authority_could_not_reach() -> None:
    (claim,) = judge("http.port-closed", OPEN, CLOSED, FAILED)
    assert claim.facts["renewal"]
    assert Subject() in claim.covers
    limited = replace(FAILED, message="too many certificates already issued")
    (claim,) = judge("http.port-closed", OPEN, CLOSED, limited)
    assert Subject() not in claim.covers


ON_81 = "frontend plain\n    bind :81\n    http-request redirect scheme https\n"


def _caddy_on_81() -> WebServerConfig:
    text = (
        f"{caddy_evidence.SITE}http://shop.example.com:81 {{\n\tredir https://{{host}}{{uri}}\n}}\n"
    )
    document: Any = caddy_evidence.document("shop.example.com")
    plain = {"match": [{"host": ["shop.example.com"]}], "handle": [], "terminal": True}
    servers, off = document["apps"]["http"]["servers"], {"disable_redirects": True}
    servers["srv0"]["automatic_https"] = off
    without_tls = off | {"skip": ["shop.example.com"]}
    servers["srv1"] = {"listen": [":81"], "routes": [plain], "automatic_https": without_tls}
    return caddy_evidence.caddy_config(text, document)


def _apache_on_81() -> WebServerConfig:
    found = apache_config()
    ports = "/etc/apache2/ports.conf"
    listens = tuple(
        replace(socket, port=81) if socket.port == 80 else socket for socket in found.listens
    )
    text = ServerFile(ports, "Listen 81\n<IfModule ssl_module>\nListen 443\n</IfModule>\n")
    return replace(found, listens=listens, files=(*found.files, text))


@pytest.mark.parametrize(
    ("server", "line"),
    [
        pytest.param(
            (
                replace(haproxy_evidence.SERVER, ports=(81, 443)),
                haproxy_evidence.config(haproxy_evidence.TEXT + ON_81),
            ),
            "+    bind :80",
            id="haproxy",
        ),
        pytest.param(
            (replace(APACHE, ports=(81, 443)), _apache_on_81()),
            "+Listen 80",
            id="apache",
        ),
        pytest.param(
            (replace(caddy_evidence.CADDY, ports=(81, 443, 2019)), _caddy_on_81()),
            "+http://shop.example.com:80 {",
            id="caddy",
        ),
    ],
)
def test_the_port_with_a_digit_wrong_is_written_right(
    server: tuple[WebServer, WebServerConfig], line: str
) -> None:
    (claim,) = judge("http.port-closed", OPEN, CLOSED, HELD, *server)
    assert claim.facts["slip"] == 81
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert line in claim.fix.edits[0].diff


@pytest.mark.parametrize("port", [8080, 8443, 9080])
def test_another_port_is_chosen_on_purpose(port: int) -> None:
    text = haproxy_evidence.TEXT + ON_81.replace(":81", f":{port}")
    server = replace(haproxy_evidence.SERVER, ports=(443, port))
    (claim,) = judge("http.port-closed", OPEN, CLOSED, HELD, server, haproxy_evidence.config(text))
    assert claim.facts["slip"] == ""
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_as_the_cause_of_a_late_certificate_that_is_renewed_over_port_80() -> None:
    source = "/etc/letsencrypt/renewal/shop.example.com.conf"
    folder = ChallengeFolder(
        vantage=Vantage.SERVER, tool="certbot", source=source, name="shop.example.com",
        folder="/var/www/acme",
    )  # fmt: skip
    (claim,) = judge("http.port-closed", OPEN, CLOSED, folder)
    assert Subject() in claim.covers
    assert claim.facts["source"] == source
    (claim,) = judge("http.port-closed", OPEN, CLOSED, replace(folder, name="blog.example.com"))
    assert Subject() not in claim.covers
    own = OwnServerRenewal(
        vantage=Vantage.SERVER, tool="certbot", source=source, name="shop.example.com"
    )
    # The tool listens itself while it renews: only a firewall is in its way.
    for failure, is_cause in ((REFUSED, False), (TIMEOUT, True)):
        (claim,) = judge("http.port-closed", OPEN, replace(CLOSED, failure=failure), own)
        assert (Subject() in claim.covers) is is_cause
