"""HAProxy ends the handshake because no certificate is for the name: `strict-sni` forbids the
default one (Configuration Manual, "strict-sni"), and the files, or the names in the crt-list, have
not this one."""

from collections.abc import Iterator

from checks.server import manual_fix
from checks.server._haproxy import haproxy_view, place
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.nginx import CertificateFile
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.hostnames import covers

#: handshake_failure and unrecognized_name (RFC 8446 section 6.2).
_REJECTED = {40, 112}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Handshake],
    explains=["tls.name-rejected", "tls.handshake-failed", "tls.no-shared-cipher"],
)
def haproxy_name_without_certificate(evidence: Evidence) -> Iterator[Claim]:
    haproxy, target = haproxy_view(evidence), evidence.target
    if haproxy is None or "strict-sni" not in haproxy.proxies.bind.words:
        return
    visits = [
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.port == target.port and handshake.is_browser_like
    ]
    rejected = [visit for visit in visits if visit.alert and visit.alert.code in _REJECTED]
    if not rejected or len(rejected) != len(visits):
        return
    files = [file for file in evidence.good(CertificateFile) if file.chain]
    fitting = [
        file.path
        for file in files
        if covers(target.host, file.chain[0].dns_names, file.chain[0].addresses)
    ]
    words = haproxy.proxies.bind.words
    listed = words[words.index("crt-list") + 1] if "crt-list" in words[:-1] else ""
    yield Claim(
        about=Subject(name=target.host, port=target.port),
        covers=(Subject(port=target.port),),
        because=(haproxy.view.server, *rejected, *files),
        facts={
            **haproxy.view.facts,
            "place": place(haproxy.proxies.bind),
            "list": listed,
            "fitting": tuple(fitting[:3]),
            "files": tuple(file.path for file in files)[:5],
        },
        confidence=Confidence.CERTAIN if files and not fitting else Confidence.LIKELY,
        fix=manual_fix(haproxy.view, "name-it"),
    )
