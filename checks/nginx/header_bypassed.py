"""The hosts file of the server leads the site's name to the server itself, past the load balancer
that sends the header of the PROXY protocol. Visitors have no fault by that, but what the server
asks at its own name has: nginx closes those connections ("broken header … while reading PROXY
protocol").

The question of auth_request (ngx_http_auth_request_module) or a proxy_pass to the site's own public
name is such a request: then visitors get 500 or 502.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._bypassed_fronts import bypassed_front
from checks.nginx._commands import reload_steps
from checks.nginx.proxy_protocol import cut_connections, header_listens
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Severity,
    Subject,
    Where,
)
from diagnose.model.dns import HostsEntry, published_addresses
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx.locations import proxy_pass_of
from diagnose.parsers.redirects import end_path
from diagnose.parsers.urls import parse_url


@check(
    severity=Severity.ERROR,
    needs=[HostsEntry, NginxConfig],
    explains=[
        "dns.hosts-override", "http.server-error", "nginx.auth-request-failed", "tls.closed",
        "tls.handshake-failed", "tls.reset", "upstream.*",
    ],
)  # fmt: skip
def header_bypassed(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    selected = nginx.selected_servers()
    listens = [listen for each in selected for listen in header_listens(each)[:1]]
    symptoms, entries = cut_connections(evidence), bypassed_front(nginx)
    if not symptoms or not entries or not listens or len(listens) < len(selected):
        return
    question = _own_question(nginx)
    published = (published_addresses(evidence, family) or () for family in (4, 6))
    entry = entries[0]
    yield Claim(
        about=Subject(port=target.port, text=f"{entry.file}:{entry.line}"),
        covers=(Subject(port=target.port), Subject(port=80), Subject(name=target.host)),
        because=(*entries, *symptoms, *nginx.configs),
        severity=None if question else Severity.WARNING,
        confidence=Confidence.LIKELY,
        location=nginx.location(question or listens[0]),
        facts={
            "name": target.host,
            "port": target.port,
            "file": entry.file,
            "line": entry.line,
            "address": entry.address,
            "fronts": tuple(address for addresses in published for address in addresses),
            "place": file_line(listens[0]),
            "asked": question.args[0] if question else "",
            "asker": file_line(question) if question else "",
        },
        fix=_fix(nginx, entries),
    )


def _own_question(nginx: Nginx) -> Directive | None:
    """Return the proxy_pass of the page, or of its auth_request, that asks the site's own name at
    the port."""
    target, path = nginx.evidence.target, end_path(nginx.evidence).partition("?")[0]
    for match in nginx.location_matches(path):
        question = match.directive("auth_request")
        uri = question.args[0].partition("?")[0] if question and question.args else ""
        questions = nginx.location_matches(uri) if uri.startswith("/") else ()
        for directive in map(proxy_pass_of, (match, *questions)):
            url = parse_url(directive.args[0]) if directive and directive.args else None
            if url is not None and url.host == target.host and url.port in {None, target.port}:
                return directive
    return None


def _fix(nginx: Nginx, entries: tuple[HostsEntry, ...]) -> Fix:
    """Take the name out of the hosts file. nginx looks the names of proxy_pass up when it loads its
    configuration."""
    # Imported late: few servers have the name in their hosts file.
    from checks.dns.hosts_override import removal_diff

    file, host = entries[0].file, nginx.evidence.target.host
    lines = [entry for entry in entries if entry.file == file]
    edit = Edit(file, removal_diff(file, lines, host), Where.SERVER)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW)
