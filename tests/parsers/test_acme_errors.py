import pytest

from diagnose.parsers.acme_errors import AcmeReason, acme_reason, asked_address, retry_time

ERROR = "HTTP 400 urn:ietf:params:acme:error:"
EXAMPLES: tuple[tuple[AcmeReason, str], ...] = (
    ("limit", "HTTP 429 urn:ietf:params:acme:error:rateLimited - too many certificates"),
    ("caa", f"{ERROR}caa - CAA record for shop.example.com prevents issuance"),
    ("dns", f"{ERROR}caa - While processing CAA for shop.example.com: DNS problem: SERVFAIL"),
    ("dns", f"{ERROR}dns - DNS problem: query timed out looking up A for shop.example.com"),
    ("no-name", f"{ERROR}dns - DNS problem: NXDOMAIN looking up A for shop.example.com - check"),
    ("no-name", f"{ERROR}dns - no valid A records found for shop.example.com; no valid AAAA"),
    ("closed", f"{ERROR}connection - 203.0.113.9: Timeout during connect (likely firewall"),
    ("elsewhere", f"{ERROR}unauthorized - 203.0.113.9: Invalid response from http://s.example"),
    ("elsewhere", f"{ERROR}tls - 203.0.113.9: remote error: tls: internal error"),
    ("record", f"{ERROR}unauthorized - Incorrect TXT record \"x\" found at _acme-challenge.s"),
    ("record", f"{ERROR}dns - DNS problem: NXDOMAIN looking up TXT for _acme-challenge.s.example"),
    ("record", "waiting for solver certmagic.solverWrapper to be ready: timed out waiting for"
     " record to fully propagate; verify DNS provider configuration is correct"),
    ("provider", "[x] solving challenges: presenting for challenge: adding temporary record for"
     " zone \"example.com.\": got error status: HTTP 403: [{Code:10000 Message:no}]"),
    ("wildcard", "[*.example.com] solving challenges: *.example.com: no solvers available for"
     " remaining challenges (configured=[http-01 tls-alpn-01] offered=[dns-01] remaining)"),
    ("authority", "registering account [] with server: provisioning client: performing request:"
     " Get \"https://acme-v02.api.letsencrypt.org/directory\": dial tcp: i/o timeout"),
    ("authority", "HTTPSConnectionPool(host='acme-v02.api.letsencrypt.org', port=443): Read timed"),
    ("not-public", f"{ERROR}rejectedIdentifier - Cannot issue for nas.local: Domain name does not"),
    ("", "[x] solving challenges: no solvers available for remaining challenges (configured=[a]"
     " offered=[http-01] remaining=[])"),
    ("", "context canceled"),
    ("", ""),
)  # fmt: skip


@pytest.mark.parametrize(("reason", "message"), EXAMPLES)
def test_the_reason_is_that_of_the_message(reason: AcmeReason, message: str) -> None:
    assert acme_reason(message) == reason


def test_the_address_and_the_time_are_the_authoritys_own() -> None:
    assert asked_address(f"{ERROR}connection - 203.0.113.9: Timeout") == "203.0.113.9"
    assert asked_address(f"{ERROR}tls - 2001:db8::9: remote error") == "2001:db8::9"
    assert asked_address(f"{ERROR}caa - CAA record") == ""
    assert retry_time("retry after 2026-11-30 09:12:44 UTC: see") == "2026-11-30 09:12:44 UTC"
    assert retry_time("retry after 2023-01-02T03:04:05Z: see") == "2023-01-02 03:04:05 UTC"
    assert retry_time("too many certificates") == ""
