"""What answers at the name's addresses in place of this server, compared with what the server's own
web server answers to the same request (`LocalAnswer`)."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from diagnose.model import Confidence, Evidence, Host, Observation, Subject, Vantage
from diagnose.model.addresses import is_loopback, is_private
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, LocalAnswer, LocalRequest, Upgrade, header
from diagnose.model.marks import Headers
from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Listeners, server_addresses
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.cdn import field_signs
from diagnose.parsers.hostnames import covers
from diagnose.parsers.http import hops
from diagnose.parsers.redirects import leads_to_itself, redirect_target
from diagnose.parsers.urls import normalize_url

if TYPE_CHECKING:
    from diagnose.parsers.front_errors import FrontError, Meaning


#: The port of plain http.
_HTTP = 80


@frozen
class Front:
    """The machine at one address of the name that is not this server.

    `by_certificate` are the two handshakes that show it: another certificate there than here.
    `product` is the CDN that answers, or what its Server field says.
    """

    address: str
    confidence: Confidence
    by_certificate: tuple[Observation, ...]
    product: str


def local_answer(
    evidence: Evidence, request: LocalRequest, path: str | None = None
) -> LocalAnswer | None:
    """Return what the server's own web server answered; None if it was not asked."""
    answers = (
        answer
        for answer in evidence.of(LocalAnswer)
        if answer.request == request and (path is None or answer.path == path)
    )
    return next(answers, None)


def own_page(evidence: Evidence) -> LocalAnswer | None:
    """Return what the server's own web server answered to the page's request, over TLS, or as a
    proxy asks that ends TLS; None if it was not asked."""
    page = local_answer(evidence, "page")
    return local_answer(evidence, "forwarded") if page is None else page


def visits_by_error(
    evidence: Evidence, error_of: "Callable[[Exchange], FrontError | None]"
) -> "dict[tuple[int, FrontError], list[Exchange]]":
    """Group this machine's visits of the page by their status and the front's error in them."""
    groups: dict[tuple[int, FrontError], list[Exchange]] = {}
    for exchange in evidence.good(Exchange):
        is_visit = exchange.purpose == "target" and exchange.vantage is Vantage.HERE
        error = error_of(exchange) if is_visit and exchange.status else None
        if error is not None and exchange.status:
            groups.setdefault((exchange.status, error), []).append(exchange)
    return groups


def cdn_visits(evidence: Evidence, *meanings: "Meaning") -> tuple[Exchange, ...]:
    """Return this machine's visits of the page at which a CDN says that one of these failed behind
    it; none if this server is not meant for the name."""
    visits = [
        exchange
        for (_, error), exchanges in visits_by_error(evidence, cdn_error).items()
        if error.meaning in meanings
        for exchange in exchanges
    ]
    return tuple(visits) if visits and serves_name(evidence) else ()


def other_subjects(evidence: Evidence, exchanges: Collection[Exchange]) -> Iterator[Subject]:
    """Yield the page and port 80 at the addresses of a front's error, and the WebSockets that get
    the same answer."""
    statuses = {exchange.status for exchange in exchanges}
    for address in dict.fromkeys(exchange.address for exchange in exchanges):
        for port in dict.fromkeys((evidence.target.port, 80)):
            yield Subject(address=address, port=port, path=evidence.target.path)
        for upgrade in evidence.of(Upgrade):
            if upgrade.address == address and upgrade.status in statuses:
                yield Subject(address=address, port=upgrade.port, path=upgrade.path)


def serves_name(evidence: Evidence) -> bool:
    """Return whether the server's own web server is meant for the target's name: it has a
    certificate for it, or its configuration names it (a server block of nginx, a site of Apache,
    Caddy or HAProxy). Otherwise its answer is that of another site, as on a server that was given
    by mistake."""
    page, host = local_answer(evidence, "page"), evidence.target.host
    if page is not None and page.chain:
        leaf = page.chain[0]
        if covers(host, leaf.dns_names, leaf.addresses):
            return True
    if any(_names_site(config, evidence) for config in evidence.good(WebServerConfig)):
        return True
    if not evidence.good(NginxConfig):
        return False
    from checks.nginx import Nginx

    selected = Nginx.of(evidence).selected_servers()
    if not selected and _has_no_listener(evidence):
        selected = Nginx.of(evidence).selected_servers(_HTTP)
    return any(server.name_match != "default" for server in selected)


def _names_site(config: WebServerConfig, evidence: Evidence) -> bool:
    """Return whether a site of the configuration has the target's name, and not only what has no
    other site."""
    from diagnose.parsers.web_sites import answering_sites, has_name

    host, ports = evidence.target.host, {evidence.target.port}
    if _has_no_listener(evidence):
        ports.add(_HTTP)
    return any(
        has_name(replace(site, names=tuple(name for name in site.names if name != "*")), host)
        for port in ports
        for site in answering_sites(config, port, host)
    )


def _has_no_listener(evidence: Evidence) -> bool:
    """Return whether nothing on the server has the target's port: what visitors get there is
    another machine's answer, or its answer to what that one asks over http."""
    # Imported late: a healthy run judges nothing of it.
    from checks.listener import listeners_on

    is_known = bool(evidence.good(Listeners))
    return is_known and not listeners_on(evidence, evidence.target.port)


def front_at(evidence: Evidence, address: str) -> Front | None:
    """Return the machine that answers at an address; None if it may be this server.

    Another certificate for the same name, or the fields of a CDN, are proof. Without them the
    interfaces decide: IPv6 is not translated, and IPv4 only to a private address.
    """
    own = _own_addresses(evidence)
    if not own or address in own or is_private(address):
        return None
    certificates = _other_certificate(evidence, address)
    signs = _signs(evidence, address)
    product = signs[0] if signs else ""
    if not signs and may_be_router(evidence, address):
        return None
    if certificates or signs:
        return Front(address, Confidence.CERTAIN, certificates, product)
    may_be_own = _may_be_translated(own, address) and not _ends_tls_elsewhere(evidence, address)
    return None if may_be_own else Front(address, Confidence.LIKELY, (), "")


def fronts(evidence: Evidence, addresses: Iterable[str]) -> tuple[Front, ...]:
    """Return the machines at these addresses, if none of the addresses may be this server's."""
    machines = [front_at(evidence, address) for address in dict.fromkeys(addresses)]
    return tuple(machine for machine in machines if machine) if all(machines) else ()


def weakest(machines: Iterable[Front]) -> Confidence:
    certain = all(machine.confidence is Confidence.CERTAIN for machine in machines)
    return Confidence.CERTAIN if certain else Confidence.LIKELY


def product_name(machines: Iterable[Front], headers: Headers) -> str:
    """Return what answers in front: the CDN's name, else the Server field of the response."""
    named = next((machine.product for machine in machines if machine.product), "")
    return named or header(headers, "Server") or ""


def is_passed_on(evidence: Evidence, address: str) -> bool:
    """Return whether the machine at the address shows the server's own page, or says that it is a
    proxy or CDN."""
    page = local_answer(evidence, "page")
    passed_by = any(
        hops(exchange.headers) or field_signs(exchange.headers)
        for exchange in evidence.of(Exchange)
        if exchange.address == address and exchange.purpose == "target"
    )
    return passed_by or (page is not None and address in page.same_as)


def _own_addresses(evidence: Evidence) -> tuple[str, ...]:
    return tuple(address for address in server_addresses(evidence) if not is_loopback(address))


def _may_be_translated(own: tuple[str, ...], address: str) -> bool:
    """Return whether a router may translate the address to one of the server's private ones (for
    IPv6 only to one of RFC 4193; every interface has a link-local one)."""
    if ":" in address:
        return any(item.lower().startswith(("fc", "fd")) for item in own if ":" in item)
    own_v4 = [item for item in own if ":" not in item]
    return not own_v4 or any(map(is_private, own_v4))


def _ends_tls_elsewhere(evidence: Evidence, address: str) -> bool:
    """Return whether a TLS handshake succeeds at an address, and nothing here has the port."""
    return _has_no_listener(evidence) and any(
        handshake.address == address and handshake.port == evidence.target.port and handshake.chain
        for handshake in evidence.of(Handshake)
    )


def may_be_router(evidence: Evidence, address: str) -> bool:
    """Return whether the router may have answered this server at its own public address.

    A home router shows its own page to those inside (RFC 4787 section 6, hairpinning), so nothing
    is known of what visitors get. It has no valid certificate for the site and not its page.
    """
    is_local = any(
        host.via == "local" for host in evidence.of(Host) if host.vantage is Vantage.SERVER
    )
    own = _own_addresses(evidence)
    has_public = any(not is_private(item) for item in own if ":" not in item)
    if not is_local or not own or has_public or ":" in address or is_private(address):
        return False
    if is_passed_on(evidence, address):
        return False
    return not any(
        handshake.address == address and is_accepted(evidence, handshake)
        for handshake in evidence.of(Handshake)
    )


def is_accepted(evidence: Evidence, handshake: Handshake) -> bool:
    """Return whether a browser accepts this handshake's certificate for the target's name."""
    leaf = next(iter(handshake.chain), None)
    return (
        handshake.failure is None
        and not handshake.verify_code
        and leaf is not None
        and covers(evidence.target.host, leaf.dns_names, leaf.addresses)
    )


def _other_certificate(evidence: Evidence, address: str) -> tuple[Observation, ...]:
    """Return the handshake with the address and the server's own answer, if their certificates
    differ."""
    page = local_answer(evidence, "page")
    if page is None or not page.chain:
        return ()
    for handshake in evidence.of(Handshake):
        visitors = handshake.is_browser_like and handshake.vantage is Vantage.HERE
        if visitors and handshake.address == address and handshake.chain:
            differs = handshake.chain[0].sha256 != page.chain[0].sha256
            return (handshake, page) if differs else ()
    return ()


def _signs(evidence: Evidence, address: str) -> list[str]:
    """Return the CDNs whose fields are in the answers of an address."""
    answers: list[Exchange | Upgrade] = [*evidence.of(Exchange), *evidence.of(Upgrade)]
    return [
        cdn
        for answer in answers
        if answer.address == address
        for cdn, _ in field_signs(answer.headers)
    ]


def looping_exchanges(evidence: Evidence) -> tuple[Exchange, ...]:
    """Return the answers over https that redirect to the same URL."""
    return tuple(
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.purpose == "target"
        and exchange.vantage is Vantage.HERE
        and exchange.url.startswith("https:")
        and leads_to_itself(exchange)
    )


def is_flexible(evidence: Evidence) -> bool:
    """Return whether the server redirects a request over http to the very URL at which visitors
    loop, and does not redirect there over https."""
    forwarded, page = local_answer(evidence, "forwarded"), local_answer(evidence, "page")
    loops = looping_exchanges(evidence)
    if forwarded is None or not loops:
        return False
    url = normalize_url(loops[0].url)
    loops_here = page is not None and redirect_target(page) == url
    return redirect_target(forwarded) == url and not loops_here


def front_error(exchange: Exchange) -> "FrontError | None":
    """Return a CDN's or load balancer's own error about the server behind it, or None."""
    if (exchange.status or 0) < 404:
        return None
    # Most runs meet no error, and need no table of them.
    from diagnose.parsers import front_errors

    return front_errors.front_error(exchange)


def cdn_error(exchange: Exchange) -> "FrontError | None":
    """Return a CDN's own error about the server behind it, or None."""
    error = front_error(exchange)
    return error if error is not None and error.kind == "cdn" else None
