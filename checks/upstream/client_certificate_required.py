"""The application wants a client certificate, and the server in front of it, which passes requests
on to it over https, sends none (nginx: proxy_ssl_certificate), or one that is not accepted.

The response says so in the words of nginx, although the handshake with the visitor asked for no
certificate. So it is about the connection behind. Cloudflare's Authenticated Origin Pulls on an
inner server are a usual reason.
"""

from collections.abc import Iterator

from checks.http import addresses, endpoint_subjects, exchanges_by_purpose
from checks.nginx import Nginx, file_line
from checks.tls._client_certificates import UNSENT, asked_behind, refusal_words
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.model.tls import Handshake
from diagnose.parsers.cdn import field_signs
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.upstreams import sent_certificate


@check(
    severity=Severity.ERROR,
    needs=[Exchange, Handshake],
    explains=["http.server-error", "websocket.not-upgraded", "websocket.unauthorized"],
)
def client_certificate_required(evidence: Evidence) -> Iterator[Claim]:
    refused = [
        exchange
        for exchange in exchanges_by_purpose(evidence, "target")
        if asked_behind(evidence, exchange)
    ]
    if not refused:
        return
    nginx, first, subjects = Nginx.of(evidence), refused[0], endpoint_subjects(refused)
    directive, sent = _passing_directive(nginx)
    words = refusal_words(first)
    cdn = next((name for page in refused for name, _ in field_signs(page.headers)), "")
    cdn = "" if directive else cdn
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*refused, *([nginx.config] if directive and nginx.config else [])),
        facts={
            "url": first.url,
            "status": first.status or "",
            "addresses": addresses(refused),
            "target": directive.args[0] if directive else "",
            "place": file_line(directive) if directive else "",
            "words": words,
            "refused": words != UNSENT,
            "sent": sent.args[0] if sent else "",
            "sent_place": file_line(sent) if sent else "",
            "authority": _wanted_authority(nginx),
            "cdn": cdn,
            "cloudflare": cdn == "Cloudflare",
        },
        ruled_out=("tls.client-certificate-required",),
        location=nginx.location(directive) if directive else None,
        fix=Fix((_step(cdn, sent is not None or words != UNSENT),), Applicability.MANUAL),
    )


def _step(cdn: str, is_sent: bool) -> Manual:
    """The CDN sends a certificate if it is told so in its console. One that is sent already has to
    be another one."""
    if cdn:
        return Manual("let-the-cdn-send-it", Where.CLOUD_CONSOLE)
    return Manual("send-another-certificate" if is_sent else "send-a-certificate", Where.SERVER)


def _passing_directive(nginx: Nginx) -> tuple[Directive | None, Directive | None]:
    """Return the line by which nginx passes the page on over https, and that of the certificate
    that it sends with it; None for what there is not."""
    target = nginx.evidence.target
    for match in nginx.location_matches(target.path):
        variables = upstreams.request_variables(target)
        proxy_target = upstreams.proxy_target_of(match, variables)
        if proxy_target and proxy_target.secure:
            sent = sent_certificate(match)
            return proxy_target.directive, sent
    return None, None


def _wanted_authority(nginx: Nginx) -> str:
    """Return the file of the authorities that a block of the same nginx behind the visitors' one
    admits; "" if another server answers there."""
    # Imported late: few applications want a certificate.
    from checks.nginx._inner_blocks import inner_requests

    for request in inner_requests(nginx, nginx.evidence.target.path)[:1]:
        for child in children(request.server.block, "ssl_client_certificate"):
            return child.args[0] if child.args and not request.container else ""
    return ""
