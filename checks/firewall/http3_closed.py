"""The site announces HTTP/3 (Alt-Svc, RFC 9114 section 3.1), and the server's firewall does not let
its UDP port in. Browsers try HTTP/3, get no answer, and come back to TCP: pages are slow at first,
and some visits hang.

Caddy announces it by itself, so that it is a note there, and none beside a page that fails: TCP
brought that answer. Where nginx was told to listen for it, it is a warning. firewalld's zone and
ufw's rules are judged. Those of a cloud or a router are not seen here.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Fix, Severity, merge_subjects
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import server_blocks

#: "h3" on a port of the same host: 'h3=":443"; ma=86400' (RFC 7838 section 3).
_HTTP3 = re.compile(r'\bh3(?:-\d{1,2})?="?:(\d{1,5})')


@check(severity=Severity.WARNING, needs=[Exchange])
def http3_closed(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in evidence.good(Exchange) if page.purpose == "target"]
    announced = [(page, port) for page in pages if (port := _announced_port(page))]
    if not announced:
        return
    is_wanted = _is_wanted(evidence)
    if not is_wanted and any((page.status or 0) >= 400 for page in pages):
        return
    port = announced[0][1]
    # The readers of rules are 50 modules, and most sites announce no HTTP/3.
    from checks.firewall._udp_rules import closing_rules

    closed_by = closing_rules(evidence, port)
    if closed_by is None:
        return
    subjects = endpoint_subjects([page for page, _ in announced])
    name, steps = closed_by
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(page for page, _ in announced),
        severity=None if is_wanted else Severity.NOTE,
        facts={
            "url": announced[0][0].url,
            "port": port,
            "header": announced[0][0].header("Alt-Svc") or "",
            "zone": name,
            "ufw": not name,
        },
        fix=Fix(steps),
    )


def _is_wanted(evidence: Evidence) -> bool:
    """Return whether a person has turned HTTP/3 on: nginx listens for it."""
    listens = (
        listen
        for config in evidence.good(NginxConfig)
        for server in server_blocks.servers(config.main)
        for listen in server.directives("listen")
    )
    return any("quic" in listen.args for listen in listens)


def _announced_port(page: Exchange) -> int:
    """Return the UDP port of HTTP/3 on the site's own host, 0 if none is announced."""
    match = _HTTP3.search(page.header("Alt-Svc") or "")
    return int(match[1]) if match and int(match[1]) < 65536 else 0
