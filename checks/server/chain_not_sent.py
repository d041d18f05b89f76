"""The server sends its certificate without the chain: the file that it is configured with holds the
certificate alone. The tool that keeps it may have written the whole chain beside it."""

import re
import shlex
from collections.abc import Iterator

from checks.certificate import chain_fault, file_of, served_lineage
from checks.certificate._fetched_issuer import appended_issuer, issuer_url
from checks.certificate._stored import completed_file, issuers_file, whole_chain
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
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Severity, server_commands
from diagnose.model.files import StoredCertificate
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
        kept = lineage.fullchain if lineage and lineage.fullchain != file.path else ""
        whole = kept or whole_chain(evidence, served.leaf)
        fix = _fix(evidence, view, places, file, whole)
        yield Claim(
            about=served.subject,
            covers=served.subjects,
            because=(*served.handshakes, file, view.server),
            facts={
                **view.facts,
                "file": file.path,
                "place": place_text(places[0].file, places[0].line),
                "whole": whole,
                "issuers": issuers_file(evidence, served.leaf),
                "bundle": places[0].role == "bundle",
                "issuer": served.leaf.issuer,
                "url": issuer_url(served.leaf),
                "fetched": fix.applicability is Applicability.REVIEW,
                "apache": view.server.product == "apache",
            },
            fix=fix,
        )


def _key_of(evidence: Evidence, path: str) -> str:
    """Return the file with the key of a stored certificate, which HAProxy reads behind it."""
    stored = (
        stored_certificate
        for stored_certificate in evidence.good(StoredCertificate)
        if stored_certificate.path == path
    )
    return next((each.key for each in stored if each.key and each.key != path), "")


def _fix(
    evidence: Evidence,
    view: ServerView,
    places: list[SiteFile],
    file: CertificateFile,
    whole: str,
) -> Fix:
    """Name the file with the whole chain at the place that names the certificate, or append the
    issuer's certificate to its file, from the server or from the address that the leaf names."""
    place = places[0]
    line = line_text(view, place.file, place.line)
    word = re.compile(rf"(?<!\S)[\"']?{re.escape(place.path)}[\"']?(?!\S)")
    is_only_place = len({(site_file.file, site_file.line) for site_file in places}) == 1
    edit: Edit | None = None
    if whole and place.role == "certificate" and len(word.findall(line)) == 1 and is_only_place:
        changed = word.sub(lambda _: shlex.quote(whole), line)
        edit = line_edit(view, place.file, {place.line: (changed,)})
    key = _key_of(evidence, whole) if whole and place.role == "bundle" else ""
    if key:
        joined = server_commands.write_bundle(file.path, whole, key)
        return Fix((joined, *reload_steps(view.server)), Applicability.REVIEW)
    if edit is None and not whole:
        edit = completed_file(evidence, file)
    if edit is not None:
        return Fix((edit, *reload_steps(view.server)), Applicability.AUTOMATIC)
    fetching = () if whole else appended_issuer(file)
    if fetching:
        return Fix((*fetching, *reload_steps(view.server)), Applicability.REVIEW)
    return manual_fix(view, "serve-the-chain")
