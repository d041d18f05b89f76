"""HTTP-01 (RFC 8555 section 8.3): the authority asks port 80 for a file. An unknown one is not
there, which is well; a refusal or an error means that a known one would not be given either.
Redirects are followed, but only to names and to the ports 80 and 443 (Let's Encrypt's rules)."""

from collections.abc import Iterator
from datetime import timedelta

from checks.http import _redirects, addresses, pages, places
from checks.nginx import Nginx
from checks.nginx._location_edits import Changes
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    together,
)
from diagnose.model.http import Exchange
from diagnose.model.tls import served
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.http import leads_to, proxy_page, read_url, wants_tls
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.edits import Change
from diagnose.parsers.nginx.server_blocks import Place, Server

#: Whoever renews by ACME has certificates of at most 90 days, mostly; by hand nobody would.
_RENEWED_BY_ITSELF = timedelta(days=101)


@check(severity=Severity.WARNING, needs=[Exchange])
def acme_challenge_blocked(evidence: Evidence) -> Iterator[Claim]:
    blocked = [one for one in pages(evidence, "acme") if _blocks(one) and not _alike(evidence, one)]
    if not blocked:
        return
    leaves = [one.leaf for one in served(evidence)]
    by_hand = bool(leaves) and all(
        leaf.lifetime is not None and leaf.lifetime > _RENEWED_BY_ITSELF for leaf in leaves
    )
    subjects = places(blocked)
    yield Claim(
        about=together(subjects),
        covers=subjects,
        because=tuple(blocked),
        confidence=Confidence.LIKELY,
        severity=Severity.NOTE if by_hand else None,
        facts={
            "name": evidence.target.host,
            "url": blocked[0].url,
            "addresses": addresses(blocked),
            "status": blocked[0].status,
            "onward": leads_to(blocked[0]) or "",
        },
        fix=_fix(Nginx.of(evidence), blocked),
    )


def _fix(nginx: Nginx, blocked: list[Exchange]) -> Fix:
    """Where nginx itself refuses: the challenges' folder, and no more, is open to everybody."""
    changes: Changes = {}
    found = {id(s.block): s for one in blocked for _, s, _ in _redirects.answering(nginx, one)}
    ours = all(one.status in {401, 403} and proxy_page(one.body) for one in blocked)
    if ours and len(found) == 1:
        _open(nginx, next(iter(found.values())), blocked[0], changes)
    return _redirects.fix(nginx, changes, "location")


def _open(nginx: Nginx, server: Server, answer: Exchange, changes: Changes) -> None:
    url = read_url(answer.url)
    path = url.path if url else _redirects.CHALLENGE
    place = server_blocks.find(server, path)
    own = [
        one
        for one in server_blocks.children(server.block, "location")
        if (given := server_blocks.pattern(one))
        and given.modifier == ""
        and len(given.text) > 1
        and path.startswith(given.text)
        and given.text.startswith("/.well-known")
    ]
    file = nginx.file(server.block)
    way = server_blocks.pattern(place.location) if place.location.name == "location" else None
    if file is None or any(
        server_blocks.children(place.location, one) for one in server_blocks.PASSES
    ):
        return
    by_rule = way is not None and way.modifier in {"~", "~*"}
    if own and own[-1].file == file.path and by_rule:
        # An expression comes before a prefix, unless that forbids it (ngx_http_core_module).
        at = own[-1].start + len("location")
        changes.setdefault(file.path, []).append(Change(at, at, " ^~"))
    elif not own and Place((server.http, server.block)).one("root"):
        lines = [f"location ^~ {_redirects.CHALLENGE} {{", "    allow all;", "}"]
        lines.insert(2, "    auth_basic off;")
        anchor = server_blocks.children(server.block, "location")[:1]
        if anchor and anchor[0].file == file.path:
            change = edits.before(file.text, anchor[0], [*lines, ""])
        else:
            change = edits.first(file.text, server.block, lines)
        changes.setdefault(file.path, []).append(change)


def _blocks(one: Exchange) -> bool:
    status = one.status or 0
    if wants_tls(one):
        return False
    if status in {401, 403} or status >= 500:
        return True
    onward = read_url(leads_to(one) or "")
    return onward is not None and (is_address(onward.host) or onward.port not in {80, 443})


def _alike(evidence: Evidence, one: Exchange) -> bool:
    """Whether this client is refused everywhere: then it is the client that is refused."""
    others = pages(evidence, "target")
    return one.status in {401, 403} and any(other.status == one.status for other in others)
