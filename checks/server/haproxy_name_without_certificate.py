"""HAProxy has no certificate for the name of the site. With `strict-sni` it ends the handshake;
without it visitors get the certificate of another name (Configuration Manual, "strict-sni"). The
`bind` line does not name the file, or a row of the crt-list gives it to other names.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from checks.server import line_edit, line_text, manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, place, replace
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.files import OtherCertificate
from diagnose.model.nginx import CertificateFile
from diagnose.model.tls import Handshake, served_certificates
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.certificate_lists import ListRow, rows_of
from diagnose.parsers.hostnames import covers, is_address

#: handshake_failure and unrecognized_name (RFC 8446 section 6.2).
_REJECTED = {40, 112}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Handshake],
    explains=[
        "certificate.name-mismatch",
        "tls.name-rejected",
        "tls.handshake-failed",
        "tls.no-shared-cipher",
    ],
)
def haproxy_name_without_certificate(evidence: Evidence) -> Iterator[Claim]:
    haproxy, target = haproxy_view(evidence), evidence.target
    if haproxy is None or not haproxy.proxies.tls or is_address(target.host):
        return
    visits = [
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.port == target.port and handshake.is_browser_like
    ]
    files = [file for file in evidence.good(CertificateFile) if file.chain]
    is_strict = "strict-sni" in haproxy.proxies.bind.words
    own = {file.sha256 for file in files}
    if not visits or not all(
        _is_rejected(visit) if is_strict else _has_another(visit, target.host, own)
        for visit in visits
    ):
        return
    fitting = [
        file.path
        for file in files
        if covers(target.host, file.chain[0].dns_names, file.chain[0].addresses)
    ]
    listed, rows = _list(haproxy)
    if not is_strict and fitting and not _is_kept_back(rows, fitting, target.host):
        return  # HAProxy may not have loaded the file yet
    others = [other.path for other in _unused_certificates(evidence)]
    yield Claim(
        about=Subject(name=target.host, port=target.port),
        covers=(
            Subject(port=target.port),
            *(subject for served in served_certificates(evidence) for subject in served.subjects),
        ),
        because=(haproxy.view.server, *visits, *files),
        facts={
            **haproxy.view.facts,
            "place": place(haproxy.proxies.bind),
            "strict": is_strict,
            "list": listed,
            "fitting": tuple(fitting[:3]),
            "other": "" if fitting else "".join(others[:1]),
            "files": tuple(file.path for file in files)[:5],
        },
        confidence=_confidence(files, fitting, rows),
        fix=_fix(haproxy, listed, rows, (fitting or others)[:1]),
    )


def _is_rejected(visit: Handshake) -> bool:
    return visit.alert is not None and visit.alert.code in _REJECTED


def _has_another(visit: Handshake, host: str, own: Collection[str]) -> bool:
    """Return whether a visit gets a certificate of HAProxy's that is not for the name; `own` are
    the fingerprints of its files, empty if they could not be read. One that is self-signed is a
    placeholder, which has findings of its own."""
    leaf = visit.chain[0] if visit.chain else None
    if leaf is None or leaf.self_issued or (own and leaf.sha256 not in own):
        return False
    return not covers(host, leaf.dns_names, leaf.addresses)


def _list(haproxy: HaproxyView) -> tuple[str, tuple[ListRow, ...]]:
    """Return the crt-list of the socket and its rows, () if they could not be read."""
    words = haproxy.proxies.bind.words
    path = words[words.index("crt-list") + 1] if "crt-list" in words[:-1] else ""
    maps = haproxy.view.config.maps if haproxy.view.config else ()
    text = next((file.text for file in maps if file.path == path), "")
    return path, tuple(rows_of(text))


def _is_kept_back(rows: Sequence[ListRow], fitting: Sequence[str], host: str) -> bool:
    """Return whether each row with a file that fits gives it to other names."""
    own = [row.takes(host) for row in rows if row.path in fitting]
    return bool(own) and not any(truth is not False for truth in own)


def _unused_certificates(evidence: Evidence) -> list[OtherCertificate]:
    """Return the certificates for the name that HAProxy could read and does not name: with their
    key in the same file, or beside it."""
    return [
        other
        for other in evidence.good(OtherCertificate)
        if other.key in {other.path, f"{other.path}.key"} and not other.leaf.self_issued
        if covers(evidence.target.host, other.leaf.dns_names, other.leaf.addresses)
    ]


def _confidence(
    files: Sequence[CertificateFile], fitting: Sequence[str], rows: Sequence[ListRow]
) -> Confidence:
    is_known = files and (not fitting or rows)
    return Confidence.CERTAIN if is_known else Confidence.LIKELY


def _fix(haproxy: HaproxyView, listed: str, rows: Sequence[ListRow], files: Sequence[str]) -> Fix:
    """Name the file for this name, where one is on the server."""
    edit = None
    if files and rows:
        edit = _row_edit(haproxy, listed, rows, files[0])
    elif files and not listed:
        edit = _bind_edit(haproxy, files[0])
    if edit is None:
        return manual_fix(haproxy.view, "name-it" if files or listed else "request-it")
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)


def _row_edit(haproxy: HaproxyView, listed: str, rows: Sequence[ListRow], path: str) -> Edit | None:
    """Write the name behind the file's row, or a row for it at the end, and take it from others."""
    view, host = haproxy.view, haproxy.view.evidence.target.host
    own = [row for row in rows if row.path == path]
    if any(row.excluded for row in own):
        return None  # somebody kept a name out on purpose
    row = (own or list(rows))[-1]
    text = line_text(view, listed, row.number)
    if not text or "#" in text or not set(path).isdisjoint("\\'\" #"):
        return None
    changes: dict[int, tuple[str, ...]] = {
        other.number: (re.sub(rf"\s+{re.escape(host)}(?=\s|$)", "", line),)
        for other in rows
        # The first row with a name decides.
        if other.path != path and host in other.names
        if (line := line_text(view, listed, other.number))
    }
    if not own:
        text = changes.get(row.number, (text,))[0]
    changes[row.number] = (f"{text.rstrip()} {host}",) if own else (text, f"{path} {host}")
    return line_edit(view, listed, changes)


def _bind_edit(haproxy: HaproxyView, path: str) -> Edit | None:
    """Name the file behind the last certificate of the socket: the first stays the default."""
    line = haproxy.proxies.bind
    text = line_text(haproxy.view, line.file, line.number)
    words = text.split()
    if tuple(words) != line.words or "crt" not in words or not set(path).isdisjoint("\\'\" #"):
        return None
    last = len(words) - words[::-1].index("crt")
    return replace(
        haproxy.view, line, " ".join([*words[: last + 1], "crt", path, *words[last + 1 :]])
    )
