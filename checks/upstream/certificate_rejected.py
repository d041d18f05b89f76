"""nginx verifies the application's certificate (proxy_ssl_verify on) and rejects it: 502. The
reason is OpenSSL's, in the error log: "upstream SSL certificate verify error: (18:self-signed
certificate)", or "upstream SSL certificate does not match" and a name.

By default nginx trusts nobody (proxy_ssl_trusted_certificate), expects the name in proxy_pass
(proxy_ssl_name) and accepts one intermediate (proxy_ssl_verify_depth 1; ngx_http_proxy_module).
"""

import re
from collections.abc import Iterator

from checks.nginx import Nginx, _location_edits
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._responses import front_failures
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.backends import BackendHandshake
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.hostnames import covers
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.whole_numbers import whole_number

_VERIFY_ERROR = r"upstream SSL certificate verify error: \((\d+):([^)]{1,200})\)"
_OTHER_NAME = r'upstream SSL certificate does not match "([^"]{1,253})"'

#: X509_V_ERR_*: an unknown authority, or a chain longer than the depth allows (x509_vfy.h).
_UNKNOWN_AUTHORITY = {"18", "19", "20", "21"}
_PERHAPS_DEPTH = {"20", "22"}


@check(severity=Severity.ERROR, needs=[LogLine, NginxConfig], explains=[*CONSEQUENCES])
def certificate_rejected(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        lines = backend_log_lines(nginx, backend, f"{_VERIFY_ERROR}|{_OTHER_NAME}")
        if not backend.proxy_target.secure or not lines:
            continue
        if front_failures(evidence, backend.paths):
            yield _claim(nginx, backend, lines)


def _claim(nginx: Nginx, backend: Backend, lines: tuple[LogLine, ...]) -> Claim:
    verify_error = re.search(_VERIFY_ERROR, lines[-1].text)
    other_name = re.search(_OTHER_NAME, lines[-1].text)
    code = verify_error[1] if verify_error else ""
    match = backend.location_matches[0]
    trusted = _value(match, "proxy_ssl_trusted_certificate")
    by_hand = "send-the-name" if other_name else "trust-the-certificate"
    handshake = _accepted(nginx, backend) if other_name else None
    fix = _name_fix(nginx, match, handshake) if handshake else None
    long_chain = _long_chain(nginx, backend) if code in _PERHAPS_DEPTH else None
    if long_chain:
        fix = _depth_fix(nginx, match, _intermediates(long_chain))
    return upstream_claim(
        nginx,
        BackendFault(
            backend,
            {
                "reason": verify_error[2] if verify_error else "",
                "code": code,
                "name": other_name[1] if other_name else "",
                "trusted": trusted,
                "trusts_nobody": not trusted and code in _UNKNOWN_AUTHORITY,
                "expired": code == "10",
                "depth": _value(match, "proxy_ssl_verify_depth") or "1",
                "perhaps_depth": code in _PERHAPS_DEPTH,
                "right_name": handshake.server_name if handshake else "",
                "intermediates": _intermediates(long_chain) if long_chain else "",
            },
            because=(*lines[-3:], *(each for each in (handshake, long_chain) if each)),
            ruled_out=("upstream.refused", "upstream.tls-to-plain"),
        ),
        fix or Fix((Manual(by_hand, Where.SERVER),), Applicability.MANUAL),
    )


def _accepted(nginx: Nginx, backend: Backend) -> BackendHandshake | None:
    """Return the handshake whose certificate is for the name that was sent, and passes the
    verification by the file that nginx trusts."""
    for handshake in nginx.evidence.good(BackendHandshake):
        leaf = handshake.chain[0] if handshake.chain else None
        is_own = handshake.target == backend.proxy_target.target and handshake.verify_code == 0
        if leaf and is_own and covers(handshake.server_name, leaf.dns_names, ()):
            return handshake
    return None


def _intermediates(handshake: BackendHandshake) -> int:
    """Return how many certificates are between the application's own and the root."""
    return sum(not certificate.self_issued for certificate in handshake.chain[1:])


def _long_chain(nginx: Nginx, backend: Backend) -> BackendHandshake | None:
    """Return the handshake whose chain passes the verification by the file that nginx trusts, and
    has more intermediates than nginx accepts."""
    depth = whole_number(_value(backend.location_matches[0], "proxy_ssl_verify_depth") or "1")
    for handshake in nginx.evidence.good(BackendHandshake):
        is_own = handshake.target == backend.proxy_target.target and handshake.verify_code == 0
        if is_own and depth is not None and _intermediates(handshake) > depth:
            return handshake
    return None


def _depth_fix(nginx: Nginx, match: LocationMatch, depth: int) -> Fix | None:
    """Accept a chain of that length. Whoever wrote a smaller number may have meant it."""
    settings = {"proxy_ssl_verify_depth": str(depth)}
    file_edits = _location_edits.setting_edits(nginx, match, settings)
    is_default = not _value(match, "proxy_ssl_verify_depth")
    return (
        _location_edits.location_fix(nginx, match, file_edits, sure=is_default)
        if file_edits
        else None
    )


def _name_fix(nginx: Nginx, match: LocationMatch, handshake: BackendHandshake) -> Fix | None:
    """Expect and send that name. That it is the application's, and not that of somebody else with
    a certificate of the same authority, is for a person to see."""
    name = handshake.server_name
    file_edits = _location_edits.setting_edits(
        nginx,
        match,
        {
            "proxy_ssl_name": "$host" if name == nginx.evidence.target.host else name,
            "proxy_ssl_server_name": "on",
        },
    )
    if not file_edits:
        return None
    return _location_edits.location_fix(nginx, match, file_edits, sure=False)


def _value(match: LocationMatch, name: str) -> str:
    directive = match.directive(name)
    return " ".join(directive.args) if directive else ""
