"""What lets a web server send the certificate of the issuer behind the site's own: the certificates
of other authorities in that place go."""

import posixpath
import re

from checks.certificate import file_of, served_lineage
from checks.certificate._fetched_issuer import appended_issuer, fetched_issuer
from checks.certificate._stored import completed_file, issuers_file
from checks.server import ServerView, file_rows, line_edit, reload_steps, server_on_port
from diagnose.model import Applicability, Command, Edit, Evidence, Fix, Step, commands
from diagnose.model.nginx import CertificateFile
from diagnose.model.tls import Certificate, certificate_path

#: The servers that read the certificates again when they are told to load their configuration.
_PRODUCTS = frozenset({"apache", "haproxy"})

_BEGIN, _END = r"\%^-----BEGIN CERTIFICATE-----%", r"\%^-----END CERTIFICATE-----%"
#: sed: the certificates of the file go, and the others but the first one go.
_ALL_GO = f"{_BEGIN},{_END}d"
_FIRST_STAYS = f"0,{_END}b"


def chain_file(evidence: Evidence) -> str:
    """Return the file of issuers that Apache reads apart from the site's certificate (mod_ssl,
    "SSLCertificateChainFile"), "" if it reads none. Those of the certificate's own file are not
    sent then."""
    view = server_on_port(evidence)
    if view is None or view.server.product != "apache":
        return ""
    paths = {path for site in view.answering_sites for path in site.paths("chain")}
    return paths.pop() if len(paths) == 1 else ""


def sent_issuers(evidence: Evidence, leaf: Certificate) -> Fix | None:
    """Return the fix after which the server sends this certificate with its issuer's, from a file
    of the server or from the address that the certificate names; None where neither is known, where
    a tool keeps the file, or where other sites read the same chain."""
    file = file_of(evidence, leaf)
    if file is None or not file.chain or served_lineage(evidence, leaf) is not None:
        return None
    loading = _loading(evidence)
    if not loading:
        return None
    own = chain_file(evidence)
    if not own and len(certificate_path(file.chain)) > 1:
        return Fix(loading)  # it was written, and not loaded
    steps = _in_chain_file(evidence, file, own) if own else _in_own_file(evidence, file)
    if not steps:
        return None
    is_edit = all(isinstance(step, Edit) for step in steps)
    how = Applicability.AUTOMATIC if is_edit else Applicability.REVIEW
    return Fix((*steps, *loading), how)


def is_fetched(fix: Fix | None) -> bool:
    """Return whether the issuer's certificate is downloaded."""
    steps = fix.steps if fix else ()
    return any(isinstance(step, Command) and step.argv[0] == "curl" for step in steps)


def _loading(evidence: Evidence) -> tuple[Command, ...]:
    """Return the commands that test and load; () for a server that may keep the old file."""
    view = server_on_port(evidence)
    if view is not None:
        return reload_steps(view.server) if view.server.product in _PRODUCTS else ()
    from checks.nginx import Nginx
    from checks.nginx._commands import reload_steps as nginx_steps

    nginx = Nginx.of(evidence)
    is_known = nginx.master is not None and any(nginx.selected_servers())
    return tuple(step for step in nginx_steps(nginx) if isinstance(step, Command)) * is_known


def _in_own_file(evidence: Evidence, file: CertificateFile) -> tuple[Step, ...]:
    """Return the steps that put the issuer's certificate behind the first one of the file. It may
    hold a key: then `sed` changes it."""
    edit = completed_file(evidence, file)
    if edit is not None:
        return (edit,)
    path, issuers = file.real or file.path, issuers_file(evidence, file.chain[0])
    if issuers and "\n" not in path:
        return (commands.rewrite(path, _replacing(issuers, len(file.chain))),)
    if len(file.chain) == 1:
        return appended_issuer(file)
    fetched = fetched_issuer(file)
    if fetched is None:
        return ()
    return fetched.replacing(path, _replacing(fetched.path, len(file.chain)))


def _replacing(issuers: str, number: int) -> tuple[str, ...]:
    """Return the script by which the file ends with the issuers. `r` comes first: the last line of
    the file may be one that goes."""
    return (f"$r {issuers}", *((_FIRST_STAYS, _ALL_GO) if number > 1 else ()))


def _in_chain_file(evidence: Evidence, file: CertificateFile, chain: str) -> tuple[Step, ...]:
    """Return the steps that name a file with the issuers in place of the chain's, or that write the
    issuer's certificate into that."""
    view = server_on_port(evidence)
    rows = _chain_rows(view, chain) if view else ()
    if view is None or len(rows) != 1:
        return ()
    path, number, row = rows[0]
    issuers = issuers_file(evidence, file.chain[0])
    if issuers and issuers != chain:
        edit = line_edit(view, path, {number: (row.replace(chain, issuers),)})
        return (edit,) if edit else ()
    fetched = fetched_issuer(file)
    is_plain = re.fullmatch(r"/[\w./@+~-]+", chain) is not None
    if fetched is None or not is_plain or posixpath.normpath(chain) in {file.path, file.real}:
        return ()
    return fetched.replacing(chain, (f"$r {fetched.path}", _ALL_GO))


def _chain_rows(view: ServerView, chain: str) -> tuple[tuple[str, int, str], ...]:
    """Return the lines that name the file as a chain, with their files and numbers."""
    name = re.compile(rf'(?i)\s*SSLCertificateChainFile\s+"?{re.escape(chain)}"?\s*')
    files = view.config.files if view.config else ()
    return tuple(
        (file.path, number, row)
        for file in files
        for number, row in enumerate(file_rows(view, file), 1)
        if name.fullmatch(row[:2000])
    )
