"""Another program has the port, and the server whose configuration has the site does not run: two
programs cannot open one port (bind(2), EADDRINUSE). Visitors get the certificate of the other, or
the page of its package.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.listener._port_services import port_service
from checks.server import place_text, start_steps
from checks.server._port_holders import (
    holder_has_site,
    is_of_holder,
    served_leaves,
    stray_pages,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.nginx import CertificateFile
from diagnose.model.server import Listener, Listeners
from diagnose.model.tls import Handshake, speaks_plain_http
from diagnose.model.web_servers import WebServer, WebServerConfig, WebServerTest, WebSite
from diagnose.parsers.hostnames import covers, is_address
from diagnose.parsers.web_sites import answering_sites, has_name

#: How a failed start says that a port is taken (bind(2), EADDRINUSE).
_IN_USE = re.compile(r"(?i)in use|failed \(98:|could not bind")


@frozen
class _Stopped:
    """A server that has the site and does not run: the place of the site in its configuration, why
    its last start failed ("" if that is not known), the commands that start it, and the words with
    which its own test refuses its configuration ("" if it does not)."""

    title: str
    place: str
    complaint: str
    unit: str
    start: tuple[Command, ...]
    refused: str
    because: tuple[Observation, ...]


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Listeners, Handshake],
    explains=[
        "server.application-answers",
        "certificate.*",
        "tls.*",
        "http.*",
        "nginx.*",
        "websocket.*",
        "server.wrong-site",
        "server.redirect-missing",
    ],
)
def port_held(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    holder = _holder(evidence)
    if holder is None or is_address(target.host) or holder_has_site(evidence):
        return
    pages = stray_pages(evidence)
    plain = any(map(speaks_plain_http, evidence.of(Handshake)))
    is_plain = plain and not served_leaves(evidence)
    if not (is_plain or is_of_holder(evidence)):
        return
    stopped = next(_stopped(evidence), None)
    if stopped is None:
        return
    yield Claim(
        about=Subject(port=target.port),
        covers=(Subject(port=target.port), Subject(port=80), *endpoint_subjects(pages)),
        because=(*stopped.because, *evidence.good(Listeners), *pages),
        facts={
            "server": stopped.title,
            "name": target.host,
            "port": target.port,
            "holder": holder.process,
            "ssh": holder.process == "sshd",
            "pid": holder.pid or "",
            "holder_unit": port_service(evidence, holder.process),
            "place": stopped.place,
            "complaint": stopped.complaint,
            "unit": stopped.unit,
            "plain": is_plain,
            "refused": stopped.refused,
        },
        confidence=Confidence.CERTAIN if _IN_USE.search(stopped.complaint) else Confidence.LIKELY,
        fix=Fix((Manual("decide", Where.SERVER), *stopped.start), Applicability.MANUAL),
    )


def _holder(evidence: Evidence) -> Listener | None:
    """Return a socket on the target's port whose program is known."""
    own = (
        listener
        for listeners in evidence.good(Listeners)
        for listener in listeners.on(evidence.target.port)
    )
    return next((listener for listener in own if listener.process), None)


def _stopped(evidence: Evidence) -> Iterator[_Stopped]:
    """Yield the servers that do not run and have the site."""
    target = evidence.target
    for server in evidence.good(WebServer):
        if server.pid is not None or server.foreign:
            continue
        for config in evidence.good(WebServerConfig):
            if config.product != server.product:
                continue
            for site in answering_sites(config, target.port, target.host):
                if has_name(site, target.host) or _has_certificate(evidence, site):
                    yield _Stopped(
                        server.title,
                        place_text(site.file, site.line),
                        server.complaint,
                        server.unit,
                        start_steps(server),
                        next(
                            (
                                test.message
                                for test in evidence.good(WebServerTest)
                                if test.product == server.product and not test.passed
                            ),
                            "",
                        ),
                        (server, config),
                    )


def _has_certificate(evidence: Evidence, site: WebSite) -> bool:
    """Return whether a site without a name has a certificate for the target's."""
    paths = site.paths("certificate", "bundle") if not site.names else ()
    files = [file for file in evidence.good(CertificateFile) if file.path in paths]
    leaves = [file.chain[0] for file in files if file.chain]
    host = evidence.target.host
    return any(covers(host, leaf.dns_names, leaf.addresses) for leaf in leaves)
