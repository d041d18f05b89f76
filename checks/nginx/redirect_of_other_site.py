"""The redirect of plain http leads to another site of this nginx: no block of the port has the
name, so that the first block answers, which is the redirect of that other site
(https://nginx.org/en/docs/http/request_processing.html). The site's own block, with its pages, is
there for https alone.

A block of the port that has no name and redirects to this very name shows that each site was to
have its own redirect: nginx never uses it. Without one, a `default_server`, and a block without a
name, may lead every name to one site on purpose, and nothing is claimed.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.http._foreign_destinations import pages_of
from checks.http._redirects import find_redirect
from checks.nginx import Nginx, file_line
from checks.nginx._default_blocks import has_pages, redirects_to
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import is_related_host, parse_url


@frozen(eq=False)
class OtherSite:
    """The other site to which a redirect leads: its name, the block that redirects, and the block
    of the port that was to do it for the target's name; None if there is none."""

    name: str
    redirecting: Server
    own: Server | None


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    needs_fault=[Exchange],
    explains=["http.redirect-wrong-host", "http.redirect-downgrade", "nginx.no-matching-server"],
)
def redirect_of_other_site(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    steps = [
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.purpose in {"target", "plain"} and exchange.url.startswith("http:")
    ]
    for step in steps:
        other = _other_site(nginx, step)
        redirect = find_redirect(nginx, step) if other else None
        if other is None or redirect is None:
            continue
        # Imported late: few sites have no redirect of their own.
        from checks.nginx._nameless_blocks import named_fix
        from checks.nginx._redirect_blocks import redirect_fix

        fix = named_fix(nginx, other.own) if other.own else redirect_fix(nginx, step.port)
        subjects = endpoint_subjects([step])
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=(step, *nginx.configs),
            severity=None if other.own or step.purpose == "target" else Severity.WARNING,
            confidence=Confidence.CERTAIN if other.own else Confidence.LIKELY,
            location=nginx.location(redirect.directive),
            facts={
                "url": step.url,
                "port": step.port,
                "name": target.host,
                "other": other.name,
                "redirect": " ".join((redirect.directive.name, *redirect.directive.args)),
                "place": file_line(redirect.directive),
                "own": file_line(other.own.block) if other.own else "",
            },
            fix=fix or Fix((Manual("name-the-block", Where.SERVER),), Applicability.MANUAL),
        )
        return


def _other_site(nginx: Nginx, step: Exchange) -> OtherSite | None:
    """Return the site of this nginx to which a redirect leads by the block of no name, if the
    target's name has pages of its own for https; None for any other redirect."""
    host, url = nginx.evidence.target.host, parse_url(redirect_target(step) or "")
    asked = parse_url(step.url)
    if url is None or asked is None or asked.host != host or is_address(host):
        return None
    # A name below the other may be a part of the same site.
    if is_related_host(host, url.host):
        return None
    own = _named(nginx, host)
    other = _named(nginx, url.host)
    selected = nginx.selected_servers(step.port)
    if own is None or other is None or not selected or pages_of(own) == pages_of(other):
        return None
    if any(each.name_match != "default" for each in selected):
        return None
    blocks = {id(each.server.block): each.server for each in selected}
    sibling = _unused_redirect([each.socket.servers for each in selected], host)
    answering = selected[0].server
    is_marked = any(listen.default for listen in answering.listens)
    is_of_others = any("." in name.strip(".") for name in answering.names)
    if len(blocks) != 1 or (sibling is None and (is_marked or not is_of_others)):
        return None
    return OtherSite(url.host, answering, sibling)


def _named(nginx: Nginx, host: str) -> Server | None:
    """Return the block with pages that has this name, written out."""
    return next(
        (server for server in nginx.servers if host in server.names and has_pages(server)), None
    )


def _unused_redirect(sockets: list[tuple[Server, ...]], host: str) -> Server | None:
    """Return the only block without a name that redirects to this one."""
    blocks = {
        id(server.block): server
        for servers in sockets
        for server in servers
        if not {*server.names} - {""} and redirects_to(server, host)
    }
    return next(iter(blocks.values())) if len(blocks) == 1 else None
