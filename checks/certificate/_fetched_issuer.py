"""The issuer's certificate from the address that the site's certificate names (RFC 5280 section
4.2.2.1), for a server on which it lies nowhere."""

import posixpath
from dataclasses import replace
from urllib.parse import urlsplit

from diagnose.model import Command, Effect, commands
from diagnose.model.frozen import frozen
from diagnose.model.nginx import CertificateFile
from diagnose.model.steps import Risk
from diagnose.model.tls import Certificate

#: What stays beside the certificate, as it came and as it is appended. HAProxy refuses to start if
#: a folder of its certificates has another file, but passes over names that begin with a dot (its
#: configuration manual, "crt"). And no file of another site has these names.
_RECEIVED, _CONVERTED = ".{0}.issuer.der", ".{0}.issuer.pem"


def issuer_url(leaf: Certificate) -> str:
    """Return the address at which a leaf's issuer offers its certificate over http(s), "" if the
    leaf names none."""
    return next(filter(_is_certificate, leaf.issuer_urls), "")


#: Proves the certificate $1 as the issuer of $2 before it changes a file: who types the commands
#: all at once loses no certificate where the download failed.
_PROVEN = 'openssl verify -partial_chain -trusted "$1" "$2" && shift 2 && exec sed -i "$@"'


@frozen
class FetchedIssuer:
    """The commands that download the certificate of an issuer (`steps`), the file in which it is
    then (PEM), and that of the site's certificate (`own`)."""

    path: str
    own: str
    steps: tuple[Command, ...]

    @property
    def proof(self) -> Command:
        """The test by its signature that it is the issuer's."""
        argv = ("openssl", "verify", "-partial_chain", "-trusted", self.path, self.own)
        return Command(argv, Effect.TEST)

    def replacing(self, path: str, scripts: tuple[str, ...]) -> tuple[Command, ...]:
        """Return the commands after which `sed` has changed a file, if the proof succeeds."""
        change = commands.rewrite(path, scripts)
        argv = ("sh", "-c", _PROVEN, "sh", self.path, self.own, *change.argv[2:])
        return (*self.steps, replace(change, argv=argv))


def fetched_issuer(file: CertificateFile) -> FetchedIssuer | None:
    """Return how the certificate of the issuer comes beside the file with the site's; None if no
    address of it is known, or if it may be no single certificate there (PKCS #7, LDAP).

    The address is http as a rule: the proof is what makes the download safe.
    """
    url = issuer_url(file.chain[0])
    path = file.real or file.path
    if not url or "\n" in path:
        return None
    folder, own = posixpath.split(path)
    received, converted = (
        posixpath.join(folder, name.format(own)) for name in (_RECEIVED, _CONVERTED)
    )
    limits = ("--max-time", "20", "--max-filesize", "65536")
    return FetchedIssuer(
        converted,
        path,
        (
            _written(("curl", "-fsSL", *limits, "-o", received, url), received),
            _written(
                ("openssl", "x509", "-inform", "DER", "-in", received, "-out", converted), converted
            ),
        ),
    )


def appended_issuer(file: CertificateFile) -> tuple[Command, ...]:
    """Return the commands that append the downloaded certificate of the issuer to the file with one
    certificate; () if it is not known where that is.

    The file may hold a key, so it is not read; `sed` ends the last line where the file does not.
    """
    fetched = fetched_issuer(file) if len(file.chain) == 1 else None
    if fetched is None:
        return ()
    path = file.real or file.path
    return (*fetched.steps, fetched.proof, commands.rewrite(path, (f"$r {fetched.path}",)))


def _is_certificate(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    return is_web and not parts.path.lower().endswith((".p7c", ".p7b"))


def _written(argv: tuple[str, ...], path: str) -> Command:
    return Command(argv, Effect.CHANGE, changes=(path,), risk=Risk.EDITS_FILES)
