"""Looks for the file of TLS that a program reads, and where its unit, its settings or its source
name it: only where a program that is no web server has the port, and visitors refuse what it sends
or soon will.
"""

import posixpath
import shlex
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.containers import CONTAINER_PROCESSES
from diagnose.model.files import StoredCertificate
from diagnose.model.processes import NamingLine, ProgramCertificate
from diagnose.model.server import Listeners
from diagnose.model.tls import Handshake
from diagnose.parsers.hostnames import covers
from diagnose.parsers.program_tls import ProgramNames, meant_paths, parse_program_names
from diagnose.probes import ProbeContext, is_first, probe
from diagnose.probes.inside import stored_certificates
from diagnose.probes.inside.other_nginx import expires_soon
from diagnose.probes.inside.stored_certificates import parse_stored
from diagnose.probes.inside.web_servers.readers import WEB_SERVERS

SCRIPT = "\n".join(read_script(__file__, name) for name in ("program_starter.sh", "program_tls.sh"))
#: Programs whose certificates are looked for elsewhere, by their configuration.
_SERVERS = WEB_SERVERS | CONTAINER_PROCESSES
#: Most patterns of paths, folders, and files that are kept.
_MAX_PATTERNS, _MAX_FOLDERS, _MAX_FILES = 24, 8, 4


@probe(after=Handshake, needs=Listeners)
async def program_tls(ctx: ProbeContext, handshake: Handshake, listeners: Listeners) -> None:
    programs = {listener.process for listener in listeners.on(ctx.target.port)}
    is_other = programs and None not in programs and programs.isdisjoint(_SERVERS)
    if not is_other or not is_first(ctx, handshake, _is_refused):
        return
    at, port = ctx.elapsed(), ctx.target.port
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", str(port))
    names = parse_program_names(result.out)
    folders = await _folders(ctx, names)
    if not folders:
        return
    stored = await ctx.machine.run("sh", "-c", stored_certificates.SCRIPT, "sh", *folders)
    for file in [*_named_files(ctx, names, stored.out)][:_MAX_FILES]:
        real = await ctx.machine.run("readlink", "-f", "--", file.path)
        certificate_file = replace(
            file,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=f"ss -ltnp 'sport = :{port}'; openssl x509 -noout -subject -dates -in "
            + shlex.quote(file.path),
            real=real.out.strip(),
        )
        ctx.emit(certificate_file)


def _is_refused(ctx: ProbeContext, handshake: Handshake) -> bool:
    """Return whether a visitor got a certificate of the name that it refuses, or soon will."""
    if handshake.port != ctx.target.port or not handshake.chain or not handshake.is_browser_like:
        return False
    leaf = handshake.chain[0]
    is_due = handshake.failure is not None or expires_soon(leaf)
    return is_due and covers(ctx.target.host, leaf.dns_names, leaf.addresses)


async def _folders(ctx: ProbeContext, names: ProgramNames) -> tuple[str, ...]:
    """Return the folders of the paths that the program names, and that are there."""
    named = (*((line.named, line.file) for line in names.lines), *((w, "") for w in names.words))
    patterns = dict.fromkeys(
        pattern for word, file in named for pattern in _meant(word, file, names)
    )
    folders = dict[str, None]()
    for pattern in [*patterns][:_MAX_PATTERNS]:
        for path in await ctx.machine.glob(pattern):
            folders[posixpath.dirname(path)] = None
    return tuple(folders)[:_MAX_FOLDERS]


def _meant(word: str, file: str, names: ProgramNames) -> Iterator[str]:
    return meant_paths(word, (names.folder, posixpath.dirname(file)))


def _named_files(ctx: ProbeContext, names: ProgramNames, text: str) -> Iterator[ProgramCertificate]:
    """Yield the files with a certificate of the target's name that the program names."""
    files, host = [*parse_stored(text)], ctx.target.host
    for file in files:
        leaf = file.chain[0]
        lines = tuple(line for line in names.lines if _names(line, file.path, names))
        is_argument = any(
            fnmatchcase(file.path, each) for w in names.words for each in _meant(w, "", names)
        )
        if not (lines or is_argument) or not covers(host, leaf.dns_names, leaf.addresses):
            continue
        yield ProgramCertificate(
            vantage=Vantage.SERVER,
            path=file.path,
            chain=file.chain,
            publics=file.publics,
            key=file.key if _is_named_key(file, names) else "",
            lines=lines,
            process=names.process,
            unit=names.unit,
            starter=None if names.unit else names.starter,
        )


def _names(line: NamingLine, path: str, names: ProgramNames) -> bool:
    return any(fnmatchcase(path, each) for each in _meant(line.named, line.file, names))


def _is_named_key(file: StoredCertificate, names: ProgramNames) -> bool:
    """Return whether the program names the key's file too, in the same way."""
    if file.key == file.path:
        return True
    folders = (names.folder, *(posixpath.dirname(line.file) for line in names.lines))
    return any(
        fnmatchcase(file.key, meant_path)
        for w in names.words
        for meant_path in meant_paths(w, folders)
    )
