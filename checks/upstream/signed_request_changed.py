"""A storage server (MinIO, Ceph, any with the S3 protocol) computes another signature than the
client: nginx passes the request on with another Host or path than the client signed (AWS Signature
Version 4: Host and path are always signed). "SignatureDoesNotMatch".

It is judged after a pasted message that says so. Nothing is signed here, so that a wrong secret is
not excluded.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes, config_edits
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Target,
    Where,
)
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import proxy_headers, upstreams
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of

_OF_PATH = Fix((Manual("path", Where.SERVER),), Applicability.MANUAL)


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig],
    needs_message=True,
)
def signed_request_changed(evidence: Evidence) -> Iterator[Claim]:
    symptom, target = evidence.target.symptom, evidence.target
    if symptom is None or symptom.kind != "signature":
        return
    nginx = Nginx.of(evidence)
    for match in nginx.location_matches(target.path):
        proxy_target = upstreams.proxy_target_of(match, upstreams.request_variables(target))
        if proxy_target is None or not proxy_target.speaks_http:
            continue
        sent = proxy_headers.forwarded_host(match, proxy_target, target)
        is_other_host = sent is not None and sent.lower() != _signed_host(target)
        path = upstreams.requested_path(match, proxy_target, target.path)
        if not is_other_host and path == target.path:
            continue
        directive = (proxy_set_header_of(match, "Host") if is_other_host else None) or (
            proxy_pass_of(match) or match.block
        )
        yield Claim(
            about=Subject(port=target.port, path=target.path, text=file_line(directive)),
            because=(nginx.config,) if nginx.config else (),
            confidence=Confidence.LIKELY,
            location=nginx.location(directive),
            facts={
                "name": target.host,
                "place": file_line(directive),
                "sent": sent if is_other_host else "",
                "signed": _signed_host(target),
                "path": target.path,
                "passed": path if path != target.path else "",
                "value": _value(target),
            },
            fix=_fix(nginx, match, target) if is_other_host else _OF_PATH,
        )
        return


def _signed_host(target: Target) -> str:
    """Return the Host that a client signs: without a port that is the scheme's own."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = 443 if target.uses_tls else 80
    return host if target.port == usual else f"{host}:{target.port}"


def _value(target: Target) -> str:
    return _location_edits.host_variable(target)


def _fix(nginx: Nginx, match: LocationMatch, target: Target) -> Fix:
    changes: Changes = {}
    lines = _location_edits.header_lines(nginx, match, {"Host": _value(target)}, changes)
    _location_edits.insert_lines(nginx, match, lines, changes)
    return _location_edits.location_fix(nginx, match, config_edits(nginx, changes), sure=False)
