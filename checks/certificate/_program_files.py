"""What mends the file of TLS that a program reads which is no web server: another file's name where
its unit, its settings or its source name it, the missing certificate in the file, or the renewed
certificate in the place of an old copy; then its restart."""

import posixpath
import re
from collections.abc import Sequence

from checks.certificate import is_publicly_trusted, lineage_of
from diagnose.model import Applicability, Command, Edit, Evidence, Fix, commands, server_commands
from diagnose.model.files import OtherCertificate
from diagnose.model.nginx import CertificateFile
from diagnose.model.processes import NamingLine, ProgramCertificate
from diagnose.model.program_commands import restart_by
from diagnose.model.tls import Certificate
from diagnose.model.unit_commands import reload_units

#: Files that a renewal tool writes by itself, and nobody else.
_OF_TOOLS = re.compile(
    r"^/etc/letsencrypt/(?:live|archive)/[^/]+/(?:cert|chain|fullchain|privkey)\d*\.pem$"
    r"|/\.acme\.sh/|/\.lego/|/caddy/certificates/|/dehydrated/"
)


def program_file(evidence: Evidence, leaf: Certificate) -> ProgramCertificate | None:
    """Return the only file with this certificate that the program on the port names, or None."""
    files = [
        file
        for file in evidence.good(ProgramCertificate)
        if file.chain and file.chain[0].sha256 == leaf.sha256
    ]
    named = [file for file in files if file.lines] or files
    return named[0] if len(named) == 1 else None


def chain_fix(evidence: Evidence, leaf: Certificate) -> tuple[Fix, str] | None:
    """Return what lets the program send the issuer's certificate too, and the file with the whole
    chain if there is one ("" if it is appended); None if its file or its start is not known."""
    from checks.certificate._fetched_issuer import appended_issuer

    own = program_file(evidence, leaf)
    if own is None or len(own.chain) != 1:
        return None
    lineage = lineage_of(own.path) or lineage_of(own.real)
    if lineage is None:
        file = CertificateFile(path=own.path, real=own.real, chain=own.chain)
        steps: Sequence[Command | Edit] = appended_issuer(file)
        edited = ""
    else:
        steps = named_instead(own, lineage.fullchain)
        edited = lineage.fullchain
    loading = restart_steps(own, steps)
    return (Fix((*steps, *loading), Applicability.REVIEW), edited) if steps and loading else None


def copy_fix(own: ProgramCertificate, renewed: OtherCertificate) -> Fix | None:
    """Return what writes the renewed certificate and its key into the old copies that the program
    reads; None if these are a tool's own, if the renewed one lacks a name or may not be trusted, or
    if the key or the start of the program is not known."""
    path, key, leaf = own.real or own.path, own.key, own.chain[0]
    if not key or any(map(_OF_TOOLS.search, (path, own.path, key))):
        return None
    is_trusted = renewed.leaf.issuer == leaf.issuer or (
        bool(renewed.tool) and is_publicly_trusted(renewed.leaf.issuer)
    )
    if not is_trusted or not set(leaf.dns_names) <= set(renewed.leaf.dns_names):
        return None
    steps: tuple[Command, ...]
    if key == own.path:
        steps = (server_commands.write_bundle(path, renewed.path, renewed.key),)
    else:
        steps = (
            server_commands.replace_copy(path, renewed.path),
            server_commands.replace_copy(key, renewed.key),
        )
    loading = restart_steps(own, steps)
    is_other = {path, key}.isdisjoint({renewed.path, renewed.key})
    return Fix((*steps, *loading), Applicability.REVIEW) if loading and is_other else None


def named_instead(own: ProgramCertificate, other: str) -> tuple[Edit, ...]:
    """Return the edit of the lines that name the program's file, so that they name another one; ()
    if they are in several files: which one is read is not known."""
    files = {line.file for line in own.lines}
    if len(files) != 1:
        return ()
    path, hunks = next(iter(files)), []
    for line in sorted(own.lines, key=lambda line: line.number):
        new = _renamed(line, own.path, other)
        if not new:
            return ()
        end = "\\ No newline at end of file\n" if line.unended else ""
        at = f"{line.number},1"
        hunks.append(f"@@ -{at} +{at} @@\n-{line.text}\n{end}+{new}\n{end}")
    return (Edit(path, f"--- {path}\n+++ {path}\n{''.join(hunks)}", outside=True),)


def _renamed(line: NamingLine, path: str, other: str) -> str:
    """Return the line with another path, of whose folder the last part alone changes; "" if the
    path stands there twice, or if it is put together and the folder is another one."""
    if posixpath.dirname(path) == posixpath.dirname(other):
        folder, slash, _ = line.named.rpartition("/")
        named = f"{folder}{slash}{posixpath.basename(other)}"
    elif line.named == path:
        named = other
    else:
        return ""
    return line.text.replace(line.named, named) if line.text.count(line.named) == 1 else ""


def restart_steps(
    own: ProgramCertificate, steps: Sequence[Command | Edit] = ()
) -> tuple[Command, ...]:
    """Return what starts the program again after these steps; () if nothing is known that does."""
    if not own.unit:
        return restart_by(own.starter) if own.starter else ()
    units = ("/etc/systemd/system/", "/run/systemd/system/")
    is_of_unit = any(isinstance(step, Edit) and step.path.startswith(units) for step in steps)
    reload = (reload_units(),) if is_of_unit else ()
    return (*reload, commands.restart_service(own.unit.removesuffix(".service")))
