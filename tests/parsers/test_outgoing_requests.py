"""What a program's message says of its own request."""

import pytest

from diagnose.cli.operands import parse_targets
from diagnose.parsers.outgoing_attempts import tried_way
from diagnose.parsers.outgoing_requests import outgoing_request, reported_step

SHOP, SSO = "shop.example.com", "sso.example.com"


@pytest.mark.parametrize(
    ("text", "host", "port", "uses_tls"),
    [
        ("OIDC Discovery Error: HTTP request failed during discovery with error: cURL error 28: "
         "Connection timed out (https://curl.haxx.se/libcurl/c/x."
         f"html) for https://{SSO}/o/.well-known/openid-configuration", SSO, 443, True),
        (f'Get "https://{SSO}:8443/.well-known/openid-configuration": dial tcp 192.168.9.7:8443: '
         "connect: connection refused", SSO, 8443, True),
        ("dial tcp: lookup keycloak on 127.0.0.11:53: no such host", "keycloak", 0, False),
        (f"FetchError: request to http://{SSO}/hook failed, reason: getaddrinfo EAI_AGAIN {SSO}",
         SSO, 80, False),
        ("Error: getaddrinfo ENOTFOUND db", "db", 0, False),
        ('could not translate host name "db" to address: Name or service not known',
         "db", 5432, False),
        ('Connection could not be established with host "ssl://smtp.example.org:465"',
         "smtp.example.org", 465, True),
        (f"requests.exceptions.ConnectionError: HTTPSConnectionPool(host='{SSO}', port=443): Max "
         "retries exceeded with url: /token", SSO, 443, True),
        (f'I/O error on GET request for "https://{SSO}/realms/a": PKIX path building failed',
         SSO, 443, True),
        ("The loopback request to your site failed: cURL error 7: Failed to connect to "
         f"{SHOP} port 443: Connection refused", SHOP, 443, True),
    ],
)  # fmt: skip
def test_where_a_program_wants_to_connect(text: str, host: str, port: int, uses_tls: bool) -> None:
    request = outgoing_request(text, SHOP)
    assert request
    assert (request.host, request.port, request.uses_tls) == (host, port, uses_tls)


@pytest.mark.parametrize(
    "text",
    [
        f"net::ERR_CONNECTION_TIMED_OUT https://{SSO}/a.js",
        f"curl: (7) Failed to connect to {SHOP} port 443: Connection refused",
        f'Get "https://{SHOP}/": dial tcp 203.0.113.10:443: connect: connection refused',
        "connect ECONNREFUSED 127.0.0.1:3000",
        '{"logger":"http.log.error","msg":"dial tcp 172.18.0.5:3000: connect: connection refused"}',
        "Unable to reach the origin service: dial tcp 192.168.1.9:443: connect: connection refused",
        'acme: Get "https://acme-v02.api.letsencrypt.org/directory": dial tcp: i/o timeout',
        "the site times out",
    ],
)
def test_no_request_of_the_sites_program(text: str) -> None:
    assert outgoing_request(text, SHOP) is None


def test_the_site_stays_the_target() -> None:
    words = [f"https://{SHOP}/login", f"cURL error 28: Connection timed out for https://{SSO}/x"]
    (target,) = parse_targets(words, (), "en")
    assert (target.host, target.path) == (SHOP, "/login")
    assert target.symptom
    assert target.symptom.kind == "outgoing"


def test_a_name_below_the_sites_is_no_second_target() -> None:
    words = [f"https://{SHOP}/", f'Get "https://auth.{SHOP}/token": dial tcp: i/o timeout']
    (target,) = parse_targets(words, (), "en")
    assert target.host == SHOP


def test_the_step_that_a_message_tells() -> None:
    assert reported_step("dial tcp: lookup db on 127.0.0.11:53: no such host") == 0
    assert reported_step("dial tcp 192.0.2.1:443: connect: connection refused") == 1
    assert reported_step("x509: certificate signed by unknown authority") == 2
    assert reported_step("it fails") is None


#: OpenSSL 3.0 and 1.1.1, shortened by the script.
REFUSED = "@@@ 203.0.113.10\n40:error:8000006F:system library:BIO_connect:Connection refused:x\nconnect:errno=111\ncode 1\n"  # noqa: E501
UNTRUSTED = """names 0
@@@ 203.0.113.10
CONNECTED(00000003)
 0 s:CN = sso.example.com
   i:O = Own, CN = Own CA
Verify return code: 20 (unable to get local issuer certificate)
code 0
"""


def test_how_attempts_went() -> None:
    (attempt,) = tried_way(f"nameserver 127.0.0.11\nnames 0\n{REFUSED}", True).attempts
    assert (attempt.address, attempt.outcome) == ("203.0.113.10", "refused")
    (attempt,) = tried_way(UNTRUSTED, True).attempts
    assert (attempt.outcome, attempt.code) == ("untrusted", 20)
    assert attempt.certificates == (("CN = sso.example.com", "O = Own, CN = Own CA"),)
    assert tried_way(UNTRUSTED, False).attempts[0].outcome == "connected"
    assert tried_way("@@@ 192.0.2.1\ncode 124\n", True).attempts[0].outcome == "timeout"
    late = "@@@ 192.0.2.1\nCONNECTED(00000003)\ncode 124\n"
    assert tried_way(late, True).attempts[0].outcome == "stalled"
    denied = "@@@ h\ns_client: HTTP CONNECT failed: 403 Forbidden\nCONNECTED(00000003)\ncode 1\n"
    assert tried_way(denied, True).attempts[0].outcome == "denied"


def test_a_name_without_addresses() -> None:
    way = tried_way("nameserver 127.0.0.53\nnames 2\n", True)
    assert (way.has_names, way.is_silent, way.name_servers) == (False, False, ("127.0.0.53",))
    assert tried_way("names 124\n", True).is_silent
