"""The certificates that Traefik's dynamic files name (`tls.certificates`, `tls.stores`). No I/O.
https://doc.traefik.io/traefik/reference/routing-configuration/http/tls/tls-certificates/"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from diagnose.model.traefik import Router
from diagnose.model.web_servers import SiteFile, WebSite
from diagnose.parsers.caddy.document import at, dictionaries, dictionary, text_of

#: Maximum number of files of a configuration.
_MAX_FILES = 40


def certificate_files(
    documents: Mapping[str, tuple[str, object]], watched: bool
) -> tuple[SiteFile, ...]:
    """Return the files of all certificates. `documents` are the text and the content of each
    dynamic file, by its path. Where Traefik does not watch them, no place is named."""
    files = (
        file if watched else replace(file, file="", line=0)
        for path, (text, document) in documents.items()
        for entry in _entries(document)
        for file in _pair(entry, path, text)
    )
    return tuple(islice(files, _MAX_FILES))


def _entries(document: object) -> Iterator[dict[str, object]]:
    yield from dictionaries(at(document, "tls", "certificates"))
    for store in dictionary(at(document, "tls", "stores")).values():
        yield dictionary(at(store, "defaultCertificate"))


def _pair(entry: Mapping[str, object], path: str, text: str) -> Iterator[SiteFile]:
    certificate, key = text_of(entry.get("certFile")), text_of(entry.get("keyFile"))
    # The content itself may stand there in place of a path.
    if certificate.startswith("/") and key.startswith("/"):
        yield SiteFile("certificate", certificate, path, _line(text, certificate))
        yield SiteFile("key", key, path, _line(text, key))


def _line(text: str, name: str) -> int:
    """Return the line that names a file; 0 unless it is one."""
    written = re.compile(rf"(?<![\w./-]){re.escape(name)}(?![\w./-])")
    lines = [number for number, row in enumerate(text.split("\n"), 1) if written.search(row[:2000])]
    return lines[0] if len(lines) == 1 else 0


def with_certificates(
    sites: Sequence[WebSite], routers: Sequence[Router], files: tuple[SiteFile, ...]
) -> tuple[WebSite, ...]:
    """Return the sites with the files of their certificates, for those that take TLS. Traefik
    chooses by the names in a certificate: of several pairs a site has those with a name of it in
    their paths. Where a resolver orders certificates, a file may not be what visitors get."""
    if not files or any(router.resolver for router in routers):
        return tuple(sites)
    return tuple(
        replace(site, files=_files_of(site, files))
        if any(socket.tls for socket in site.sockets)
        else site
        for site in sites
    )


def _files_of(site: WebSite, files: tuple[SiteFile, ...]) -> tuple[SiteFile, ...]:
    if len(files) == 2:
        return files
    pairs = [files[index : index + 2] for index in range(0, len(files) - 1, 2)]
    own = [
        pair
        for pair in pairs
        if any(name in file.path for name in site.names if "." in name for file in pair)
    ]
    return own[0] if len(own) == 1 else ()
