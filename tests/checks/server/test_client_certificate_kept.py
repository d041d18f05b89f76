"""server.client-certificate-kept: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.http import Exchange
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.client-certificate-kept"
SITE = HTTPS.replace("    SSLEngine on\n", "    SSLEngine on\n    SSLVerifyClient optional\n")
PAGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=401,
    body="Unauthorized: no client certificate",
)  # fmt: skip
PASSED = 'RequestHeader set A "%{SSL_CLIENT_CERT}s"'
APACHES = "<title>401 Unauthorized</title><address>Apache/2.4.62 (Debian) Server at shop</address>"


def claims(text: str = SITE, page: Exchange = PAGE) -> list[Claim]:
    target = replace(SHOP, path="/")
    return judge(CHECK, APACHE, apache_config(text), page, target=target, masked=False)


def test_fires_and_writes_the_certificate_into_fields_that_no_visitor_can_write() -> None:
    (claim,) = claims()
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["application"] == "127.0.0.1:3000"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    unset, field = "RequestHeader unset X-SSL-Client-Cert", "RequestHeader set X-SSL-Client-Cert"
    assert edit.diff.index(unset) < edit.diff.index(field)
    for spelling in ("SSL-CLIENT-CERT", "X_SSL_Client_Verify"):
        assert f"RequestHeader unset {spelling}\n" in edit.diff
    assert '"expr=-n %{SSL:SSL_CLIENT_M_SERIAL}"' in edit.diff


@pytest.mark.parametrize(
    ("text", "page"),
    [
        (HTTPS, PAGE),
        (SITE.replace("optional", "none"), PAGE),
        (SITE.replace("ProxyPass / ", f"{PASSED}\n    ProxyPass / "), PAGE),
        (SITE, replace(PAGE, body="Unauthorized")),
        (SITE, replace(PAGE, status=404)),
        (SITE, replace(PAGE, body=f"client certificate {APACHES}")),
        (SITE.replace("http://127.0.0.1:3000/", "ajp://127.0.0.1:8009/"), PAGE),
    ],
)  # fmt: skip
def test_silent_where_something_else_refuses(text: str, page: Exchange) -> None:
    assert not claims(text, page)
