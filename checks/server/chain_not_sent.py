"""The server sends its certificate without the chain: the file that it is configured with holds the
certificate alone. The tool that keeps it may have written the whole chain beside it."""

import re
import shlex
from collections.abc import Iterator

from checks.certificate import chain_fault, file_of, served_lineage
from checks.server import (
    ServerView,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity
from diagnose.model.nginx import CertificateFile
from diagnose.model.tls import Handshake, served_certificates
from diagnose.model.web_servers import SiteFile, WebServer, WebServerConfig


@check(
    severity=Severity.ERROR,
    needs=[Handshake, WebServer, WebServerConfig, CertificateFile],
    explains=["certificate.chain-incomplete", "http.hsts-traps-visitors"],
)
def chain_not_sent(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None:
        return
    for served in served_certificates(
        evidence, lambda handshake: chain_fault(evidence, handshake) == "chain-incomplete"
    ):
        file = file_of(evidence, served.leaf)
        places = [
            site_file
            for site in view.answering_sites
            for site_file in site.files
            if file and site_file.path == file.path
        ]
        if file is None or not places or len(file.chain) != 1:
            continue
        lineage = served_lineage(evidence, served.leaf)
        whole = lineage.fullchain if lineage and lineage.fullchain != file.path else ""
        yield Claim(
            about=served.subject,
            covers=served.subjects,
            because=(*served.handshakes, file, view.server),
            facts={
                **view.facts,
                "file": file.path,
                "place": place_text(places[0].file, places[0].line),
                "whole": whole,
                "issuer": served.leaf.issuer,
                "apache": view.server.product == "apache",
            },
            fix=_fix(view, places, whole),
        )


def _fix(view: ServerView, places: list[SiteFile], whole: str) -> Fix:
    """Name the file with the whole chain at the place that names the certificate."""
    place = places[0]
    line = line_text(view, place.file, place.line)
    match = re.match(r"(?i)(\s*SSLCertificateFile\s+)\S+\s*$", line)
    if whole and match and len({(site_file.file, site_file.line) for site_file in places}) == 1:
        edit = line_edit(view, place.file, {place.line: (match[1] + shlex.quote(whole),)})
        if edit:
            return Fix((edit, *reload_steps(view.server)), Applicability.AUTOMATIC)
    return manual_fix(view, "serve-the-chain")
