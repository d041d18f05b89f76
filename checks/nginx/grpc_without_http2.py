"""A location passes requests on with grpc_pass, and nginx does not offer HTTP/2 on the site's
socket. gRPC exists over HTTP/2 only (gRPC over HTTP2, https://grpc.io), so its clients cannot
connect. gRPC-Web would work over HTTP/1.1, if the application speaks it itself: beside a page it is
a note, unless a client of gRPC complains.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._http2_edits import http2_edit
from checks.nginx._location_edits import location_fix
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
from diagnose.model.nginx import NginxConfig
from diagnose.model.upstream import UpstreamTalk
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, all_locations, select_location
from diagnose.parsers.nginx.server_blocks import Server, Socket


@check(severity=Severity.WARNING, needs=[NginxConfig], explains=["http.grpc-needs-http2"])
def grpc_without_http2(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    if any(talk.speaks == "http" for talk in evidence.good(UpstreamTalk)):
        return  # upstream.speaks-http: it is no gRPC service
    for selected in nginx.selected_servers():
        if nginx.config is None or _offers_http2(selected.socket, selected.server):
            continue
        asked = select_location(selected.server, evidence.target.path)
        matches = [asked, *all_locations(selected.server)]
        match = next((match for match in matches if children(match.block, "grpc_pass")), None)
        if match is None:
            continue
        grpc_passes = children(match.block, "grpc_pass")
        yield Claim(
            about=Subject(port=evidence.target.port, text=file_line(grpc_passes[0])),
            because=(nginx.config,),
            severity=None if match is asked else Severity.NOTE,
            confidence=Confidence.LIKELY,
            facts={
                "location": match.block.text,
                "place": file_line(grpc_passes[0]),
                "application": grpc_passes[0].args[0],
                "server": file_line(selected.server.block),
                "port": evidence.target.port,
            },
            location=nginx.location(grpc_passes[0]),
            fix=_fix(nginx, match, selected.server),
        )
        return


def _offers_http2(socket: Socket, server: Server) -> bool:
    """A parameter of `listen` counts for the whole socket, the directive for its block."""
    listens = (
        listen.directive
        for block in socket.servers
        for listen in block.listens
        if listen.port == socket.port and listen.directive is not None
    )
    directive = server.directive("http2")
    return any("http2" in listen.args for listen in listens) or (
        directive is not None and directive.args[:1] == ("on",)
    )


def _fix(nginx: Nginx, match: LocationMatch, server: Server) -> Fix:
    edit = http2_edit(nginx, server)
    if edit is None:
        return Fix((Manual("offer-http2", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, (edit,), sure=False)
