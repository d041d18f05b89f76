"""upstream.client-certificate-required: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Claim, Manual
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import SITE, config
from tests.support.tls_evidence import WELL, shake
from tests.support.upstream_evidence import page

CHECK = "upstream.client-certificate-required"
VISITORS = "tls.client-certificate-required"
REFUSED = page(400, "<center>No required SSL certificate was sent</center>")
WANTING = shake(wants_client_certificate=True)


def test_fires_where_visitors_were_asked_for_none() -> None:
    (claim,) = judge(CHECK, WELL, REFUSED)
    assert claim.facts["place"] == ""
    assert not judge(VISITORS, WELL, REFUSED)


def test_fires_and_names_the_line_that_passes_requests_on() -> None:
    text = SITE.replace("http://127.0.0.1:3000", "https://127.0.0.1:3443")
    (claim,) = judge(CHECK, WELL, REFUSED, config(text))
    assert claim.facts["target"] == "https://127.0.0.1:3443"
    assert claim.location


def test_silent_where_visitors_were_asked_or_nothing_is_known_of_it() -> None:
    assert not judge(CHECK, WANTING, REFUSED)
    assert judge(VISITORS, WANTING, REFUSED)
    assert not judge(CHECK, replace(WELL, address="203.0.113.9"), REFUSED)


def test_silent_at_another_refusal() -> None:
    assert not judge(CHECK, WELL, page(400, "Bad Request"))


def test_behind_a_cdn_its_console_is_the_place() -> None:
    def behind(*headers: tuple[str, str], text: str = "") -> Claim:
        observations = (config(text),) if text else ()
        (claim,) = judge(CHECK, WELL, replace(REFUSED, headers=headers), *observations)
        return claim

    claim = behind(("CF-RAY", "8a1b2c3d4e5f6a7b-FRA"))
    assert (claim.facts["cdn"], claim.facts["cloudflare"]) == ("Cloudflare", True)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    assert claim.fix.steps[0].step == "let-the-cdn-send-it"
    inner = SITE.replace("http://127.0.0.1:3000", "https://127.0.0.1:3443")
    assert behind(("CF-RAY", "8a1b2c3d4e5f6a7b-FRA"), text=inner).facts["cdn"] == ""


def test_fires_at_a_certificate_that_is_sent_and_refused() -> None:
    refused = page(400, "<center>The SSL certificate error</center>")
    line = "https://127.0.0.1:3443; proxy_ssl_certificate /etc/nginx/client/a.pem"
    text = SITE.replace("http://127.0.0.1:3000", line)
    (claim,) = judge(CHECK, WELL, refused, config(text))
    assert claim.facts["words"] == "The SSL certificate error"
    assert claim.facts["sent"] == "/etc/nginx/client/a.pem"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    assert claim.fix.steps[0].step == "send-another-certificate"
