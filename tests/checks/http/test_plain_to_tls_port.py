from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit, Failure
from diagnose.model.http import Exchange, RequestPurpose
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import TEXT as HTTPS
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.nginx_evidence import BUILD, RUNNING
from tests.support.nginx_evidence import SITE as SERVED
from tests.support.nginx_evidence import config as nginx_config
from tests.support.redirect_evidence import AROUND, PLAIN, SITE, applied, config, led

HAPROXY = HTTPS.replace("    default_backend", "    bind :80\n    default_backend")
CHECK = "http.plain-to-tls-port"
NGINX = "<center>The plain HTTP request was sent to HTTPS port</center>"


def answer(
    url: str, port: int, purpose: RequestPurpose, body: str = NGINX, status: int = 400
) -> Exchange:
    return Exchange(
        url=url,
        address="203.0.113.10",
        port=port,
        purpose=purpose,
        status=status,
        body=body,
        redirected_from="https://shop.example.com/" if purpose == "redirect" else None,
    )


@pytest.mark.parametrize(
    ("observation", "fact"),
    [
        (answer("http://shop.example.com/", 80, "plain"), "asked"),
        (answer("http://shop.example.com:443/", 443, "redirect"), "redirected"),
        (answer("https://shop.example.com/", 443, "target"), "behind"),
    ],
)
def test_fires_wherever_plain_http_meets_a_tls_port(observation: Exchange, fact: str) -> None:
    (claim,) = judge("http.plain-to-tls-port", observation)
    assert [one for one in ("asked", "redirected", "behind") if claim.facts[one]] == [fact]


def test_fires_with_the_line_that_gives_the_application_the_port() -> None:
    start = Exchange(
        url="https://shop.example.com/", address="203.0.113.10", port=443, status=302,
        headers=(("Location", "http://shop.example.com:443/login"),),
    )  # fmt: skip
    onward = answer("http://shop.example.com:443/login", 443, "redirect")
    text = SERVED.replace("Host $host;", "Host $host:$server_port;")
    (claim,) = judge(CHECK, start, onward, BUILD, RUNNING, nginx_config(text))
    assert claim.facts["given"] == "proxy_set_header Host $host:$server_port"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_set_header Host $host;\n" in edit.diff
    assert "+        proxy_set_header X-Forwarded-Proto $scheme;\n" in edit.diff
    (other,) = judge(CHECK, start, onward, BUILD, RUNNING, nginx_config(SERVED))
    assert other.facts["given"] == ""


def test_fires_where_the_answer_is_a_tls_record() -> None:
    failure = Failure("protocol", "a TLS record came instead of an HTTP answer", name="TLS")
    assert judge(
        "http.plain-to-tls-port",
        Exchange(
            url="http://shop.example.com/",
            address="203.0.113.10",
            port=80,
            purpose="plain",
            failure=failure,
        ),
    )


def test_fires_less_sure_for_port_80_from_outside() -> None:
    observation = answer("http://shop.example.com/", 80, "plain")
    (claim,) = judge("http.plain-to-tls-port", observation)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["unsure"] is True
    text = SITE.replace("listen 443", "listen 80 ssl;\n    listen 443")
    (claim,) = judge("http.plain-to-tls-port", observation, config(text), *AROUND)
    assert claim.confidence is Confidence.CERTAIN
    record = Failure("protocol", "a TLS record came instead of an HTTP answer", name="TLS")
    (claim,) = judge("http.plain-to-tls-port", replace(observation, status=None, failure=record))
    assert claim.confidence is Confidence.CERTAIN


def test_silent_on_other_bad_requests() -> None:
    assert not judge(
        "http.plain-to-tls-port",
        answer("http://shop.example.com/", 80, "plain", "<h1>400 Bad Request</h1>"),
        answer("https://shop.example.com/", 443, "target", NGINX, 200),
    )


def test_port_80_speaks_without_tls_and_leads_on() -> None:
    text = SITE.replace("listen 443", "listen 80 ssl;\n    listen 443")
    observation = answer("http://shop.example.com/", 80, "plain")
    (claim,) = judge("http.plain-to-tls-port", observation, config(text), *AROUND)
    assert applied(claim) == (
        Applicability.AUTOMATIC,
        [
            "-listen 80 ssl;",
            "+listen 80;",
            "+if ($scheme = http) {",
            "+return 301 https://$host$request_uri;",
            "+}",
        ],
    )


def test_a_port_that_is_meant_for_tls_keeps_it() -> None:
    """Article 49 of ixleo.com: visitors write http:// with the port of https."""
    text = SITE.replace("listen 443 ssl", "listen 8880 ssl")
    observation = answer("http://shop.example.com:8880/", 8880, "target")
    (claim,) = judge("http.plain-to-tls-port", observation, config(text), *AROUND)
    assert applied(claim) == (
        Applicability.AUTOMATIC,
        ["+error_page 497 =301 https://$http_host$request_uri;"],
    )


def test_another_sites_block_is_thought_over() -> None:
    other = "server { listen 80 ssl; server_name www.example.org; }\n"
    text = SITE + PLAIN.replace("listen 80", "listen 80 ssl") + other
    observation = answer("http://shop.example.com/", 80, "plain")
    (claim,) = judge("http.plain-to-tls-port", observation, config(text), *AROUND)
    assert applied(claim)[0] is Applicability.REVIEW


def test_a_redirect_that_names_the_port_says_https() -> None:
    words = "return 301 http://$host:443$request_uri;"
    text = SITE + PLAIN.replace("return 301 https://$host$request_uri;", words)
    first = led("http://shop.example.com/", "http://shop.example.com:443/")
    observations = (first, answer("http://shop.example.com:443/", 443, "redirect"))
    (claim,) = judge("http.plain-to-tls-port", *observations, config(text), *AROUND)
    assert applied(claim) == (
        Applicability.AUTOMATIC,
        [f"-{words}", "+return 301 https://$host$request_uri;"],
    )


def test_fires_as_behind_where_the_port_of_this_server_has_no_tls() -> None:
    observation = answer("http://shop.example.com/", 80, "target")
    (claim,) = judge("http.plain-to-tls-port", observation, haproxy_config(HAPROXY))
    assert (claim.facts["behind"], claim.facts["ends_tls"]) == (True, False)
    own = haproxy_config(HAPROXY.replace(":443 ssl", ":80 ssl"))
    (claim,) = judge("http.plain-to-tls-port", observation, own)
    assert claim.facts["asked"]
