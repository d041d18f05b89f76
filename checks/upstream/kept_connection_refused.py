"""nginx says "Connection: close" to the application with each request and keeps the connection, for
the application's answer does not end it; the application refuses what comes next there with 400.

A client that sends "close" sends no further request on that connection (RFC 9112 section 9.6); a
strict parser takes more bytes for an error (llhttp, HPE_CLOSED_CONNECTION). nginx decides by the
answer alone, and by `keepalive` of the group (ngx_http_upstream_module). Often a map for WebSockets
says "close" for the other requests (nginx.org, "WebSocket proxying", which keeps no connections).

Measured: two requests as nginx sends them on one connection. The controls are one on a connection
of its own, and two on one connection without the field.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
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
)
from diagnose.model.backends import KeptConnection
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, proxy_set_header_of
from diagnose.parsers.nginx.proxy_headers import sends_close
from diagnose.parsers.nginx.upstreams import proxy_target_of, request_variables
from diagnose.parsers.nginx.variables import map_of


@check(
    severity=Severity.ERROR,
    needs=[KeptConnection],
    explains=[
        "http.page-refused",
        "http.page-file-missing",
        "nginx.other-requests-failed",
        "server.application-answers",
        "upstream.*",
    ],
)
def kept_connection_refused(evidence: Evidence) -> Iterator[Claim]:
    nginx, path = Nginx.of(evidence), evidence.target.path
    refused = next(
        (
            kept_connection
            for kept_connection in evidence.good(KeptConnection)
            if kept_connection.refuses
        ),
        None,
    )
    match = next(
        (
            location_match
            for location_match in nginx.location_matches(path)
            if sends_close(location_match)
        ),
        None,
    )
    header = proxy_set_header_of(match, "Connection") if match else None
    proxied = proxy_target_of(match, request_variables(evidence.target)) if match else None
    kept = children(proxied.group, "keepalive") if proxied and proxied.group else ()
    if refused is None or match is None or header is None or not kept:
        return
    entry, symptom = _entry(match, header), evidence.target.symptom
    line = entry or header
    port = evidence.target.port
    yield Claim(
        about=Subject(port=port, path=path),
        covers=(Subject(port=port, path=path), Subject(port=port)),
        because=(refused, *nginx.configs, *page_exchanges(evidence)),
        confidence=Confidence.CERTAIN,
        is_reported=symptom is not None and symptom.number == refused.second,
        location=nginx.location(line),
        facts={
            "application": refused.target,
            "status": refused.first or "",
            "refusal": refused.second or "",
            "header": " ".join((header.name, *header.args)),
            "place": file_line(header),
            "entry": _written(entry) if entry else "",
            "entry_place": file_line(entry) if entry else "",
            "key": entry.name or "''" if entry else "",
            "kept": file_line(kept[-1]),
            "url": evidence.target.url,
        },
        fix=_fix(nginx, header, entry)
        or Fix((Manual("say-nothing", Where.SERVER),), Applicability.MANUAL),
    )


def _entry(match: LocationMatch, header: Directive) -> Directive | None:
    """Return the line of the map that says "close" for requests without an upgrade; None if the
    field has no map."""
    value = header.args[1]
    block = map_of(match.blocks[0], value[1:]) if value.startswith("$") else None
    if block is None:
        return None
    lines = [line for line in block.block or () if len(line.args) == 1]
    own = [line for line in lines if line.name == ""]
    chosen = next(iter(own or [line for line in lines if line.name == "default"]), None)
    return chosen if chosen is not None and chosen.args[0].lower() == "close" else None


def _written(entry: Directive) -> str:
    return f"{entry.name or repr('')} {entry.args[0]};"


def _fix(nginx: Nginx, header: Directive, entry: Directive | None) -> Fix | None:
    """Return the edit that lets nginx send no field Connection with such requests."""
    if entry is not None:
        changed, text = entry, f"{entry.name or repr('')} '';"
    elif header.args[1].lower() == "close":
        changed, text = header, 'proxy_set_header Connection "";'
    else:
        return None
    file_edits = config_edits(nginx, {changed.file: [edits.replace_directive(changed, text)]})
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW) if file_edits else None
