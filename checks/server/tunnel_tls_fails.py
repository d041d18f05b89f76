"""Visitors come through a tunnel of Cloudflare's, and its client on the server (cloudflared) does
not agree with the application about TLS: `https://` to a port of plain HTTP, `http://` to a port of
TLS, or a certificate that it refuses, as it is for another name than the address has ("x509:
certificate is valid for …, not localhost").

The handshake is done from the server, with the name that cloudflared sends. What it verifies and
trusts is in the origin parameters of Cloudflare's documentation; it knows the Origin CA besides the
system's authorities.
"""

from collections.abc import Iterator, Sequence

from checks.server._tunnel_edits import fix_of, pages_of_cloudflare, rule_edit, rule_facts
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Edit, Evidence, Severity, Subject
from diagnose.model.addresses import bracketed, is_local_host
from diagnose.model.backends import BackendHandshake
from diagnose.model.http import Exchange
from diagnose.model.processes import TunnelRule
from diagnose.parsers.hostnames import covers
from diagnose.parsers.http import wants_tls

#: In the issuer of a certificate of Cloudflare's Origin CA.
_ORIGIN_CA = "CloudFlare Origin"


@check(
    severity=Severity.ERROR,
    needs=[TunnelRule, BackendHandshake, Exchange],
    explains=[
        "http.server-error", "http.not-the-site", "http.cdn-error", "http.page-refused",
        "http.plain-to-tls-port", "http.error-in-front",
        "websocket.not-upgraded", "websocket.not-served", "server.tunnel-target-down",
    ],
)  # fmt: skip
def tunnel_tls_fails(evidence: Evidence) -> Iterator[Claim]:
    pages = pages_of_cloudflare(evidence)
    if any(page.failure or page.status not in {400, 502} for page in pages):
        return
    for rule in evidence.good(TunnelRule) if pages else ():
        shakes = [
            backend_handshake
            for backend_handshake in evidence.of(BackendHandshake)
            if backend_handshake.target == rule.service
        ]
        reason = _reason(rule, shakes, pages) if shakes else ""
        if reason:
            yield _claim(evidence, rule, shakes, pages, reason)
            return


def _reason(rule: TunnelRule, shakes: Sequence[BackendHandshake], pages: Sequence[Exchange]) -> str:
    first = shakes[0]
    if rule.service.startswith("http:"):
        is_answer = 200 <= (first.status or 0) < 400
        is_refused = all(wants_tls(page) or page.status == 502 for page in pages)
        return "tls" if first.verify_code is not None and is_answer and is_refused else ""
    if any(page.status != 502 for page in pages):
        return ""
    if first.verify_code is None:
        return "plain" if first.plain else ""
    if not _is_trusted(first):
        return "untrusted"
    return "" if _covers(first, first.server_name) else "name"


def _is_trusted(shake: BackendHandshake) -> bool:
    return shake.verify_code == 0 or any(_ORIGIN_CA in leaf.issuer for leaf in shake.chain[:1])


def _covers(shake: BackendHandshake, name: str) -> bool:
    return any(covers(name, leaf.dns_names, leaf.addresses) for leaf in shake.chain[:1])


def _claim(
    evidence: Evidence,
    rule: TunnelRule,
    shakes: Sequence[BackendHandshake],
    pages: Sequence[Exchange],
    reason: str,
) -> Claim:
    target, first = evidence.target, shakes[0]
    # With the site's own name the same address shows a certificate that is accepted.
    is_named = any(_is_trusted(shake) and _covers(shake, target.host) for shake in shakes)
    scheme = "http" if reason == "plain" else "https"
    other = f"{scheme}://{bracketed(first.host)}:{first.port}"
    service = other if reason in {"plain", "tls"} else ""
    setting = _setting(first, target.host, is_named) if reason != "plain" else ""
    is_whole = bool(setting) or reason == "plain"
    edit: Edit | None = None
    if is_whole:
        edit = rule_edit(rule, service, (setting,) if setting else ())
    path = target.path_without_query
    return Claim(
        about=Subject(port=target.port, path=path),
        covers=(Subject(port=target.port, path=path), Subject(port=target.port)),
        because=(rule, *shakes, *pages),
        confidence=Confidence.CERTAIN,
        facts={
            **rule_facts(rule),
            "status": pages[0].status or "",
            "host": target.host,
            "plain": reason == "plain",
            "tls": reason == "tls",
            "untrusted": reason == "untrusted",
            "name": reason == "name",
            "wanted": first.server_name,
            "names": next(((*leaf.dns_names, *leaf.addresses)[:5] for leaf in first.chain[:1]), ()),
            "verdict": first.verify_text,
            "other": service,
            "setting": setting,
            "named": is_named,
        },
        fix=fix_of(rule, edit, "correct-the-rule"),
    )


def _setting(shake: BackendHandshake, host: str, is_named: bool) -> str:
    """Return the setting with which cloudflared takes the certificate: the name that it has. On the
    same machine nobody else can take the application's place."""
    if is_named:
        return f"originServerName: {host}"
    return "noTLSVerify: true" if is_local_host(shake.host) else ""
