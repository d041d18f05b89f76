"""The key file of a site does not belong to its certificate. Apache's `-t` does not notice: Apache
stops at its next start or reload (AH02565)."""

from collections.abc import Iterator

from checks.certificate._stored import StoredPair
from checks.server import (
    ServerView,
    manual_fix,
    place_text,
    refused_config_severity,
    reload_steps,
    server_view,
)
from checks.server._certificate_files import file_fault
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Command, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.nginx import CertificateFile, KeyFile
from diagnose.model.web_servers import SiteFile, WebServer, WebServerConfig, WebSite


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, CertificateFile, KeyFile],
    explains=[
        "server.not-running",
        "server.config-invalid",
        "server.port-not-served",
        "server.certificate-not-loaded",
        "server.traefik-default-certificate",
    ],
)
def key_mismatch(evidence: Evidence) -> Iterator[Claim]:
    view = server_view(evidence)
    if view is None or view.config is None:
        return
    certificates = {
        file.path: file
        for file in evidence.good(CertificateFile)
        # The first certificate of a damaged file is another than the server's.
        if file.publics and file_fault(file) != "damaged"
    }
    keys = {key.path: key for key in evidence.good(KeyFile) if key.public}
    pairs = {pair: site for site in view.answering_sites for pair in _pairs(site)}
    for (own, key_file), site in pairs.items():
        certificate, key = certificates.get(own.path), keys.get(key_file.path)
        if certificate is None or key is None or certificate.publics[0] == key.public:
            continue
        # Imported late: most keys belong to their certificates.
        from checks.server._certificate_lines import stored_bundle, stored_pair_edit

        replacement = stored_pair_edit(view, site) or stored_bundle(view, site)
        yield Claim(
            about=Subject(text=key.path),
            covers=(Subject(),),
            because=(certificate, key, view.server),
            facts={
                **view.facts,
                "key": key.path,
                "certificate": certificate.path,
                "place": place_text(key_file.file, key_file.line),
                "running": view.server.pid is not None,
                "stored": replacement[1].path if replacement else "",
                "stored_key": replacement[1].key if replacement else "",
                "joined": replacement is not None and isinstance(replacement[0], Command),
            },
            severity=refused_config_severity(view),
            fix=_fix(view, replacement),
        )


def _fix(view: ServerView, replacement: tuple[Edit | Command, StoredPair] | None) -> Fix:
    if replacement is None:
        return manual_fix(view, "the-right-key")
    step, stored = replacement
    # A file of both is written anew: its key may be the only copy of the other certificate's.
    is_lost = isinstance(step, Command)
    applicability = Applicability.REVIEW if is_lost else stored.applicability
    return Fix((step, *reload_steps(view.server)), applicability)


def _pairs(site: WebSite) -> Iterator[tuple[SiteFile, SiteFile]]:
    """Return the files of certificates, each with that of its key: the same one for a bundle."""
    yield from ((file, file) for file in site.files if file.role == "bundle")
    own = [file for file in site.files if file.role == "certificate"]
    keys = [file for file in site.files if file.role == "key"]
    # Several pairs (RSA and ECDSA) are matched by their order, which is not judged here.
    if len(own) == len(keys) == 1:
        yield own[0], keys[0]
