"""Certificates, keys and chains that lie near those which a web server's configuration names."""

import posixpath
import re
from collections.abc import Collection, Iterator

from checks.certificate import is_publicly_trusted, lineage_of
from diagnose.model import Applicability, Edit, Evidence
from diagnose.model.files import StoredCertificate
from diagnose.model.frozen import frozen
from diagnose.model.nginx import CertificateFile
from diagnose.model.tls import Certificate, certificate_path
from diagnose.parsers import pem
from diagnose.parsers.hostnames import covers
from diagnose.parsers.nginx.edits import diff

#: Paths that need no quotes in any server's configuration.
_PLAIN = re.compile(r"/[\w./@+~-]+")

#: The folder of acme.sh, whose documentation says not to name its files, and those of users.
_UNTRUSTED_FOLDERS = ("/home/", "/root/")

#: The extended key usages with which a certificate is a server's (RFC 5280 section 4.2.1.12).
_OF_SERVERS = frozenset({"1.3.6.1.5.5.7.3.1", "2.5.29.37.0"})


@frozen(eq=False)
class StoredPair:
    """A certificate and its key that lie on the server; `keeps` is the number of these files that
    the configuration names already. `is_older`: it ends before the certificate that is named."""

    certificate: StoredCertificate
    keeps: int
    is_older: bool = False

    @property
    def path(self) -> str:
        return self.certificate.path

    @property
    def key(self) -> str:
        return self.certificate.key

    @property
    def leaf(self) -> Certificate:
        return self.certificate.chain[0]

    @property
    def applicability(self) -> Applicability:
        """Whether it is the site's own without doubt: the configuration names a part of it, or a
        tool for public certificates keeps it. One that is older than the named one may have been
        revoked."""
        is_own = self.keeps > 0 or lineage_of(self.path) is not None
        return Applicability.AUTOMATIC if is_own and not self.is_older else Applicability.REVIEW


def stored_pair(
    evidence: Evidence,
    names: Collection[str],
    own_files: Collection[str],
    *,
    joined: bool = False,
    without: str = "",
) -> StoredPair | None:
    """Return the certificate that is valid for all of the names and lies with its key on the
    server; None if there is none. A pair with a file that the configuration names (`own_files`)
    comes first, then one of a public authority, then the one that ends last, then the one with more
    of its chain, then the one that a tool renews. `joined` wants both in one file, and
    `without` is a file that is to be written anew."""
    named_ends = [
        file.chain[0].not_after
        for file in evidence.good(CertificateFile)
        if file.path in own_files and file.chain and file.chain[0].not_after
    ]
    pairs = [
        StoredPair(
            stored,
            sum(path in own_files for path in {stored.path, stored.key}),
            any(end > stored.chain[0].not_after for end in named_ends),
        )
        for stored in evidence.good(StoredCertificate)
        if stored.key
        and without not in {stored.path, stored.key}
        and (stored.key == stored.path or not joined)
        and stored.chain[0].not_after
        and stored.chain[0].is_current(evidence.started_at)
        and not stored.chain[0].self_issued
        and (not stored.chain[0].usages or not _OF_SERVERS.isdisjoint(stored.chain[0].usages))
        and all(
            covers(name, stored.chain[0].dns_names, stored.chain[0].addresses) for name in names
        )
        and is_publicly_trusted(stored.chain[0].issuer)
        and all(
            _is_usable(path) or _is_beside(path, own_files) for path in (stored.path, stored.key)
        )
    ]
    return max(
        pairs,
        key=lambda pair: (
            pair.keeps,
            bool(pair.leaf.issuer_urls),
            pair.leaf.not_after,
            len(pair.certificate.chain),
            lineage_of(pair.path) is not None,  # a copy of it is renewed by nobody
            pair.path,
        ),
        default=None,
    )


def _is_usable(path: str) -> bool:
    return _PLAIN.fullmatch(path) is not None and not path.startswith(_UNTRUSTED_FOLDERS)


def _is_beside(path: str, own_files: Collection[str]) -> bool:
    """Return whether the configuration names a file of the same folder already."""
    folder = posixpath.dirname(path)
    is_plain = _PLAIN.fullmatch(path) is not None
    return is_plain and any(posixpath.dirname(own) == folder for own in own_files)


def whole_chain(evidence: Evidence, leaf: Certificate) -> str:
    """Return a file that begins with this certificate and holds its issuers too, all of them valid,
    and if possible no key; "" if there is none."""
    files = (
        stored
        for stored in evidence.good(StoredCertificate)
        if stored.chain[0].sha256 == leaf.sha256
        and _issuers_path(stored.chain)
        and all(c.is_current(evidence.started_at) for c in stored.chain[1:])
        and _is_usable(stored.path)
    )
    paths = sorted((stored.key == stored.path, stored.path) for stored in files)
    return paths[0][1] if paths else ""


def issuers_file(evidence: Evidence, leaf: Certificate) -> str:
    """Return the file with the certificates of authorities alone, among them the issuer of this
    certificate; "" if there is none. A root alone is not what is missing."""
    paths = (stored.path for stored, _ in _issuers(evidence, leaf))
    return next((path for path in paths if _is_usable(path)), "")


def completed_file(evidence: Evidence, file: CertificateFile) -> Edit | None:
    """Return the edit after which the file holds its first certificate and those of the issuers,
    which lie on the server; None if they do not, if the file holds more than certificates, or if it
    has an issuer of the first one already."""
    issuers = next((blocks for _, blocks in _issuers(evidence, file.chain[0])), ())
    blocks = pem.blocks(file.text)
    if not blocks or not issuers or len(blocks) != len(file.chain):
        return None
    if len(certificate_path(file.chain)) > 1:
        return None
    path = file.real or file.path  # patch(1) refuses links
    start = file.text[: file.text.index(blocks[0]) + len(blocks[0])] if blocks[1:] else file.text
    end = "" if start.endswith("\n") else "\n"
    return Edit(path, diff(path, file.text, "".join((start, end, *issuers))))


def _issuers(
    evidence: Evidence, leaf: Certificate
) -> Iterator[tuple[StoredCertificate, tuple[str, ...]]]:
    """Yield the files of authorities that issued this certificate, each with the PEM texts of those
    between it and a root, in their order. Those that are not valid now count as absent."""
    for stored in evidence.good(StoredCertificate):
        if not stored.text or not all(certificate.is_ca for certificate in stored.chain):
            continue
        texts = dict(zip((c.sha256 for c in stored.chain), pem.blocks(stored.text), strict=False))
        current = (c for c in stored.chain if c.is_current(evidence.started_at))
        path = _issuers_path((leaf, *current))
        own = tuple(f"{texts[c.sha256]}\n" for c in path if not c.self_issued)
        if own:
            yield stored, own


def _issuers_path(chain: tuple[Certificate, ...]) -> tuple[Certificate, ...]:
    """Return the issuers of the first certificate among the others, each of the one before it; ()
    if key identifiers do not prove that one: another authority may have the same name."""
    key_ids = {certificate.authority_key_id for certificate in chain} - {""}
    path = certificate_path((*chain[:1], *(c for c in chain[1:] if c.key_id in key_ids)))
    return path[1:] if all(c.authority_key_id for c in path[:-1]) else ()
