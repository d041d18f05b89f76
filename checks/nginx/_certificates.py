"""The certificates and keys of server blocks: their files, and which belong together."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from checks.nginx import Nginx
from checks.nginx._edits import config_edits
from checks.nginx._errors import find_config_error
from diagnose.model import Edit
from diagnose.model.nginx import CertificateFile, Directive, KeyFile
from diagnose.model.tls import Certificate, Handshake
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.server_blocks import Server

if TYPE_CHECKING:
    from checks.certificate._stored import StoredPair

#: The message of nginx -t if a key does not belong to the first certificate
#: (X509_check_private_key(3)).
KEY_MISMATCH = (
    r'SSL_CTX_use_PrivateKey(?:_file)?\("([^"]+)"\) failed .*key (?:values|type) mismatch'
)


def certificate_files(nginx: Nginx, server: Server) -> tuple[CertificateFile, ...]:
    """Return the files of the block's certificates, as far as they were read."""
    certificate_paths = {
        nginx.resolve_path(path) for path in server_blocks.file_paths(server, "ssl_certificate")
    }
    return tuple(
        file for file in nginx.evidence.of(CertificateFile) if file.path in certificate_paths
    )


def key_files(nginx: Nginx, server: Server) -> tuple[KeyFile, ...]:
    key_paths = {
        nginx.resolve_path(path) for path in server_blocks.file_paths(server, "ssl_certificate_key")
    }
    return tuple(key_file for key_file in nginx.evidence.of(KeyFile) if key_file.path in key_paths)


def file_reference(nginx: Nginx, name: str, path: str) -> tuple[Server, Directive] | None:
    """Return the first directive of this name that names the file, with its block."""
    for server in nginx.servers:
        for directive in server.directives(name):
            if directive.args and nginx.resolve_path(directive.args[0]) == path:
                return server, directive
    return None


def paired_files(nginx: Nginx, partner_name: str, directive_name: str, path: str) -> dict[str, str]:
    """Return the files that `partner_name` names in the blocks whose `directive_name` names
    this path.

    The result maps each resolved path to the path as written, or to "" if that needs quotes.
    nginx pairs the directives in order.
    """
    files: dict[str, str] = {}
    for _, directive, partner in _directive_pairs(nginx, directive_name, partner_name):
        if nginx.resolve_path(directive.args[0]) == path:
            plain = re.fullmatch(r"[\w./@+~-]+", partner.args[0])
            files.setdefault(nginx.resolve_path(partner.args[0]), partner.args[0] if plain else "")
    return files


def pairing_edits(nginx: Nginx, name: str, path: str) -> tuple[Edit, ...]:
    """Replace an unusable certificate or key by the file that all other blocks pair with its
    partner.

    Empty if they do not agree on one file.
    """
    partner_name = {"ssl_certificate": "ssl_certificate_key"}.get(name, "ssl_certificate")
    replacements: dict[str, str] = {}
    for partner in paired_files(nginx, partner_name, name, path):
        replacements |= paired_files(nginx, name, partner_name, partner)
    replacements.pop(path, None)
    if len(replacements) != 1 or not all(replacements.values()):
        return ()
    line = f"{name} {next(iter(replacements.values()))};"
    changes: dict[str, dict[int, TextEdit]] = {}
    for directive in nginx_parser.walk(nginx.config.main if nginx.config else ()):
        if (
            directive.name == name
            and directive.args
            and nginx.resolve_path(directive.args[0]) == path
        ):
            changes.setdefault(directive.file, {})[directive.start] = edits.replace_directive(
                directive, line
            )
    return config_edits(
        nginx, {file: list(file_changes.values()) for file, file_changes in changes.items()}
    )


def stored_pair_edits(
    nginx: Nginx, name: str, path: str
) -> tuple[tuple[Edit, ...], "StoredPair | None"]:
    """Return the edits that name a certificate and its key from the server in the blocks whose
    directive `name` names an unusable file, and that pair; () and None if there is none."""
    # Imported late: few files are missing or of another pair.
    from checks.certificate._stored import stored_pair

    pairs = [pair for pair in _directive_pairs(nginx) if _is_named(nginx, pair, name, path)]
    own_files = {nginx.resolve_path(d.args[0]) for _, *pair in pairs for d in pair}
    names = {own for server, *_ in pairs for own in server.names if "." in own and own[0] != "~"}
    stored = stored_pair(
        nginx.evidence,
        {host for own in names for host in _hosts_of(own)} or {nginx.evidence.target.host},
        own_files,
    )
    if stored is None or any(map(nginx.private_folder, (stored.path, stored.key))):
        return (), None
    if _is_other_pair(nginx, pairs, stored.path):
        return (), None
    changes: dict[str, dict[int, TextEdit]] = {}
    for _, certificate, key in pairs:
        for directive, new in ((certificate, stored.path), (key, stored.key)):
            if nginx.resolve_path(directive.args[0]) != new:
                changes.setdefault(directive.file, {})[directive.start] = edits.replace_directive(
                    directive, f"{directive.name} {new};"
                )
    edited = config_edits(nginx, {file: list(own.values()) for file, own in changes.items()})
    return (edited, stored) if edited else ((), None)


def naming_edits(nginx: Nginx, server: Server) -> tuple[tuple[Edit, ...], "StoredPair | None"]:
    """Return the edit that names a certificate and its key from the server in a block that names
    none, and that pair; () and None if no pair is valid for all of its names."""
    from checks.certificate._stored import stored_pair

    names = {own for own in server.names if "." in own and own[0] != "~"}
    hosts = {host for own in names for host in _hosts_of(own)} or {nginx.evidence.target.host}
    stored = stored_pair(nginx.evidence, hosts, ())
    file, anchors = nginx.file(server.block), nginx_parser.children(server.block, "server_name")
    if stored is None or file is None or any(map(nginx.private_folder, (stored.path, stored.key))):
        return (), None
    # A key that is named belongs to a certificate that only a person knows.
    if server.directives("ssl_certificate_key"):
        return (), None
    lines = [f"ssl_certificate {stored.path};", f"ssl_certificate_key {stored.key};"]
    change = (
        edits.insert_after(file.text, anchors[-1], lines)
        if anchors and anchors[-1].file == server.block.file
        else edits.insert_first(file.text, server.block, lines)
    )
    edited = config_edits(nginx, {server.block.file: [change]})
    return (edited, stored) if edited else ((), None)


def _is_other_pair(
    nginx: Nginx, pairs: Collection[tuple[Server, Directive, Directive]], path: str
) -> bool:
    """Return whether a block of these pairs names the certificate in another pair: of two, one is
    RSA's and one ECDSA's."""
    places = {(server.block.file, server.block.start) for server, *_ in pairs}
    own = {(certificate.file, certificate.start) for _, certificate, _ in pairs}
    return any(
        (server.block.file, server.block.start) in places
        and (certificate.file, certificate.start) not in own
        and nginx.resolve_path(certificate.args[0]) == path
        for server, certificate, _ in _directive_pairs(nginx)
    )


def _hosts_of(name: str) -> tuple[str, ...]:
    """Return the hosts that a certificate has to cover for a name of a block: ".example.com" is
    "example.com" and "*.example.com"."""
    host = name.replace("*", "any")
    return (host[1:], f"any{host}") if host.startswith(".") else (host.rstrip("."),)


def _directive_pairs(
    nginx: Nginx, name: str = "ssl_certificate", partner_name: str = "ssl_certificate_key"
) -> Iterator[tuple[Server, Directive, Directive]]:
    """Yield the directives of certificates and keys as nginx pairs them, in their order."""
    for server in nginx.servers:
        place = LocationMatch((server.http, server.block))
        pairs = zip(place.directives(name), place.directives(partner_name), strict=False)
        for directive, partner in pairs:
            if directive.args and partner.args:
                yield server, directive, partner


def _is_named(
    nginx: Nginx, pair: tuple[Server, Directive, Directive], name: str, path: str
) -> bool:
    directive = pair[1] if name == "ssl_certificate" else pair[2]
    return nginx.resolve_path(directive.args[0]) == path


def misplaced_certificate(nginx: Nginx) -> tuple[CertificateFile, int] | None:
    """Return the file and index of the certificate that a key belongs to, if nginx -t reports that
    it is not the first one; otherwise None."""
    config_error = find_config_error(nginx, KEY_MISMATCH)
    reference = (
        file_reference(nginx, "ssl_certificate_key", config_error[1][1]) if config_error else None
    )
    if config_error is None or reference is None:
        return None
    keys = [
        key_file
        for key_file in key_files(nginx, reference[0])
        if key_file.path == config_error[1][1]
    ]
    for file in certificate_files(nginx, reference[0]):
        if index := own_certificate_index(file, keys):
            return file, index
    return None


def own_certificate_index(file: CertificateFile, keys: Iterable[KeyFile]) -> int:
    """Return the index of the certificate in the file to which one of the keys belongs.

    0 if a key belongs to the first certificate or none belongs to any.
    """
    public_keys = {key_file.public for key_file in keys} - {""}
    if not file.publics or file.publics[0] in public_keys:
        return 0
    return next((index for index, public in enumerate(file.publics) if public in public_keys), 0)


def own_certificate(nginx: Nginx, server: Server, file: CertificateFile) -> Certificate:
    """Return the site's own certificate in a file: the first, unless the block's keys belong to
    another."""
    index = (
        own_certificate_index(file, key_files(nginx, server))
        if len(file.publics) == len(file.chain)
        else 0
    )
    return file.chain[index]


def handshake_succeeded(nginx: Nginx) -> bool:
    """Return whether a visitor's handshake on the target's port succeeded."""
    handshakes = (
        handshake
        for handshake in nginx.evidence.of(Handshake)
        if handshake.port == nginx.evidence.target.port
    )
    return any(
        handshake.is_browser_like and handshake.chain and not handshake.failure
        for handshake in handshakes
    )
