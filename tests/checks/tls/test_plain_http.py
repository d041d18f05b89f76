from dataclasses import replace

import pytest

from diagnose.model import Confidence, Manual, Severity, Target
from tests.support.check_evidence import SHOP, judge
from tests.support.firewall_rules import listening
from tests.support.nginx_evidence import RUNNING, config
from tests.support.tls_evidence import CLOSED, GARBAGE, SILENCE, WELL, all_failing, said, shake


@pytest.mark.parametrize(
    "received", ["HTTP/1.1 400 Bad Request Server: nginx", "<html> <head>", "<!DOCTYPE HTML>"]
)
def test_fires_when_a_hello_is_answered_in_http(received: str) -> None:
    (claim,) = judge("tls.plain-http", shake(failure=GARBAGE, received=received))
    assert claim.facts["received"] == received
    assert said(shake(failure=GARBAGE, received=received)) == ["tls.plain-http"]


@pytest.mark.parametrize(
    ("received", "confidence"),
    [("HTTP/1.1 200 OK", Confidence.CERTAIN), ("HTTP/1.1 400 Bad Request", Confidence.LIKELY),
     ("", Confidence.LIKELY)],
)  # fmt: skip
def test_a_plain_request_is_the_control(received: str, confidence: Confidence) -> None:
    """A server behind a balancer that sends a PROXY header refuses every request with 400."""
    hello = shake(failure=GARBAGE, received="HTTP/1.1 400 Bad Request Server: nginx")
    plain = shake("plain", received=received, failure=None if received else CLOSED)
    (claim,) = judge("tls.plain-http", hello, plain)
    assert claim.confidence is confidence


def test_fires_when_only_a_plain_request_is_answered() -> None:
    plain = shake("plain", received="HTTP/1.1 200 OK")
    assert said(shake(failure=SILENCE), plain, *all_failing(SILENCE, "plain")) == ["tls.plain-http"]


def test_silent_when_the_answer_to_a_plain_request_is_that_tls_is_wanted() -> None:
    plain = shake("plain", received="HTTP/1.1 400 Bad Request")
    assert said(shake(failure=CLOSED), plain) == ["tls.closed"]
    assert not judge("tls.plain-http", WELL)


@pytest.mark.parametrize(
    ("received", "check"),
    [
        ("HTTP/1.1 400 Bad Request Content-Length: 0 Connection: close", "tls.plain-http"),
        ("HTTP/1.1 400 Bad Request Sec-Websocket-Version: 13 Bad Request", "tls.plain-http"),
        ("HTTP/1.1 400 Bad Request Content-Length: 48", "tls.closed"),
        ("HTTP/1.0 400 Bad Request Client sent an HTTP request to an HTTPS server.", "tls.closed"),
    ],
)
def test_a_refusal_that_is_not_about_tls_is_that_of_a_port_without(
    received: str, check: str
) -> None:
    """Issue 18 of Flynsarmy/PHPWebSocket-Chat: a plain WebSocket on its own port."""
    plain = shake("plain", received=received)
    assert said(shake(failure=CLOSED), plain, *all_failing(CLOSED, "plain")) == [check]


def test_port_80_is_the_wrong_port_and_not_a_wrong_server() -> None:
    spoke = replace(shake(failure=GARBAGE, received="HTTP/1.1 400 Bad Request"), port=80)
    (claim,) = judge("tls.plain-http", spoke)
    assert claim.facts["http_port"]
    (claim,) = judge("tls.plain-http", replace(spoke, port=443))
    assert not claim.facts["http_port"]


@pytest.mark.parametrize(
    ("body", "is_meant"),
    [
        ("return 301 https://$host$request_uri;", True),
        ("return 301 https://shop.example.com$request_uri;", True),
        ("return 301 https://$http_host$request_uri;", False),
        ("return 301 https://$host:8080$request_uri;", False),
        ("return 301 https://$host$request_uri; ssl_certificate b;", False),
        ("root /srv/www;", False),
    ],
)
def test_a_port_that_only_sends_to_https_has_plain_http_on_purpose(
    body: str, is_meant: bool
) -> None:
    target = replace(SHOP, input="https://shop.example.com:8080/", port=8080)
    spoke = replace(shake(failure=GARBAGE, received="HTTP/1.1 400 Bad Request"), port=8080)
    text = f"server {{ listen 8080; server_name shop.example.com; {body} }}\n"
    (claim,) = judge("tls.plain-http", spoke, config(text), target=target)
    assert claim.facts["http_port"] is is_meant
    found = judge("nginx.listen-without-ssl", spoke, config(text), target=target)
    assert bool(found) is not is_meant


@pytest.mark.parametrize(
    ("received", "process", "java"),
    [
        ("HTTP/1.1 400", "java", True),
        ("HTTP/1.1 400 <h3>Apache Tomcat/9.0.98</h3>", "docker-proxy", True),
        ("HTTP/1.1 400", "node", False),
    ],
)
def test_fires_and_says_what_a_program_in_java_needs(
    received: str, process: str, java: bool
) -> None:
    spoke = shake(failure=GARBAGE, received=received)
    (claim,) = judge("tls.plain-http", spoke, listening(spoke.port, process=process))
    assert claim.facts["java"] is java


REVERB = Target(
    input="wss://shop.example.com:8080/app/key",
    scheme="wss",
    host="shop.example.com",
    port=8080,
    path="/app/key",
)
SOCKETS = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location /app { proxy_pass http://127.0.0.1:8080; }
    location / { proxy_pass http://127.0.0.1:8000; }
}
"""


def test_where_nginx_passes_it_on_to_that_port_the_port_is_left_out() -> None:
    """Laravel Reverb: the page opens its port itself, after issue 107 of laravel/reverb."""
    spoke = replace(shake(failure=GARBAGE, received="HTTP/1.1 400 Bad Request"), port=8080)
    (claim,) = judge("tls.plain-http", spoke, config(SOCKETS), RUNNING, target=REVERB)
    assert claim.facts["instead"] == "wss://shop.example.com/app/key"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    assert claim.fix.steps[0].step == "through-nginx"
    other = config(SOCKETS.replace("127.0.0.1:8080", "127.0.0.1:6001"))
    (claim,) = judge("tls.plain-http", spoke, other, RUNNING, target=REVERB)
    assert claim.facts["instead"] == ""
    plain = config(SOCKETS.replace("443 ssl", "443"))
    (claim,) = judge("tls.plain-http", spoke, plain, RUNNING, target=REVERB)
    assert claim.facts["instead"] == ""


def test_a_port_without_a_scheme_may_be_meant_for_plain_http() -> None:
    spoke = replace(shake(failure=GARBAGE, received="HTTP/1.1 400 Bad Request"), port=8081)
    bare = Target("shop.example.com:8081", "https", "shop.example.com", 8081)
    (claim,) = judge("tls.plain-http", spoke, target=bare)
    assert claim.facts["assumed"]
    assert claim.severity is Severity.WARNING
    written = replace(bare, input="https://shop.example.com:8081/")
    (claim,) = judge("tls.plain-http", spoke, target=written)
    assert not claim.facts["assumed"]
    assert claim.severity is None
