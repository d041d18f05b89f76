"""nginx chooses the listening address first and the name second. The site's block listens on the
port, but not on the address to which visitors connect: there, another block responds.

Two ways lead to it: the site has `listen 443` and another block `listen [::]:443`, so that visitors
with IPv6 get the other (or the other way round: `listen [::]:443` is IPv6 alone); or another block
has `listen 203.0.113.10:443`, which takes that address away from all blocks with `listen 443`
(https://nginx.org/en/docs/http/request_processing.html).

It shows by the other block's certificate, or, where both have the same or none, by a page of a
block that does not know the site, by the page of a package that was just installed, or by an error
of a block with other sites' names. Of a site with HTTPS, port 80 is judged too.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.http import exchanges_by_purpose
from checks.nginx import Nginx, SelectedServer, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import listen_edit, listen_edits, written_listen
from checks.nginx.no_matching_server import wrong_server_symptoms
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
    Where,
    endpoints,
)
from diagnose.model.addresses import is_loopback
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.http import UNKNOWN_SITE, is_error
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.server_blocks import Listen, Socket
from diagnose.parsers.redirects import leads_to_itself
from diagnose.parsers.stray_pages import is_default_page

_SURE = Applicability.AUTOMATIC


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
    ports = (443, 80) if target.port == 443 else (target.port,)
    missing = [each for port in ports for each in _claims(nginx, port)]
    edit = (
        listen_edits(nginx, [(listen, socket) for _, listen, socket in missing])
        if len(missing) > 1
        else None
    )
    is_sure = all(claim.fix and claim.fix.applicability is _SURE for claim, *_ in missing)
    applicability = _SURE if is_sure else Applicability.REVIEW
    for claim, _, socket in missing:
        if edit is None:
            yield claim
            continue
        # One remedy for all of them: a second patch of the same lines would not apply.
        others = tuple(
            written_listen(other.address, other.port) for *_, other in missing if other != socket
        )
        fix = Fix((edit, *reload_steps(nginx)), applicability)
        yield replace(claim, fix=fix, facts={**claim.facts, "others": others})


def _claims(nginx: Nginx, port: int) -> Iterator[tuple[Claim, Listen, Socket]]:
    """Yield a claim for each address of a port on which another block responds, with the line
    beside which that of this address has to stand."""
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
        handshakes = [
            symptom
            for symptom in wrong_server_symptoms(nginx.evidence, [selected_server])
            if isinstance(symptom, Handshake) and _is_at(selected_server, symptom.address)
        ]
        handshakes = handshakes if is_target else []
        pages = () if handshakes else _failing_pages(nginx, selected_server, listen)
        if handshakes or pages:
            address = written_listen(selected_server.socket.address, port)
            places = [handshake.address for handshake in handshakes]
            places += [page.address for page in pages]
            subjects = endpoints(places, port)
            # Where nobody reaches the site's own block, all that is seen is the other's.
            is_everywhere = is_target and len(selected_servers) == 1
            served = _served_elsewhere(nginx, port)
            claim = Claim(
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
                    "inner": is_loopback(listen.address),
                    "certificate": bool(handshakes),
                    "specific": selected_server.socket.address not in {"*", "::"},
                    "ssl": selected_server.socket.ssl,
                    "others": (),
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
            yield claim, listen, selected_server.socket


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
        or (is_error(page) and (is_closing or _is_of_others(selected_server)))
    )


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
    edit = listen_edit(nginx, listen, selected_server.socket)
    if edit is None:
        manual = Manual("listen-there", Where.SERVER)
        return Fix((manual, *reload_steps(nginx)), Applicability.MANUAL)
    applicability = Applicability.AUTOMATIC if sure else Applicability.REVIEW
    return Fix((edit, *reload_steps(nginx)), applicability)
