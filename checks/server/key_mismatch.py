"""The key file of a site does not belong to its certificate. Apache's `-t` does not notice: Apache
stops at its next start or reload (AH02565)."""

from collections.abc import Iterator

from checks.server import place_text, refused_config_severity, server_view, test_steps
from checks.server._certificate_files import file_fault
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
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
    pairs = (pair for site in view.answering_sites for pair in _pairs(site))
    for own, key_file in dict.fromkeys(pairs):
        certificate, key = certificates.get(own.path), keys.get(key_file.path)
        if certificate is None or key is None or certificate.publics[0] == key.public:
            continue
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
            },
            severity=refused_config_severity(view),
            fix=Fix(
                (Manual("the-right-key", Where.SERVER), *test_steps(view.server)),
                Applicability.MANUAL,
            ),
        )


def _pairs(site: WebSite) -> Iterator[tuple[SiteFile, SiteFile]]:
    """Return the files of certificates, each with that of its key: the same one for a bundle."""
    yield from ((file, file) for file in site.files if file.role == "bundle")
    own = [file for file in site.files if file.role == "certificate"]
    keys = [file for file in site.files if file.role == "key"]
    # Several pairs (RSA and ECDSA) are matched by their order, which is not judged here.
    if len(own) == len(keys) == 1:
        yield own[0], keys[0]
