"""nginx chooses the listening address first and the name second. The site's block listens on the
port, but not on the address to which visitors connect: there, another block responds.

Two ways lead to it: the site has `listen 443` and another block `listen [::]:443`, so that visitors
with IPv6 get the other (or the other way round: `listen [::]:443` is IPv6 alone); or another block
has `listen 203.0.113.10:443`, which takes that address away from all blocks with `listen 443`
(https://nginx.org/en/docs/http/request_processing.html).

Behind another server on this machine (HAProxy, Apache, Caddy) nginx is asked at 127.0.0.1, which a
block with `listen 127.0.0.1:80` takes away from all blocks with `listen 80` in the same way.

It shows by the other block's certificate, or, where both have the same or none, by a page of a
block that does not know the site, by the page of a package that was just installed, or by an error
of a block with other sites' names. Of a site with HTTPS, port 80 is judged too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks.http import exchanges_by_purpose
from checks.nginx import Nginx, SelectedServer, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import listen_edits, written_listen
from checks.nginx.no_matching_server import wrong_server_symptoms
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    endpoints,
)
from diagnose.model.addresses import is_loopback
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.applications import page_title
from diagnose.parsers.http import UNKNOWN_SITE, is_error
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.server_blocks import Listen, Server, Socket
from diagnose.parsers.redirects import leads_to_itself, redirect_target
from diagnose.parsers.stray_pages import is_default_page
from diagnose.parsers.urls import parse_url


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Connection],
    explains=[
        "certificate.*",
        "dns.split-horizon",
        "tls.*",
        "http.*",
        "nginx.no-matching-server",
        "nginx.redirect-unused",
        "websocket.*",
        # What the other block does with the site's paths.
        "nginx.own-answer",
        "nginx.rule-refuses",
        "upstream.*",
    ],
)
def name_on_other_address(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    if nginx.inner is not None and not nginx.inner.is_own_block:
        # Imported late: few servers have another one in front.
        from checks.nginx._inner_listens import inner_claims

        yield from inner_claims(nginx, nginx.inner)
    claims = list(_claims(nginx, target.port))
    plain_claims = list(_claims(nginx, 80)) if target.port == 443 else []
    for claim in claims:
        yield _with_plain(nginx, claim, plain_claims)
    if not claims:
        yield from plain_claims


def _with_plain(nginx: Nginx, claim: Claim, plain_claims: Sequence[Claim]) -> Claim:
    """Return a claim of https with what is missing on port 80 in the same address family: one edit
    adds both lines. Without it the next visit by http would meet the other site."""
    target = nginx.evidence.target
    socket = next(
        selected.socket
        for selected in nginx.selected_servers(target.port)
        if claim.facts["listen"] == written_listen(selected.socket.address, target.port)
    )
    plain = _missing_plain(nginx, socket.address) if target.port == 443 else None
    edit = claim.fix.steps[0] if claim.fix else None
    if plain is None or not isinstance(edit, Edit):
        return claim
    own, listen, plain_socket = plain
    listens = ((_listen_of(nginx, target.port), socket), (listen, plain_socket))
    edits = listen_edits(nginx, listens)
    if not edits or claim.fix is None:
        return claim
    address = written_listen(plain_socket.address, 80)
    seen = [plain_claim for plain_claim in plain_claims if plain_claim.facts["listen"] == address]
    is_redirect = bool(children(own.block, "return"))
    sure = claim.fix.applicability is Applicability.AUTOMATIC and is_redirect
    return replace(
        claim,
        because=tuple(dict.fromkeys((*claim.because, *(b for each in seen for b in each.because)))),
        covers=(*claim.covers, *(subject for each in seen for subject in each.covers)),
        facts={**claim.facts, "plain_listen": address, "plain_own": file_line(own.block)},
        fix=Fix(
            (*edits, *reload_steps(nginx)),
            Applicability.AUTOMATIC if sure else Applicability.REVIEW,
        ),
    )


def _listen_of(nginx: Nginx, port: int) -> Listen:
    """Return the `listen` of the site's own block on a port on which it has one."""
    own = nginx.server_on_other_address_of(port)
    return next(listen for listen in (own.listens if own else ()) if listen.port == port)


def _missing_plain(nginx: Nginx, address: str) -> tuple[Server, Listen, Socket] | None:
    """Return the site's block of port 80, its `listen`, and the socket of the same address on which
    it is missing; None if nothing is. What listens on an address of its own may be meant so."""
    own = nginx.server_on_other_address_of(80)
    listen = _listen_of(nginx, 80) if own else None
    if own is None or listen is None or listen.address not in {"*", "::"}:
        return None
    missing = (
        selected.socket
        for selected in nginx.selected_servers(80)
        if selected.name_match == "default" and selected.socket.address == address
    )
    socket = next(missing, None)
    return (own, listen, socket) if socket else None


def _claims(nginx: Nginx, port: int) -> Iterator[Claim]:
    """Yield a claim for each address of a port on which another block responds."""
    target = nginx.evidence.target
    own = nginx.server_on_other_address_of(port)
    if own is None:
        return
    is_target = port == target.port
    listen = next(listen for listen in own.listens if listen.port == port)
    selected_servers = nginx.selected_servers(port)
    for selected_server in selected_servers:
        if selected_server.name_match != "default":
            continue
        handshakes = _wrong_handshakes(nginx, selected_server) if is_target else []
        pages = () if handshakes else _failing_pages(nginx, selected_server, listen)
        if handshakes or pages:
            address = written_listen(selected_server.socket.address, port)
            places = [handshake.address for handshake in handshakes]
            places += [page.address for page in pages]
            subjects = endpoints(places, port)
            # Where nobody reaches the site's own block, all that is seen is the other's.
            is_everywhere = is_target and len(selected_servers) == 1
            served = _served_elsewhere(nginx, port)
            yield Claim(
                about=Subject(port=port, text=f"listen {address}"),
                covers=(*subjects, *([Subject()] if is_everywhere else [])),
                because=(*handshakes, *pages, *served, *nginx.configs),
                severity=None if is_target else Severity.WARNING,
                confidence=Confidence.CERTAIN
                if handshakes or served or _are_default_pages(pages)
                else Confidence.LIKELY,
                facts={
                    "name": target.host,
                    "addresses": tuple(subject.address for subject in subjects),
                    "listen": address,
                    "own": file_line(own.block),
                    "own_listen": written_listen(listen.address, port),
                    "other": file_line(selected_server.server.block),
                    "other_names": selected_server.server.names,
                    "status": pages[0].status or "" if pages else "",
                    "closed": bool(pages) and pages[0].status is None,
                    "onward": _onward(pages, selected_server),
                    **dict.fromkeys(("plain_listen", "plain_own", "front"), ""),
                    "inner": is_loopback(listen.address),
                    "certificate": bool(handshakes),
                    "specific": selected_server.socket.address not in {"*", "::"},
                    "ssl": selected_server.socket.ssl,
                },
                location=nginx.location(listen.directive or own.block),
                # What this machine alone reaches may be closed on purpose.
                fix=_fix(
                    nginx,
                    listen,
                    selected_server,
                    sure=is_target and not is_loopback(listen.address),
                ),
            )


def _wrong_handshakes(nginx: Nginx, selected_server: SelectedServer) -> list[Handshake]:
    """Return the handshakes at which the block answers with another site's certificate."""
    return [
        symptom
        for symptom in wrong_server_symptoms(nginx.evidence, [selected_server])
        if isinstance(symptom, Handshake) and _is_at(selected_server, symptom.address)
    ]


def _failing_pages(
    nginx: Nginx, selected_server: SelectedServer, own: Listen
) -> tuple[Exchange, ...]:
    """Return the responses that say that the block there does not know the site. Both blocks may
    have the same certificate, or none. A `listen` of the site with an address of its own may be
    intended, but for one of this machine alone: no visitor gets there."""
    is_inner = is_loopback(own.address)
    if own.address not in {"*", "::"} and not is_inner:
        return ()
    is_closing = is_inner and _closes(selected_server)
    closed = _closed_pages(nginx.evidence, selected_server) if is_closing else ()
    return closed or tuple(
        page
        for page in _pages(nginx.evidence, selected_server.socket.port)
        if _is_at(selected_server, page.address)
        if page.status in UNKNOWN_SITE
        or is_default_page(page.status, page.body)
        # It sends visitors of its own names to the site, and the site's to where they are.
        or leads_to_itself(page)
        or _leads_to_its_own_name(page, selected_server)
        or (is_error(page) and (is_closing or _is_of_others(selected_server)))
        or _has_another_title(nginx, selected_server, page)
    )


def _has_another_title(nginx: Nginx, selected_server: SelectedServer, page: Exchange) -> bool:
    """Return whether the page of a block with names of other sites is called otherwise than the
    page that the site's own block gives at another address."""
    names = [name for name in selected_server.server.names if "." in name.strip("*.~")]
    title = page_title(page.body) if names and page.status == 200 else ""
    own_pages = _served_elsewhere(nginx, page.port) if title else ()
    titles = {page_title(own.body) for own in own_pages} - {""}
    return bool(titles) and title not in titles


def _leads_to_its_own_name(page: Exchange, selected_server: SelectedServer) -> bool:
    """Return whether the block redirects to a name of its own: it sends the site's visitors to
    another site."""
    onward = redirect_target(page)
    url = parse_url(onward) if onward else None
    return url is not None and url.host in selected_server.server.names


def _onward(pages: Sequence[Exchange], selected_server: SelectedServer) -> str:
    """Return where that block sends the site's visitors to a name of its own; "" if it does not."""
    leading = (page for page in pages if _leads_to_its_own_name(page, selected_server))
    return next((redirect_target(page) or "" for page in leading), "")


def _are_default_pages(pages: tuple[Exchange, ...]) -> bool:
    """Return whether visitors got the page of a package: that one comes from no site's block."""
    return bool(pages) and all(is_default_page(page.status, page.body) for page in pages)


def _closed_pages(evidence: Evidence, selected_server: SelectedServer) -> tuple[Exchange, ...]:
    """Return the requests of visitors after which that block closes the connection (444)."""
    return tuple(
        page
        for page in evidence.of(Exchange)
        if page.is_page_of(evidence.target)
        if page.failure is not None and page.failure.kind in {"closed", "reset", "protocol"}
        if page.port == selected_server.socket.port and _is_at(selected_server, page.address)
    )


def _closes(selected_server: SelectedServer) -> bool:
    """Return whether a block refuses every request: one for names that nobody has."""
    returns = children(selected_server.server.block, "return")
    return bool(returns) and returns[0].args[:1] != () and returns[0].args[0].startswith("4")


def _is_of_others(selected_server: SelectedServer) -> bool:
    """Return whether the block has an address of its own and names of other sites only: its errors
    are theirs."""
    names = selected_server.server.names
    is_specific = selected_server.socket.address not in {"*", "::"}
    return is_specific and bool(names) and all("." in name.strip("*.~") for name in names)


def _served_elsewhere(nginx: Nginx, port: int) -> tuple[Exchange, ...]:
    """Return the site's own pages: from the addresses at which nginx chooses the site's block."""
    named = [server for server in nginx.selected_servers(port) if server.name_match != "default"]
    return tuple(
        page
        for page in _pages(nginx.evidence, port)
        if not is_error(page) and any(_is_at(server, page.address) for server in named)
    )


def _pages(evidence: Evidence, port: int) -> Iterator[Exchange]:
    """Yield what the site answers to visitors of a port: to the target's request, or, on port 80
    beside HTTPS, to a visit by plain http."""
    purpose = "target" if port == evidence.target.port else "plain"
    for page in exchanges_by_purpose(evidence, purpose):
        if page.port == port:
            yield page


def _is_at(selected_server: SelectedServer, address: str) -> bool:
    """Return whether a visitor who connects to the address reaches this socket.

    Behind a translation of addresses that is unknown, except that the family stays.
    """
    own = selected_server.socket.address
    return own == address or (own in {"*", "::"} and (own == "::") == (":" in address))


def _fix(nginx: Nginx, listen: Listen, selected_server: SelectedServer, *, sure: bool) -> Fix:
    """Let the site's block listen on that address too. Beside HTTPS, pages may be kept from plain
    http on purpose (not `sure`)."""
    edits = listen_edits(nginx, ((listen, selected_server.socket),))
    if not edits:
        manual = Manual("listen-there", Where.SERVER)
        return Fix((manual, *reload_steps(nginx)), Applicability.MANUAL)
    applicability = Applicability.AUTOMATIC if sure else Applicability.REVIEW
    return Fix((*edits, *reload_steps(nginx)), applicability)
