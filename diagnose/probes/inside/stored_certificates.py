"""The certificates and keys that lie near those of a web server's configuration.

Looked at once, where a file is missing or not named, holds a certificate without its issuer, or
does not belong to its key. Of a key only the public half is read.
"""

import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import replace

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.files import StoredCertificate
from diagnose.model.nginx import CertificateFile, KeyFile
from diagnose.model.tls import certificate_path
from diagnose.parsers import pem
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext

SCRIPT = read_script(__file__, "stored_certificates.sh")

#: Folders in which tools and distributions keep certificates (certbot, acme.sh, OpenSSL, EL9).
_USUAL_FOLDERS = ("/etc/letsencrypt/live", "/root/.acme.sh", "/etc/ssl", "/etc/pki/tls")

#: Maximum number of folders of the configuration's files.
MAX_FOLDERS = 8

_PART = re.compile(r"^(file|key) (.*)$", re.MULTILINE)


async def emit_stored_certificates(ctx: ProbeContext, unnamed_in: str = "") -> None:
    """Emit the files with certificates in the folders of the configuration's; where one of these is
    missing, holds a certificate without its issuers, or is the key of another certificate, those in
    neighbouring and usual folders too. `unnamed_in` is the folder of a configuration that names no
    certificate where it needs one: it counts as missing then."""
    files: tuple[CertificateFile | KeyFile, ...] = (
        *ctx.observed(CertificateFile),
        *ctx.observed(KeyFile),
    )
    folders = tuple(dict.fromkeys(posixpath.dirname(file.path) for file in files))[:MAX_FOLDERS]
    above = tuple(dict.fromkeys(map(posixpath.dirname, folders)))
    publics = {public for file in ctx.observed(CertificateFile) for public in file.publics}
    is_other_key = any(key.public and key.public not in publics for key in ctx.observed(KeyFile))
    is_missing = (
        bool(unnamed_in)
        or is_other_key
        or any(file.failure is not None or _is_alone(file) for file in files)
    )
    own = (unnamed_in,) if unnamed_in else ()
    below = (*own, *(folder for folder in above if folder.count("/") > 1), *_USUAL_FOLDERS)
    arguments = (*folders, "--below", *below) if is_missing else folders
    if not ctx.further_requests.begin(f"the certificates in {shlex.join(arguments)}"):
        return
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", *arguments)
    known_paths = {stored.path for stored in ctx.observed(StoredCertificate)}
    for stored in parse_stored(result.out):
        if stored.path not in known_paths:
            ctx.emit(replace(stored, at=at, took=result.took))


def _is_alone(file: CertificateFile | KeyFile) -> bool:
    """Return whether a file holds a certificate and none of its issuers. A tool may keep the whole
    chain elsewhere."""
    chain = file.chain if isinstance(file, CertificateFile) else ()
    return len(certificate_path(chain)) == 1 and not chain[0].self_issued


def parse_stored(text: str) -> Iterator[StoredCertificate]:
    """Parse the output of SCRIPT: the files with certificates, each with the key of its first
    certificate. A key in the same file, then in the same folder, comes first."""
    parts = _PART.split(text)
    bodies = tuple(zip(*(iter(parts[1:]),) * 3, strict=False))
    publics_of_keys = {
        path: pem.public_key(body)[1] for kind, path, body in bodies if kind == "key"
    }
    for kind, path, body in bodies:
        chain, publics = pem.certificates(body) if kind == "file" else ((), ())
        if not chain:
            continue
        keys = [key for key, public in publics_of_keys.items() if public == publics[0]]
        is_plain = path not in publics_of_keys and len(pem.blocks(body)) == len(chain)
        yield StoredCertificate(
            vantage=Vantage.SERVER,
            equivalent=f"openssl x509 -noout -subject -dates -in {shlex.quote(path)}",
            path=clean(path, 500),
            chain=chain,
            publics=publics,
            key=clean(_nearest(keys, path), 500),
            text=body.strip() + "\n" if is_plain else "",
        )


def _nearest(keys: Iterable[str], path: str) -> str:
    """Return the key in a certificate's own file, else one in its folder, else another one."""
    folder = posixpath.dirname(path)
    return min(
        keys, key=lambda key: (key != path, posixpath.dirname(key) != folder, key), default=""
    )
