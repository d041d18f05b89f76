"""A server says that plain HTTP came to its TLS port (nginx: error 497). Whose mistake it is
depends on where the request went: port 80 itself speaks TLS, a redirect names http:// with the
TLS port, or a proxy took the TLS off and passed plain HTTP on to a TLS port behind it."""

from collections.abc import Iterator

from checks.http import _redirects, addresses, places
from checks.nginx import Nginx
from checks.nginx._location_edits import Changes
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Fix, Severity, together
from diagnose.model.http import Exchange
from diagnose.parsers.http import leads_to, same, wants_tls
from diagnose.parsers.nginx import edits, server_blocks


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    explains=[
        "http.acme-challenge-blocked",
        "http.no-redirect",
        "http.redirect-downgrade",
        "http.redirect-loop",
        "websocket.not-upgraded",
    ],
)
def plain_to_tls_port(evidence: Evidence) -> Iterator[Claim]:
    groups: dict[tuple[int, str, bool], list[Exchange]] = {}
    for one in evidence.of(Exchange):
        if wants_tls(one):
            redirected = one.purpose == "redirect" and one.url.startswith("http:")
            place = (one.port, one.url.partition(":")[0], redirected)
            groups.setdefault(place, []).append(one)
    for (port, scheme, redirected), seen in groups.items():
        behind = scheme == "https"
        # A redirect there concerns whatever leads to it, the target's own ports.
        subjects = places(seen)
        yield Claim(
            about=together(subjects),
            covers=() if redirected else subjects,
            because=tuple(seen),
            facts={
                "url": seen[0].url,
                "addresses": addresses(seen),
                "port": port,
                "behind": behind,
                "redirected": redirected and not behind,
                "asked": not redirected and not behind,
                "from": seen[0].redirected_from or "",
            },
            fix=_fix(Nginx.of(evidence), seen, _step(behind, redirected)),
        )


def _fix(nginx: Nginx, seen: list[Exchange], step: str) -> Fix:
    changes: Changes = {}
    sure = True
    if step == "redirect":
        _with_tls(nginx, {same(one.url) for one in seen}, changes)
    elif step == "port":
        sure = _without_tls(nginx, seen, changes)
    return _redirects.fix(nginx, changes, step, sure)


def _with_tls(nginx: Nginx, urls: set[str], changes: Changes) -> None:
    """The redirects that lead there say https."""
    from_here = (one for one in nginx.evidence.good(Exchange) if leads_to(one) in urls)
    found = {id(one.given): one for step in from_here if (one := _redirects.made(nginx, step))}
    for one in found.values():
        scheme, host, rest = one.parts or ("", "", "")
        if scheme:
            _redirects.instead(nginx, one, f"https://{host.removesuffix(':443')}{rest}", changes)


def _without_tls(nginx: Nginx, seen: list[Exchange], changes: Changes) -> bool:
    """Port 80 speaks without TLS; a block for both leads visitors on to the other. Whether that
    is sure: no other site's block is touched."""
    found = {id(server.block) for one in seen for _, server, _ in _redirects.answering(nginx, one)}
    ports = {one.port for one in seen}
    given = [
        (server, one)
        for server in nginx.servers
        for one in server.listens
        if one.port in ports and one.directive and "ssl" in one.directive.args
    ]
    for server, listen in given:
        if (directive := listen.directive) is None:
            continue
        kept = [one for one in directive.args if one not in {"ssl", "http2"}]
        words = f"listen {' '.join(kept)};"
        file, last = nginx.file(directive), listen is given[-1][1]
        changes.setdefault(directive.file, []).append(edits.instead(directive, words))
        if file and last and any(one.ssl and one.port not in ports for one in server.listens):
            own = server_blocks.children(server.block, "server_name")
            anchor = own[0] if own and own[0].file == file.path else directive
            step = _redirects.stepped(file.text, server.block, directive)
            words = f"return 301 {_redirects.SECURE};"
            lines = _redirects.condition("($scheme = http)", words, step)
            changes[directive.file].append(edits.after(file.text, anchor, lines))
    return {id(server.block) for server, _ in given} <= found and len(found) == 1


def _step(behind: bool, redirected: bool) -> str:
    return "behind" if behind else "redirect" if redirected else "port"
