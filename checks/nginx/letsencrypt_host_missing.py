"""nginx-proxy's companion runs, and the container of the site gives it no name to order a
certificate for: `LETSENCRYPT_HOST` is missing beside `VIRTUAL_HOST` (acme-companion, "Basic
usage"). nginx-proxy has no certificate then, and does not listen on port 443, or refuses the
handshake.

Likely: the certificate may be meant to come from elsewhere.
"""

import posixpath
from collections.abc import Iterator

from checks.listener._compose_edits import compose_text
from checks.nginx import Nginx
from checks.nginx._virtual_hosts import COMPANION, virtual_names
from checks.upstream._container_names import virtual_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.containers import ComposeFile, Container, Containers
from diagnose.model.tls import Handshake
from diagnose.parsers.compose_variables import variable_of
from diagnose.parsers.hostnames import covers
from diagnose.parsers.nginx.config import children

_VARIABLE = "LETSENCRYPT_HOST"


@check(
    severity=Severity.ERROR,
    needs=[Containers, ComposeFile],
    explains=[
        "listener.container-unpublished", "listener.missing", "tcp.refused", "http.port-closed",
        "tls.*", "certificate.*", "nginx.name-without-certificate", "nginx.no-matching-server",
        "websocket.*",
    ],
)  # fmt: skip
def letsencrypt_host_missing(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    if not target.uses_tls or _is_covered(evidence):
        return
    for containers in evidence.good(Containers):
        companions = [each for each in containers.running if COMPANION.search(each.image)]
        named = [each for each in containers.running if _has_name(evidence, each, "VIRTUAL_HOST")]
        is_told = any(_has_name(evidence, each, _VARIABLE) for each in containers.containers)
        if not companions or len(named) != 1 or is_told:
            continue
        container = named[0]
        settings = {_VARIABLE: target.host}
        if _value(evidence, container):
            # The list that is there names others.
            settings[_VARIABLE] = f"{_value(evidence, container)},{target.host}"
        yield Claim(
            about=Subject(port=target.port),
            covers=(Subject(port=target.port),),
            because=(containers, *evidence.good(ComposeFile)),
            confidence=Confidence.LIKELY,
            facts={
                "name": target.host,
                "container": container.name,
                "companion": companions[0].name,
                "setting": f"{_VARIABLE}={settings[_VARIABLE]}",
            },
            fix=virtual_fix(evidence, "name-the-certificate", container, settings),
        )
        return


def _is_covered(evidence: Evidence) -> bool:
    """Return whether visitors get a certificate for the name, or nginx-proxy has one of its own: it
    writes `ssl_certificate` for a name where its folder has the file."""
    target, nginx = evidence.target, Nginx.of(evidence)
    has_own = any(
        posixpath.basename(line.args[0]) not in {"default.crt", ""}
        for server in nginx.servers
        if target.host in server.names
        for line in children(server.block, "ssl_certificate")
        if line.args
    )
    return has_own or any(
        covers(target.host, shake.chain[0].dns_names, ())
        for shake in evidence.good(Handshake)
        if shake.port == target.port and shake.chain
    )


def _has_name(evidence: Evidence, container: Container, variable: str) -> bool:
    names = virtual_names(compose_text(evidence, container), container, variable)
    return evidence.target.host in names


def _value(evidence: Evidence, container: Container) -> str:
    text, compose = compose_text(evidence, container), container.compose
    return (variable_of(text, compose.service, _VARIABLE) or "") if compose and text else ""
