"""No site on the port has the name, so another site answers: the first on the socket. Visitors get
its certificate, or its pages.

A server whose only site has no name, or another one, may be meant like that. It is a fault only
where visitors see it: the certificate is not for the name, the site with the name is on disk and
not loaded, or the page is refused and a site on the port has the same name with or without "www.".
"""

from collections.abc import Iterator

from checks.server import (
    ServerView,
    manual_fix,
    pages_with_status,
    place_text,
    reload_steps,
    server_view,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
    server_commands,
)
from diagnose.model.addresses import is_loopback
from diagnose.model.dns import DnsAnswer, Resolution
from diagnose.model.tls import ServedCertificate, served_certificates
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.hostnames import covers, is_address
from diagnose.parsers.web_sites import has_name


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.own-answer",
        "server.application-answers",
        "server.page-missing",
        "certificate.*",
        "tls.name-rejected",
        "http.server-error",
        "http.not-the-site",
        "http.redirect-wrong-host",
        "http.redirect-loop",
        "http.redirect-downgrade",
        "http.hsts-traps-visitors",
        "websocket.*",
    ],
)
def wrong_site(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_view(evidence), evidence.target
    if view is None or view.config is None or target.port not in view.server.ports:
        return
    answering = view.answering_sites
    # What is on a loopback address alone answers no visitor.
    sites = tuple(site for site in answering if not _is_loopback_only(site, target.port))
    if not sites or is_address(target.host) or any(has_name(site, target.host) for site in sites):
        return
    inner = next((site for site in answering if has_name(site, target.host)), None)
    if inner and _is_inner_name(evidence):
        return
    served = served_certificates(evidence, lambda handshake: handshake.port == target.port)
    foreign = [
        served_certificate
        for served_certificate in served
        if not covers(
            target.host, served_certificate.leaf.dns_names, served_certificate.leaf.addresses
        )
    ]
    idle = _site_named(view, view.config.idle, target.port)
    sibling = _sibling(view)
    if not foreign and not idle and not inner and not sibling:
        return
    yield _claim(view, sites[0], idle, inner, foreign, sibling)


def _sibling(view: ServerView) -> WebSite | None:
    """Return the site on the port that has the name with or without "www.", if the page is refused;
    None otherwise."""
    evidence, target = view.evidence, view.evidence.target
    if not (pages_with_status(evidence, 403) or pages_with_status(evidence, 404)):
        return None
    other = target.host.removeprefix("www.")
    other = other if other != target.host else f"www.{other}"
    sites = view.config.sites if view.config else ()
    return next(
        (
            site
            for site in sites
            if other in site.names and any(each.port == target.port for each in site.sockets)
        ),
        None,
    )


def _is_inner_name(evidence: Evidence) -> bool:
    """Return whether the name leads to loopback alone: then the site is for this machine."""
    resolved = {each for one in evidence.good(Resolution) for each in one.addresses}
    resolved |= {record for answer in evidence.good(DnsAnswer) for record in answer.records}
    addresses = [each for each in resolved if is_address(each)]
    return bool(addresses) and all(map(is_loopback, addresses))


def _is_loopback_only(site: WebSite, port: int) -> bool:
    addresses = [socket.address for socket in site.sockets if socket.port == port]
    return all(is_address(address) and is_loopback(address) for address in addresses)


def _claim(
    view: ServerView,
    site: WebSite,
    idle: WebSite | None,
    inner: WebSite | None,
    foreign: list[ServedCertificate],
    sibling: WebSite | None,
) -> Claim:
    target, config = view.evidence.target, view.config
    assert config is not None
    elsewhere = next((site for site in config.sites if has_name(site, target.host)), None)
    handshakes = [
        handshake for served_certificate in foreign for handshake in served_certificate.handshakes
    ]
    return Claim(
        about=Subject(name=target.host, port=target.port),
        covers=(Subject(port=target.port),),
        because=(view.server, config, *handshakes),
        facts={
            **view.facts,
            "default": place_text(site.file, site.line),
            "default_names": site.names[:6],
            "idle": idle.file if idle else "",
            "elsewhere": place_text(elsewhere.file, elsewhere.line)
            if elsewhere and not inner
            else "",
            "www": target.host.startswith("www."),
            "sibling": place_text(sibling.file, sibling.line) if sibling and not idle else "",
            "inner": place_text(inner.file, inner.line) if inner else "",
            "inner_address": inner.sockets[0].address if inner else "",
            "apache": view.server.product == "apache",
        },
        confidence=Confidence.CERTAIN if config.complete else Confidence.LIKELY,
        severity=None if foreign or inner else Severity.WARNING,
        fix=manual_fix(view, "every-address") if inner else _fix(view, idle),
    )


def _site_named(view: ServerView, sites: tuple[WebSite, ...], port: int) -> WebSite | None:
    host = view.evidence.target.host
    return next(
        (
            site
            for site in sites
            if has_name(site, host) and any(socket.port == port for socket in site.sockets)
        ),
        None,
    )


def _fix(view: ServerView, idle: WebSite | None) -> Fix:
    if idle is None or "/sites-available/" not in idle.file:
        return manual_fix(view, "add-the-name")
    name = idle.file.rpartition("/")[2].removesuffix(".conf")
    enable = server_commands.enable_apache_site(name)
    return Fix((enable, *reload_steps(view.server)), Applicability.AUTOMATIC)
