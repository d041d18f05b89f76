"""No site on the port has the name, so another site answers: the first on the socket. Visitors get
its certificate, or its pages. Or a site with a wildcard answers, and the site of exactly this name
is read later (Apache takes the first that matches), is not loaded, is on another port, or is
misspelled. Or the site that answers is on the one address that visitors reach, and the site of the
name on every address (`*`): Apache compares the names of sites on that address alone. Or the site
of the name is on an address that this machine does not have, or on loopback: nobody gets there.

A server whose only site has no name, or another one, may be meant like that. It is a fault only
where visitors see it: the certificate is not for the name, the site with the name is on disk and
not loaded, or the server itself refuses the page, or shows the page of its package, and has other
sites on the port. A site for many names (`*.example.com`) may answer in place of one whose name is
misspelled, or that is for http alone. A site whose port has a digit wrong is on a port on which
Apache does not listen. A virtual host without a name gets no request: it may be the one that is
meant. Over plain HTTP the page tells, or words: the site of this name is on another port.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from checks.server import (
    ServerView,
    enabling_command,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
    visited_addresses,
)
from checks.server._plain_sites import plain_site, with_plain_site
from checks.server._site_addresses import (
    absent_site,
    address_fix,
    is_absent,
    is_loopback_only,
    own_addresses,
)
from checks.server._site_names import alias_edit, first_name_edit, name_edit
from checks.server._sites_beside import (
    SitesBeside,
    content_of,
    exact_sites,
    hidden_by_address,
    leaves_one_out,
    misspelled_name,
    nameless_site,
    other_sites_of,
    sites_beside,
    www_twin,
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
    commands,
)
from diagnose.model.addresses import is_loopback
from diagnose.model.dns import DnsAnswer, Resolution
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.tls import ServedCertificate, served_certificates
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.hostnames import covers, is_address
from diagnose.parsers.http import proxy_page
from diagnose.parsers.misspellings import closest_misspelling
from diagnose.parsers.stray_pages import is_default_page
from diagnose.parsers.web_sites import has_name, may_take

if TYPE_CHECKING:
    from checks.server._port_edits import UnheardSite

#: Statuses of a path that the answering site does not have.
REFUSALS = {403, 404, 410}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.own-answer",
        "server.application-answers",
        "server.page-missing",
        "server.rule-refuses",
        "server.path-not-handled",
        "certificate.*",
        "tls.name-rejected",
        "http.server-error",
        "http.blank-page",
        "http.not-the-site",
        "http.redirect-wrong-host",
        "http.redirect-loop",
        "http.redirect-downgrade",
        "http.hsts-traps-visitors",
        "http.no-redirect",
        "websocket.*",
    ],
)
def wrong_site(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None:
        return
    answering = view.answering_sites
    # What is on a loopback address alone answers no visitor; what passes TLS on has no certificate.
    sites = tuple(
        site
        for site in answering
        if not site.passthrough and not is_loopback_only(site, target.port)
    )
    own = own_addresses(view)
    # Of the sites on addresses that visitors reach, and those of which that is not known.
    sites = tuple(site for site in sites if not is_absent(site, target.port, own))
    if not sites or is_address(target.host):
        return
    if any(has_name(site, target.host) for site in sites):
        yield from _taken_by_wildcard(view, sites)
        return
    inner = next((site for site in answering if has_name(site, target.host)), None)
    if inner and _is_inner_name(evidence):
        return
    inner = inner if inner and is_loopback_only(inner, target.port) else None
    absent = None if inner else absent_site(view, sites[0], own)
    foreign = [
        served_certificate
        for served_certificate in served_certificates(
            evidence, lambda each: each.port == target.port
        )
        # Those of HAProxy have no site: haproxy-name-without-certificate.
        if view.server.product != "haproxy"
        and not covers(
            target.host, served_certificate.leaf.dns_names, served_certificate.leaf.addresses
        )
    ]
    idle = _site_named(view, view.config.idle, target.port)
    unheard = _unheard(view, sites[0])
    strays = _pages_without_a_site(view, sites[0]) or _pages_of_another(view, sites[0])
    # What a section of a file that is read leaves out (<IfDefine>) may be so on purpose.
    is_unread = idle is not None and view.config.file(idle.file) is None
    is_reached = absent is not None and bool(visited_addresses(evidence) & own)
    if not (foreign or is_unread or inner or strays or unheard or is_reached):
        return
    strays = strays or (page_exchanges(evidence) if unheard or absent else ())
    claim = _claim(view, sites[0], idle, inner or absent, foreign, strays, unheard=unheard)
    # Another machine may have the address for now, and answer there with the right site.
    is_sure = absent is None or is_reached
    yield claim if is_sure else replace(claim, confidence=Confidence.LIKELY)


def _unheard(view: ServerView, answering: WebSite) -> "UnheardSite | None":
    """Return the virtual host of exactly this name whose port has one digit wrong, so that nobody
    can reach it, and which has other content than the one that answers."""
    # Imported late: few targets are answered by another site.
    from checks.server._port_edits import is_slip, unheard_site

    target = view.evidence.target
    unheard = unheard_site(view, target.uses_tls)
    if unheard is None or not is_slip(unheard.port, target.port):
        return None
    is_other = content_of(unheard.site) != content_of(answering)
    return unheard if is_other and exact_sites((unheard.site,), target.host) else None


def _taken_by_wildcard(view: ServerView, answering: tuple[WebSite, ...]) -> Iterator[Claim]:
    """Make the claim for a site of exactly this name that a site with a wildcard keeps from its
    visitors. One that is read later never answers; of others the wildcard's refusal tells."""
    target, config = view.evidence.target, view.config
    if config is None or any(target.host.lower() in site.names for site in answering):
        return
    site, other_sites = answering[0], other_sites_of(view, answering[0])
    later = next((other for other in other_sites if target.host.lower() in other.names), None)
    if later and content_of(later) == content_of(site):
        return
    pages = page_exchanges(view.evidence)
    if later and view.server.product == "apache":
        yield _claim(view, site, None, None, [], pages, later)
        return
    if not _is_refused_by_wildcard(view, site, pages):
        return
    idle = _site_named(view, exact_sites(config.idle, target.host), target.port)
    exact = exact_sites(config.sites, target.host)
    is_elsewhere = any(socket.tls for other in exact for socket in other.sockets)
    plain = None if idle or is_elsewhere else plain_site(view)
    if idle or is_elsewhere or plain or misspelled_name(other_sites, target.host):
        claim = _claim(view, site, idle, None, [], pages)
        yield with_plain_site(view, plain, claim) if plain else claim


def _pages_without_a_site(view: ServerView, answering: WebSite) -> tuple[Exchange, ...]:
    """Return the pages of the target if the site that answers has none for it, and other sites are
    on the port.

    It has none if the server itself refuses the page or shows that of its package. Where another
    site has the name with or without "www.", a refusal by an application is enough; where one has
    almost the name, any page.
    """
    host, other_sites = view.evidence.target.host, other_sites_of(view, answering)
    if not other_sites or _is_near(answering, host):
        return ()
    pages = page_exchanges(view.evidence)
    if hidden_by_address(view, answering):
        return pages
    twin = next((site for site in other_sites if www_twin(host) in site.names), None)
    if twin is not None:
        is_other = bool(answering.names) and content_of(answering) != content_of(twin)
        statuses = {*REFUSALS, 200} if is_other else REFUSALS
        return pages if all(page.status in statuses for page in pages) else ()
    if misspelled_name(other_sites, host) and all(_is_other_page(page) for page in pages):
        return pages
    is_passed_on = answering.routes or answering.gateways
    return pages if not is_passed_on and all(map(_is_no_site, pages)) else ()


def _pages_of_another(view: ServerView, answering: WebSite) -> tuple[Exchange, ...]:
    """Return the pages of the target if the site that answers is known to be another one: the
    visitor's words say so, or the site of exactly this name has other content on another port, and
    the target is asked for over plain HTTP."""
    target = view.evidence.target
    pages = page_exchanges(view.evidence)
    if not all(page.status in {*REFUSALS, 200} for page in pages):
        return ()
    if target.symptom is not None and target.symptom.kind == "wrong-site":
        return pages
    if leaves_one_out(view, answering) and all(page.status == 200 for page in pages):
        return pages
    if target.uses_tls or view.server.product != "apache":
        return ()
    elsewhere = exact_sites(view.config.sites if view.config else (), target.host)
    is_other = any(content_of(site) != content_of(answering) for site in elsewhere)
    return pages if is_other and not _is_near(answering, target.host) else ()


def _is_refused_by_wildcard(view: ServerView, site: WebSite, pages: tuple[Exchange, ...]) -> bool:
    """Return whether a site for many names refuses the target's pages. One that passes them on to
    nobody may also end the connection, or answer with nothing."""
    if not pages:
        return False
    path = view.evidence.target.path_without_query
    is_passed_on = any(route.target and may_take(route, path) for route in site.routes)
    if is_passed_on:
        return all(page.status in REFUSALS for page in pages)
    return all(map(_is_no_page, pages))


def _is_no_page(page: Exchange) -> bool:
    """Return whether a site refuses a page, ends the connection, or answers with nothing."""
    is_blank = page.method == "GET" and page.status == 200 and not page.body
    return page.failure is not None or page.status in REFUSALS or is_blank


def _is_other_page(page: Exchange) -> bool:
    return page.status is not None and (page.status < 400 or page.status in REFUSALS)


def _is_near(site: WebSite, host: str) -> bool:
    """Return whether the site is the host's own under a misspelled name, or with or without "www."
    alone."""
    return www_twin(host) in site.names or closest_misspelling(site.names, host) != ""


def _is_no_site(page: Exchange) -> bool:
    is_refused = page.status in REFUSALS and proxy_page(page.body) != ""
    return is_refused or is_default_page(page.status, page.body)


def _is_inner_name(evidence: Evidence) -> bool:
    """Return whether the name leads to loopback alone: then the site is for this machine."""
    resolved = {
        address for resolution in evidence.good(Resolution) for address in resolution.addresses
    }
    resolved |= {record for answer in evidence.good(DnsAnswer) for record in answer.records}
    addresses = [address for address in resolved if is_address(address)]
    return bool(addresses) and all(map(is_loopback, addresses))


def _claim(
    view: ServerView,
    site: WebSite,
    idle: WebSite | None,
    inner: WebSite | None,
    foreign: list[ServedCertificate],
    strays: tuple[Exchange, ...],
    later: WebSite | None = None,
    unheard: "UnheardSite | None" = None,
) -> Claim:
    target, config = view.evidence.target, view.config
    assert config is not None
    sites = sites_beside(view, site, idle, inner, later, bool(foreign), bool(strays))
    handshakes = [handshake for served in foreign for handshake in served.handshakes]
    is_seen = foreign or inner or sites.wildcard or sites.hidden
    return Claim(
        about=Subject(name=target.host, port=target.port),
        covers=(Subject(port=target.port),),
        because=(view.server, config, *handshakes, *strays),
        facts={
            **view.facts,
            **_facts(view, sites),
            "unheard": _place(unheard.site) if unheard else "",
            "unheard_port": unheard.port if unheard else "",
            **({"elsewhere": ""} if unheard else {}),
        },
        confidence=Confidence.CERTAIN
        if config.complete and (foreign or unheard or sites.is_proven)
        else Confidence.LIKELY,
        severity=None
        if is_seen or _is_refused(strays, sites.sibling, sites.mistyped)
        else Severity.WARNING,
        fix=_moved(view, unheard) or _fix(view, sites),
    )


def _moved(view: ServerView, unheard: "UnheardSite | None") -> Fix | None:
    edit = unheard.edit(view, view.evidence.target.port) if unheard else None
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def _facts(view: ServerView, sites: SitesBeside) -> dict[str, object]:
    target, sibling = view.evidence.target, sites.sibling
    is_twin = sibling is not None and www_twin(target.host) in sibling.names
    is_elsewhere = not (sites.inner or sites.later or sites.hidden)
    return {
        "default": _place(sites.answering),
        "default_names": sites.answering.names[:6],
        "idle": sites.idle.file if sites.idle else "",
        "elsewhere": _place(sites.named) if is_elsewhere else "",
        "hidden": _place(sites.hidden),
        "address": sites.answering.sockets[0].address if sites.hidden else "",
        "wildcard": sites.wildcard,
        "later": _place(sites.later),
        "www": target.host.startswith("www."),
        "sibling": _place(sibling) if is_twin else "",
        "covering": _place(sibling) if not is_twin else "",
        "nameless": _place(nameless_site(view, sites.answering)),
        "mistyped": sites.misspelled,
        "encoded": not sites.misspelled.isascii(),
        "mistyped_place": _place(sites.mistyped),
        "inner": _place(sites.inner),
        "inner_address": sites.inner.sockets[0].address if sites.inner else "",
        "apache": view.server.product == "apache",
        "tls": target.uses_tls,
        "plain": False,
    }


def _place(site: WebSite | None) -> str:
    return place_text(site.file, site.line) if site else ""


def _is_refused(
    strays: tuple[Exchange, ...], sibling: WebSite | None, mistyped: WebSite | None
) -> bool:
    """Return whether visitors get no page, and the site that is meant is known."""
    is_known = sibling is not None or mistyped is not None
    return is_known and any(_is_no_page(page) or _is_no_site(page) for page in strays)


def _site_named(view: ServerView, sites: tuple[WebSite, ...], port: int) -> WebSite | None:
    host = view.evidence.target.host
    return next(
        (site for site in sites if has_name(site, host) and site.listens_on(port)),
        None,
    )


def _order_fix(view: ServerView, first: WebSite, later: WebSite) -> Fix:
    """Let the file of the wildcard be read last, where both files are in one folder: files of an
    include are read by their names (core, "Include")."""
    folder, _, name = first.file.rpartition("/")
    path = f"{folder}/zz-{name}"
    config = view.config
    is_plain = (
        later.file.rpartition("/")[0] == folder and later.file.rpartition("/")[2] < f"zz-{name}"
    )
    if first.file == later.file or not is_plain or not name or (config and config.file(path)):
        return manual_fix(view, "order")
    return Fix((commands.move(first.file, path), *reload_steps(view.server)), Applicability.REVIEW)


def _fix(view: ServerView, sites: SitesBeside) -> Fix:
    if sites.hidden:
        return address_fix(view, sites.answering, "same-address")
    if sites.later:
        return _order_fix(view, sites.answering, sites.later)
    if sites.inner:
        return address_fix(view, sites.inner, "every-address")
    if sites.wildcard and sites.named and not sites.idle:
        return manual_fix(view, "move-the-site")
    enable = enabling_command(sites.idle) if sites.idle else None
    edit = name_edit(view, sites.mistyped, sites.misspelled) if sites.mistyped else None
    edit = edit or (alias_edit(view, sites.sibling) if sites.sibling else None)
    nameless = nameless_site(view, sites.answering)
    edit = edit or (first_name_edit(view, nameless) if nameless else None)
    if edit is not None and enable is None:
        return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
    if enable is None:
        return manual_fix(view, "add-the-name")
    return Fix((enable, *reload_steps(view.server)), Applicability.AUTOMATIC)
