"""Caddy should get the site's certificate by itself and has none: the handshake ends with the alert
internal_error (80). Its log has the authority's reason. With `auto_https off` it does not try."""

from collections.abc import Iterator

from checks.server import manual_fix, place_text, server_on_port
from checks.server.site_missing import INTERNAL_ERROR
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Subject
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer, WebServerConfig


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
            "message": view.config.complaint if is_issued_by_acme else "",
            "unit": view.server.unit,
        },
        ruled_out=("server.site-missing", "server.reload-needed"),
        fix=manual_fix(view, "issue" if is_issued_by_acme else "turn-on"),
    )
