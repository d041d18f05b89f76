"""The site on the HTTPS port speaks plain HTTP: its socket is configured without TLS (Apache's
`SSLEngine on` is missing). Or Apache listens there, and no enabled site is on the port: its main
server answers."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from checks.server import (
    ServerView,
    enabling_command,
    idle_site,
    indentation,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_view,
)
from checks.tls import failure_groups
from checks.tls.plain_http import is_meant_for_http
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.haproxy import HaproxyTry
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from diagnose.parsers.haproxy.config import Proxy

#: Paths that need no quotes in Apache's configuration.
_PLAIN = lazy_pattern(r"/[\w./@+~-]+")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Handshake],
    explains=["tls.plain-http", "tls.not-tls", "tls.handshake-failed", "http.plain-to-tls-port"],
)
def tls_off(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_view(evidence), evidence.target
    if view is None or view.config is None or not target.uses_tls:
        return
    if is_meant_for_http(evidence, target.port):
        # With TLS there, all visitors of http would get an error, and no certificate is renewed:
        # the address is wrong (tls.plain-http).
        return
    # Only what the server answered proves that it speaks no TLS: a handshake may fail on its way.
    plain_groups = [*failure_groups(evidence, "plain-http"), *failure_groups(evidence, "not-tls")]
    handshakes = [handshake for group in plain_groups for handshake in group.handshakes]
    if not any(handshake.port == target.port for handshake in handshakes):
        return
    if any(visit.failure is None and visit.port == target.port for visit in _visits(evidence)):
        return
    sites = view.answering_sites
    if not sites and view.server.product == "apache":
        yield from _without_site(view, handshakes)
        return
    plain = [site for site in sites if not _has_tls(site, target.port)]
    if not plain or len(plain) != len(sites):
        return
    site = plain[0]
    reader = _reading_backend(view) if site.passthrough else None
    if site.passthrough and reader is None and _sends_header(evidence):
        return  # the server behind may answer the header in plain text: haproxy-proxy-protocol
    lender = None if site.files else _lender(view, site)
    yield Claim(
        about=Subject(port=target.port),
        because=(view.config, view.server, *handshakes),
        facts={
            **view.facts,
            "site": place_text(site.file, site.line),
            "apache": view.server.product == "apache",
            "idle": "",
            "stored": "",
            "other_port": "",
            "other_place": "",
            "unserved": False,
            "files": bool(site.paths("certificate", "bundle")),
            "lender": place_text(lender.file, lender.line) if lender else "",
            "passthrough": site.passthrough,
            "http_backend": reader.name if reader else "",
            "http_place": place_text(reader.section.file, reader.section.line) if reader else "",
            "target": site.routes[0].target.partition("://")[2] if site.routes else "",
        },
        fix=_passing_fix(view, reader) if site.passthrough else _fix(view, site),
    )


def _without_site(view: ServerView, handshakes: Sequence[Handshake]) -> Iterator[Claim]:
    """Apache listens on the port, and no site of its is there."""
    config, port = view.config, view.evidence.target.port
    if config is None or any(site.listens_on(port) for site in config.sites):
        return
    idle = idle_site(view)
    # A file that could not be read may hold the site.
    if idle is None and not config.complete:
        return
    enable = enabling_command(idle) if idle else None
    # Imported late: few sites are on no port.
    from checks.server._port_edits import unheard_site

    unheard = unheard_site(view, tls=True) if idle is None else None
    moved = unheard.edit(view, port) if unheard else None
    built = _built_site(view) if idle is None and unheard is None else None
    yield Claim(
        about=Subject(port=port),
        because=(config, view.server, *handshakes),
        facts={
            **view.facts,
            "stored": built[0] if built else "",
            "other_port": unheard.port if unheard else "",
            "other_place": place_text(unheard.file, unheard.line) if unheard else "",
            "site": "",
            "apache": False,
            "idle": place_text(idle.file, idle.line) if idle else "",
            "unserved": True,
            "files": False,
            "lender": "",
            "passthrough": False,
            "http_backend": "",
            "http_place": "",
            "target": "",
        },
        confidence=Confidence.CERTAIN if config.complete else Confidence.LIKELY,
        fix=Fix((enable, *reload_steps(view.server)), Applicability.AUTOMATIC)
        if enable
        else Fix((moved, *reload_steps(view.server)), Applicability.REVIEW)
        if moved
        else built[1]
        if built
        else manual_fix(view, "add-site"),
    )


def _built_site(view: ServerView) -> tuple[str, Fix] | None:
    # Imported late: most sites are on their port.
    from checks.server._tls_blocks import built_site

    return built_site(view)


def _reading_backend(view: ServerView) -> "Proxy | None":
    """Return the backend in mode http to which a frontend in mode tcp passes visitors: HAProxy
    reads their TLS as HTTP then, and answers 400 itself (Configuration Manual, "mode")."""
    from checks.server._haproxy import haproxy_view

    haproxy = haproxy_view(view.evidence)
    backend = haproxy.proxies.backend if haproxy else None
    return backend if backend is not None and backend.mode == "http" else None


def _passing_fix(view: ServerView, reader: "Proxy | None") -> Fix:
    """Write `mode tcp` into the backend, in the place of a line of its own, or below its first."""
    if reader is None:
        return manual_fix(view, "end-tls")
    own = reader.own("mode")
    section = reader.section
    lines = (
        {own[-1].number: ("    mode tcp",)}
        if own
        else {section.line: (line_text(view, section.file, section.line), "    mode tcp")}
    )
    edit = line_edit(view, section.file, lines)
    return (
        Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(view, "end-tls")
    )


def _sends_header(evidence: Evidence) -> bool:
    """Return whether HAProxy sends a PROXY header to a server behind it, and TLS works there."""
    return any(
        attempt.purpose == "page" and not attempt.proxied and attempt.status is not None
        for attempt in evidence.good(HaproxyTry)
    )


def _visits(evidence: Evidence) -> Iterator[Handshake]:
    return (handshake for handshake in evidence.of(Handshake) if handshake.is_browser_like)


def _has_tls(site: WebSite, port: int) -> bool:
    return any(socket.tls for socket in site.sockets if socket.port == port)


def _fix(view: ServerView, site: WebSite) -> Fix:
    """Turn TLS on where the certificate and the key are named already."""
    if view.server.product == "haproxy" and (edit := _ended_tls(view)):
        return Fix((edit, *reload_steps(view.server)), Applicability.AUTOMATIC)
    complete = site.paths("certificate") and site.paths("key")
    is_apache = view.server.product == "apache" and view.config and "ssl" in view.config.modules
    if complete and is_apache and (lines := _engine_lines(view, site)):
        edit = line_edit(view, site.file, lines)
        if edit:
            return Fix((edit, *reload_steps(view.server)), Applicability.AUTOMATIC)
    if is_apache and not site.files and (borrowed := _borrowed_lines(view, site)):
        edit = line_edit(view, site.file, borrowed)
        if edit:
            # That this certificate is meant is likely, and a person says so.
            return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
    # Imported late: most sites name a certificate.
    from checks.server._stored_tls import stored_tls_fix

    return stored_tls_fix(view, site) or manual_fix(view, "turn-on")


def _lender(view: ServerView, site: WebSite) -> WebSite | None:
    """Return the other site on the port whose certificate covers the target's name, with its
    key: a package's ssl.conf has a block of its own, which lends nothing to other blocks."""
    from checks.server._covering_sites import covering_site

    config, port = view.config, view.evidence.target.port
    others = (
        [each for each in config.sites if each != site and each.listens_on(port)] if config else []
    )
    lender = covering_site(view, others)
    return lender if lender and lender.paths("certificate") and lender.paths("key") else None


def _borrowed_lines(view: ServerView, site: WebSite) -> dict[int, tuple[str, ...]]:
    """Return the first line of the site, and those that turn TLS on with the files of the lender.
    Nothing where a line of the site turns it off, or a path needs quotes."""
    lender = _lender(view, site)
    lines = _engine_lines(view, site) if lender else {}
    if lender is None or list(lines) != [site.line]:
        return {}
    opening, engine = lines[site.line]
    indent = indentation(engine)
    roles = (
        ("SSLCertificateFile", lender.paths("certificate")[0]),
        ("SSLCertificateKeyFile", lender.paths("key")[0]),
        *(("SSLCertificateChainFile", path) for path in lender.paths("chain")[:1]),
    )
    if not all(_PLAIN.fullmatch(path) for _, path in roles):
        return {}
    return {site.line: (opening, engine, *(f"{indent}{name} {path}" for name, path in roles))}


def _ended_tls(view: ServerView) -> Edit | None:
    """Return the edit that adds `ssl` to HAProxy's "bind" line, which names a certificate already:
    without `ssl` that means nothing (Configuration Manual, section 5.1, "crt")."""
    # Imported late: only HAProxy needs it.
    from checks.server._haproxy import haproxy_view

    haproxy = haproxy_view(view.evidence)
    line = haproxy.proxies.bind if haproxy else None
    if line is None or not {"crt", "crt-list"} & set(line.words) or "ssl" in line.words:
        return None
    text = line_text(view, line.file, line.number)
    written = re.sub(r"(?<=\s)(?=crt(?:-list)?\s)", "ssl ", text, count=1)
    return line_edit(view, line.file, {line.number: (written,)})


def _engine_lines(view: ServerView, site: WebSite) -> dict[int, tuple[str, ...]]:
    """Return the line that turns TLS off, turned on; or the first line and `SSLEngine on`."""
    for number in range(site.line + 1, site.end):
        line = line_text(view, site.file, number)
        if re.fullmatch(r"(?i)\s*SSLEngine\s+off\s*", line):
            return {number: (re.sub(r"(?i)off\s*$", "on", line),)}
    opening = line_text(view, site.file, site.line)
    if not opening.strip().lower().startswith("<virtualhost"):
        return {}
    indent = indentation(opening)
    return {site.line: (opening, f"{indent}    SSLEngine on")}
