"""HAProxy has a valid certificate for the name and serves an expired or self-signed one: another
file of the same `bind` line is for the name too. An exact name goes before a wildcard, an ECDSA key
before an RSA key, and of two such files the one that was loaded first is served: in the order of
the line or of the crt-list, and in a folder by name (Configuration Manual, "crt").

The control is the fingerprint: the served certificate is that of the file.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

from checks.server import line_edit, line_text, manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Command, Edit, Evidence, Fix, Severity, commands
from diagnose.model.nginx import CertificateFile
from diagnose.model.tls import Certificate, Handshake, served_certificates
from diagnose.model.web_servers import SiteFile, WebServer, WebServerConfig
from diagnose.parsers.haproxy.certificate_lists import ListRow, rows_of
from diagnose.parsers.haproxy.config import split_words, word_spans
from diagnose.parsers.hostnames import covers, is_address


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Handshake, CertificateFile],
    explains=[
        "certificate.self-signed", "certificate.expired", "certificate.expires-soon",
        "server.haproxy-bundle-outdated", "http.hsts-traps-visitors",
    ],
)  # fmt: skip
def haproxy_certificate_shadowed(evidence: Evidence) -> Iterator[Claim]:
    haproxy, target = haproxy_view(evidence), evidence.target
    if haproxy is None or is_address(target.host):
        return
    files, lists = _own_files(haproxy), _lists(haproxy)
    for served in served_certificates(evidence, lambda visit: visit.port == target.port):
        own = [file for file in files if file.sha256 == served.leaf.sha256]
        good = [
            file for file in files if _is_good(file, haproxy) and _is_given(file, lists, haproxy)
        ]
        if not own or not good or not _is_faulty(served.leaf, haproxy):
            continue
        faulty = [
            file for file in files if _is_faulty(file.chain[0], haproxy) and _fits(file, haproxy)
        ]
        is_exact = target.host.lower() in {name.lower() for name in own[0].chain[0].dns_names}
        yield Claim(
            about=served.subject,
            covers=served.subjects,
            because=(*served.handshakes, own[0], good[0], haproxy.view.server),
            facts={
                **haproxy.view.facts,
                "file": own[0].path,
                "good": good[0].path,
                "expired": served.leaf.is_expired(evidence.started_at),
                "wildcard": is_exact and not _is_exact(good, target.host),
            },
            fix=_fix(haproxy, lists, faulty, files),
        )


def _own_files(haproxy: HaproxyView) -> list[CertificateFile]:
    """Return the certificates of the socket that could be read."""
    paths = {file.path for file in _site_files(haproxy)}
    read = haproxy.view.evidence.good(CertificateFile)
    return [file for file in read if file.path in paths and file.chain]


def _site_files(haproxy: HaproxyView) -> list[SiteFile]:
    return [
        file
        for site in haproxy.view.answering_sites
        for file in site.files
        if file.role in {"bundle", "certificate"}
    ]


def _lists(haproxy: HaproxyView) -> dict[str, tuple[ListRow, ...]]:
    """Return the rows of the crt-lists that could be read."""
    words = haproxy.proxies.bind.words
    named = {value for option, value in pairwise(words) if option == "crt-list"}
    maps = haproxy.view.config.maps if haproxy.view.config else ()
    return {file.path: tuple(rows_of(file.text)) for file in maps if file.path in named}


def _fits(file: CertificateFile, haproxy: HaproxyView) -> bool:
    leaf = file.chain[0]
    return covers(haproxy.view.evidence.target.host, leaf.dns_names, leaf.addresses)


def _is_exact(files: Sequence[CertificateFile], host: str) -> bool:
    return any(host.lower() in map(str.lower, file.chain[0].dns_names) for file in files)


def _is_faulty(leaf: Certificate, haproxy: HaproxyView) -> bool:
    return leaf.self_issued or leaf.is_expired(haproxy.view.evidence.started_at)


def _is_good(file: CertificateFile, haproxy: HaproxyView) -> bool:
    leaf = file.chain[0]
    is_current = leaf.is_current(haproxy.view.evidence.started_at)
    return is_current and not leaf.self_issued and not leaf.is_ca and _fits(file, haproxy)


def _is_given(
    file: CertificateFile, lists: dict[str, tuple[ListRow, ...]], haproxy: HaproxyView
) -> bool:
    """Return whether no crt-list gives the file to other names alone."""
    host = haproxy.view.evidence.target.host
    own = [row.takes(host) for rows in lists.values() for row in rows if row.path == file.path]
    return not own or any(truth is not False for truth in own)


def _fix(
    haproxy: HaproxyView,
    lists: dict[str, tuple[ListRow, ...]],
    faulty: Sequence[CertificateFile],
    files: Sequence[CertificateFile],
) -> Fix:
    """Take the faulty files away, where other files have all of their names."""
    left = [file.chain[0] for file in files if file not in faulty]
    steps = _removals(haproxy, lists, {file.path for file in faulty})
    if not steps or not all(_is_replaced(file.chain[0], left) for file in faulty):
        return manual_fix(haproxy.view, "take-away")
    return Fix((*steps, *reload_steps(haproxy.view.server)), Applicability.REVIEW)


def _is_replaced(faulty: Certificate, left: Sequence[Certificate]) -> bool:
    return all(
        any(name.lower() in map(str.lower, leaf.dns_names) or _covers(name, leaf) for leaf in left)
        for name in faulty.dns_names
    )


def _covers(name: str, leaf: Certificate) -> bool:
    return "*" not in name and covers(name, leaf.dns_names, leaf.addresses)


def _removals(
    haproxy: HaproxyView, lists: dict[str, tuple[ListRow, ...]], paths: AbstractSet[str]
) -> tuple[Edit | Command, ...]:
    """Return the steps that take files from the line, from its crt-lists and from its folders; ()
    if one of the files is not named in a way that can be undone."""
    view, line = haproxy.view, haproxy.proxies.bind
    named = {value for option, value in pairwise(line.words) if option == "crt"}
    folders = {path.rstrip("/") for path in named}
    edits: list[Edit | Command | None] = []
    if paths & named:
        text = _without(line_text(view, line.file, line.number), paths & named)
        edits.append(line_edit(view, line.file, {line.number: (text,)}) if text else None)
    listed = set[str]()
    for path, rows in lists.items():
        removed = {row.number: () for row in rows if row.path in paths}
        listed |= {row.path for row in rows}
        if removed:
            edits.append(line_edit(view, path, dict(removed)) if len(removed) < len(rows) else None)
    for path in sorted(paths - named - listed):
        folder, _, name = path.rpartition("/")
        parent = folder.rpartition("/")[0]
        is_known = folder in folders and parent and parent not in folders
        edits.append(commands.move(path, f"{parent}/{name}") if is_known else None)
    return tuple(edit for edit in edits if edit) if all(edits) else ()


def _without(text: str, files: AbstractSet[str]) -> str:
    """Return a `bind` line without `crt FILE` for these files; "" where no other is left."""
    pairs = tuple(zip(split_words(text), word_spans(text), strict=True))
    places = [
        index
        for index in range(1, len(pairs))
        if pairs[index - 1][0] == "crt" and pairs[index][0] in files
    ]
    for index in reversed(places):
        text = text[: pairs[index - 2][1][1]] + text[pairs[index][1][1] :]
    left = split_words(text)
    return text if places and ("crt" in left or "crt-list" in left) else ""
