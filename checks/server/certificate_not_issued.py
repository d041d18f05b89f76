"""Caddy should get the site's certificate by itself and has none: the handshake ends with the alert
internal_error (80). Its log has the reason of the authority, or of Caddy itself where it
did not get so far. With `auto_https off` it does not try."""

from collections.abc import Iterator

from checks.server import ServerView, manual_fix, place_text, reload_steps, server_on_port
from checks.server._caddy_options import automatic_off
from checks.server.site_missing import INTERNAL_ERROR
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.acme_errors import AcmeReason, acme_reason, asked_address, retry_time

#: The step that removes each reason. For others a person reads the log.
_STEPS: dict[AcmeReason, str] = {
    "limit": "wait",
    "caa": "allow-authority",
    "no-name": "publish-the-name",
    "dns": "mend-the-name-servers",
    "closed": "open-the-ports",
    "elsewhere": "point-the-name-here",
    "record": "write-the-record",
    "provider": "mend-the-token",
    "wildcard": "use-dns",
    "authority": "let-caddy-out",
    "not-public": "use-another-name",
}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Handshake],
    explains=["tls.handshake-failed", "tls.name-rejected"],
)
def certificate_not_issued(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None:
        return
    sites = [site for site in view.answering_sites if site.issuance in {"acme", "none"}]
    handshakes = [
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.port == target.port and handshake.is_browser_like
    ]
    rejected = [
        handshake
        for handshake in handshakes
        if handshake.alert and handshake.alert.code == INTERNAL_ERROR
    ]
    if not sites or not rejected or any(handshake.failure is None for handshake in handshakes):
        return
    is_issued_by_acme = sites[0].issuance == "acme"
    message = view.config.complaint if is_issued_by_acme else ""
    reason = acme_reason(message)
    option = None if is_issued_by_acme or sites[0].names == ("*",) else automatic_off(view)
    yield Claim(
        about=Subject(name=target.host, port=target.port),
        covers=(Subject(port=target.port),),
        because=(view.server, view.config, *rejected),
        facts={
            **view.facts,
            "place": place_text(sites[0].file, sites[0].line) or view.config.path,
            "tries": is_issued_by_acme,
            "nameless": sites[0].names == ("*",) and not is_issued_by_acme,
            "off": sites[0].names != ("*",) and not is_issued_by_acme,
            "message": message,
            "unit": view.server.unit,
            **{name.replace("-", "_"): name == reason for name in _STEPS},
            "reason": reason,
            "domain": next((n.removeprefix("*.") for n in sites[0].names if n != "*"), target.host),
            "address": asked_address(message),
            "until": retry_time(message),
            "option_place": place_text(option.file, option.line) if option else "",
        },
        ruled_out=("server.site-missing", "server.reload-needed"),
        fix=Fix((option.edit, *reload_steps(view.server)), Applicability.REVIEW)
        if option and option.edit
        else _fix(view, reason)
        if is_issued_by_acme
        else manual_fix(view, "turn-on"),
    )


def _fix(view: ServerView, reason: AcmeReason) -> Fix:
    """Caddy tries again by itself; a reload makes it try at once, which a rate limit forbids."""
    if reason == "limit":
        return Fix((Manual("wait", Where.SERVER),), Applicability.MANUAL)
    return manual_fix(view, _STEPS.get(reason, "issue"))
