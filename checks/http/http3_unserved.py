"""A line of the web server announces HTTP/3 (Alt-Svc, RFC 7838), and nothing of its configuration
listens for it: nginx needs `listen … quic`, HAProxy a `bind quic4@…`, and Apache has no HTTP/3.
Browsers try it for their next connections, get no answer, and come back to TCP, or show
ERR_QUIC_PROTOCOL_ERROR. The line is often copied from instructions.

Another program may hold the UDP port: it is likely, and no more. It is judged after a message; one
that does not speak of HTTP/3 may be about something else: that is a note.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
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
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx import server_blocks

_FIELD = "Alt-Svc"
_TITLES = {"nginx": "nginx", "apache": "Apache", "haproxy": "HAProxy"}
#: "h3" on a port of the same host (RFC 7838 section 3).
_HTTP3 = re.compile(r'\bh3(?:-\d{1,2})?="?:(\d{1,5})')
#: What visitors see of it, or people write.
_TOLD = lazy_pattern(r"(?i)QUIC|HTTP/?3\b|\bh3\b|alt-svc")
#: A socket of HAProxy for QUIC (Configuration Manual, "bind").
_HAPROXY_QUIC = re.compile(r"(?im)^\s*bind\s+[^#\n]*\bquic[46]?@")


@check(
    severity=Severity.WARNING,
    needs=[Exchange],
    needs_message=True,
    explains=["firewall.http3-closed"],
)
def http3_unserved(evidence: Evidence) -> Iterator[Claim]:
    announced = [page for page in page_exchanges(evidence) if _announces(page)]
    if not announced:
        return
    # Imported late: few sites announce HTTP/3 by a line.
    from checks.http._sent_fields import sent_field

    page = announced[0]
    value = page.header(_FIELD) or ""
    sent = sent_field(evidence, _FIELD, [value])
    product = _deaf_product(evidence) if sent else ""
    if sent is None or not product:
        return
    symptom, subjects = evidence.target.symptom, endpoint_subjects(announced)
    is_told = symptom is not None and _TOLD.search(symptom.text) is not None
    port = _HTTP3.search(value)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(announced),
        confidence=Confidence.LIKELY,
        severity=None if is_told else Severity.NOTE,
        location=sent.location,
        facts={
            "url": page.url,
            "value": value,
            "port": port[1] if port else "",
            "place": sent.place,
            "server": _TITLES[product],
            **{name: name == product for name in ("nginx", "apache", "haproxy")},
        },
        fix=sent.with_value("clear")
        or Fix((Manual("take-it-back", Where.SERVER),), Applicability.MANUAL),
    )


def _announces(page: Exchange) -> bool:
    return _HTTP3.search(page.header(_FIELD) or "") is not None


def _deaf_product(evidence: Evidence) -> str:
    """Return the web server that answers, if its configuration was read and listens for no HTTP/3;
    "" otherwise. Caddy and Traefik announce it themselves."""
    from checks.server import server_on_port

    view = server_on_port(evidence)
    if view is not None and view.config is not None:
        files = view.config.files
        if view.server.product == "apache":
            return "apache"
        is_deaf = not any(_HAPROXY_QUIC.search(file.text) for file in files)
        return "haproxy" if view.server.product == "haproxy" and is_deaf else ""
    listens = [
        listen
        for config in evidence.good(NginxConfig)
        for server in server_blocks.servers(config.main)
        for listen in server.directives("listen")
    ]
    return "nginx" if listens and not any("quic" in listen.args for listen in listens) else ""
