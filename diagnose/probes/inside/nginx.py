"""nginx on the server: which runs, how it was built, what its configuration says, whether that
would load.

The running master decides which program and which configuration are looked at: a server may hold
several. One script lists the processes; then everything goes side by side.
"""

import asyncio
import posixpath
import re
import shlex
from collections.abc import Sequence

from diagnose.machine import LIMIT, Ran, Text
from diagnose.model import Failure, Unseen, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.nginx import (
    CertificateFile,
    ConfigFile,
    Directive,
    KeyFile,
    NginxBuild,
    NginxConfig,
    NginxProcess,
    NginxState,
    NginxTest,
)
from diagnose.parsers import pem
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx import config as wire
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.sanitize import clean
from diagnose.probes import Look, probe
from diagnose.probes.inside.nginx_processes import LIST, Listing, listing, masters

#: Files of a configuration that are read at most.
MOST = 500

#: Certificates, and keys, that are looked at at once.
MOST_PAIRS = 8

#: Programs that do not run and are looked at.
MOST_PROGRAMS = 4


@frozen
class Program:
    """The nginx to look at: its path, how to call it, the options that its master was given."""

    path: str
    options: tuple[str, ...] = ()

    def argv(self, *words: str) -> tuple[str, ...]:
        return (self.path, *self.options, *words)


@probe()
async def nginx(look: Look) -> None:
    if not look.options.wants("nginx") and not look.options.wants("websocket"):
        return
    at = look.now()
    ran = await look.machine.run("sh", "-c", LIST)
    if ran.status is None:
        return
    found = listing(ran.out)
    running = await _in_front(look, found)
    look.see(
        NginxState(
            vantage=Vantage.SERVER,
            at=at,
            took=ran.took,
            equivalent="ps -eo pid,ppid,lstart,args | grep [n]ginx",
            installed=bool(found.programs or running),
            masters=running,
            programs=found.programs,
        )
    )
    own = [one for one in running if not one.foreign]
    if own and own[0].binary.startswith("/"):
        await _look_at(look, found, Program(own[0].binary, own[0].arguments))
    elif found.programs:
        idle = found.programs[0] if own else await _idle(look, found)
        await _look_at(look, found, Program(idle, own[0].arguments if own else ()))
    elif running:
        if all(one.user in {None, 0, found.user} for one in running):
            why, enable = "it runs in a container", "docker exec … nginx -T"
        else:
            why, enable = "another user runs it", f"sudo -u \\#{running[0].user} nginx -T"
        _unseen(look, "nginx's configuration", why, enable)


async def _in_front(look: Look, found: Listing) -> tuple[NginxProcess, ...]:
    """The masters; where several run on this machine, the one that has the target's port first."""
    every = masters(found)
    if len([one for one in every if not one.foreign]) < 2:
        return every
    listening = await look.machine.listeners()
    sockets = () if isinstance(listening, Failure) else listening
    holders = {one.pid for one in sockets if one.port == look.target.port}
    holders |= {one.parent for one in found.processes if one.pid in holders}
    return tuple(sorted(every, key=lambda one: one.pid not in holders))


async def _idle(look: Look, found: Listing) -> str:
    """Of several programs of which none runs, the one whose configuration has the site; else that
    which a shell finds."""
    from diagnose.probes.inside.other_nginx import named, tree

    for path in found.programs[:MOST_PROGRAMS] if len(found.programs) > 1 else ():
        said = dict(found.builds).get(path)
        if said is None:
            ran = await look.machine.run(path, "-V")
            said = ran.err + ran.out
        main, _ = await tree(look, configured(wire.build(said), ()))
        if named(main, look):
            return path
    return found.programs[0]


async def _look_at(look: Look, listed: Listing, program: Program) -> None:
    """Its build tells where its configuration is; then test and reading go side by side."""
    at = look.now()
    said = dict(listed.builds).get(program.path)
    if said is None:
        ran = await look.machine.run(program.path, "-V")
        if ran.failure is not None:
            _unseen(look, "nginx -V", ran.failure.message, f"sudo {program.path} -V")
            return
        said = ran.err + ran.out
    build = wire.build(said)
    path = configured(build, program.options)
    look.see(
        NginxBuild(
            vantage=Vantage.SERVER,
            at=at,
            took=look.now() - at,
            equivalent=shlex.join((program.path, "-V")),
            binary=program.path,
            version=clean(build.version),
            arguments=build.arguments,
            config=build.config,
            prefix=build.prefix,
        )
    )
    await asyncio.gather(_test(look, program, path, _strange(look, listed)), _read(look, path))
    await _refused(look)


def configured(build: wire.Build, options: tuple[str, ...]) -> str:
    """The configuration that a program reads when it is given these options (nginx(8))."""
    given = dict(zip(options[::2], options[1::2], strict=False))
    prefix = given.get("-p", build.prefix)
    path = given.get("-c") or (
        posixpath.relpath(build.config, build.prefix)
        if "-p" in given and build.config.startswith(f"{build.prefix}/")
        else build.config
    )
    return posixpath.normpath(posixpath.join(prefix, path))


async def _refused(look: Look) -> None:
    """The certificate and key of which nginx -t complains, whichever block they belong to."""
    fatal = next((one.fatal for one in look.seen(NginxTest)), None)
    config = next((one for one in look.seen(NginxConfig) if one.failure is None), None)
    if fatal is None or config is None:
        return
    folder = posixpath.dirname(config.path)
    said = set(re.findall(r'"([^"]+)"', fatal.text))
    wanted = [
        server
        for server in server_blocks.servers(config.main)
        for name in ("ssl_certificate", "ssl_certificate_key")
        if not said.isdisjoint(posixpath.join(folder, p) for p in server_blocks.files(server, name))
    ]
    await _pairs(look, folder, wanted[:2])


def _strange(look: Look, listed: Listing) -> bool:
    """Whether we may read less than the nginx that runs, or than root who would start it."""
    masters = [one for seen in look.seen(NginxState) for one in seen.masters if not one.foreign]
    return listed.user not in {None, 0, *(one.user for one in masters[:1])}


async def _test(look: Look, program: Program, path: str, strange: bool) -> None:
    at = look.now()
    argv = program.argv("-t")
    ran = await look.machine.run(*argv)
    seen = wire.messages(ran.err + "\n" + ran.out)
    if ran.status is None or _forbidden(ran, strange):
        why = (
            "needs root" if _forbidden(ran, strange) else ran.failure.message if ran.failure else ""
        )
        _unseen(look, "nginx -t", clean(why), f"sudo {shlex.join(argv)}")
        return
    look.see(
        NginxTest(
            vantage=Vantage.SERVER,
            at=at,
            took=ran.took,
            equivalent=shlex.join(argv),
            binary=program.path,
            passed=ran.status == 0,
            messages=seen,
            config=path,
        )
    )


def _forbidden(ran: Ran, strange: bool) -> bool:
    """It failed for want of privileges and not of sense: to all but root, nginx complains of
    its "user" directive, where it has one."""
    unprivileged = strange or "makes sense only if the master process runs" in ran.err
    return ran.status != 0 and unprivileged and "Permission denied" in ran.err


async def _read(look: Look, path: str) -> None:
    """The configuration, includes followed, a round for every depth of inclusion."""
    at = look.now()
    folder = posixpath.dirname(path)
    files: dict[str, ConfigFile] = {}
    trees: dict[str, tuple[Directive, ...]] = {}
    matches: dict[str, tuple[str, ...]] = {}
    failure: Failure | None = None
    wanted = [path]
    while wanted:
        rounds = await asyncio.gather(*(_matching(look, pattern) for pattern in wanted))
        new: dict[str, tuple[Directive, ...]] = {}
        for pattern, texts in zip(wanted, rounds, strict=True):
            matches[pattern] = tuple(one.path for one in texts)
            for one in texts[: MOST - len(files)]:
                if one.path == path:
                    failure = one.failure
                if one.failure is None and one.path not in files:
                    files[one.path] = ConfigFile(one.path, one.text, one.changed, one.real)
                    new[one.path] = await asyncio.to_thread(wire.parse, one.text, one.path)
                elif one.failure and one.failure.kind == "denied" and one.path != path:
                    _unseen(look, one.path, "needs root", f"sudo cat {shlex.quote(one.path)}")
        trees |= new
        asked = (pattern for tree in new.values() for pattern in wire.includes(tree, folder))
        wanted = [pattern for pattern in dict.fromkeys(asked) if pattern not in matches]
    seen = look.see(
        NginxConfig(
            vantage=Vantage.SERVER,
            at=at,
            took=look.now() - at,
            equivalent="nginx -T",
            failure=failure,
            path=path,
            main=wire.expand(path, trees, matches),
            files=tuple(files.values()),
        )
    )
    await _certificates(look, seen)


async def _matching(look: Look, pattern: str) -> tuple[Text, ...]:
    if re.search(r"[*?\[]", pattern):
        return await look.machine.read_all(pattern)
    return (await look.machine.read(pattern, LIMIT),)


async def _certificates(look: Look, seen: NginxConfig) -> None:
    """The certificates and keys in the files that the answering blocks name."""
    folder = posixpath.dirname(seen.path)
    every = server_blocks.servers(seen.main)
    host = look.target.host
    chosen = [
        server
        for socket in server_blocks.sockets(every, look.target.port)
        for server in (server_blocks.choose(socket, host)[0], *server_blocks.rivals(socket, host))
    ]
    if is_address(host):  # for which no name is sent (RFC 6066 section 3): the default's is shown
        chosen += [socket.default for socket in server_blocks.sockets(every, look.target.port)]
    await _pairs(look, folder, chosen)


async def _pairs(look: Look, folder: str, servers: Sequence[Server]) -> None:
    """Files that were looked at already are not again."""
    known = {one.path for one in look.seen(CertificateFile)}
    known |= {one.path for one in look.seen(KeyFile)}
    certificates = _named(folder, servers, "ssl_certificate", known)
    keys = _named(folder, servers, "ssl_certificate_key", known)
    await asyncio.gather(
        *(_certificate(look, path) for path in certificates), *(_key(look, path) for path in keys)
    )


def _named(folder: str, servers: Sequence[Server], name: str, known: set[str]) -> list[str]:
    found = dict.fromkeys(
        posixpath.join(folder, path)
        for server in servers
        for path in server_blocks.files(server, name)
    )
    return [path for path in found if path not in known][:MOST_PAIRS]


async def _certificate(look: Look, path: str) -> None:
    at = look.now()
    text = await look.machine.read(path, 65536)
    if text.failure is not None and text.failure.kind == "denied":
        _unseen(look, path, "needs root", f"sudo openssl x509 -noout -in {shlex.quote(path)}")
        return
    # cryptography, which this imports, is imported for the handshakes as well.
    chain, publics = await asyncio.to_thread(pem.certificates, text.text)
    several = len(chain) > 1 and pem.has_only_certificates(text.text)
    look.see(
        CertificateFile(
            vantage=Vantage.SERVER,
            at=at,
            took=look.now() - at,
            equivalent=f"openssl x509 -noout -fingerprint -sha256 -in {shlex.quote(path)}",
            failure=text.failure,
            path=path,
            sha256=fingerprint(text.text),
            changed=text.changed,
            real=text.real,
            chain=chain,
            publics=publics,
            labels=pem.labels(text.text),
            text=text.text if several else "",
        )
    )


async def _key(look: Look, path: str) -> None:
    """Its public half, by the server's own openssl, which asks for no passphrase here."""
    at = look.now()
    argv = ("openssl", "pkey", "-in", path, "-pubout", "-passin", "pass:")
    ran = await look.machine.run(*argv)
    if ran.status is None:
        return
    key_type, public = pem.public_key(ran.out)
    look.see(
        KeyFile(
            vantage=Vantage.SERVER,
            at=at,
            took=ran.took,
            equivalent=shlex.join(argv),
            failure=None if public else Failure("exit", clean(ran.err) or "no key", ran.status),
            path=path,
            key_type=key_type,
            public=public,
        )
    )


def fingerprint(pem: str) -> str:
    """SHA-256 of the first certificate in a PEM text (RFC 7468), "" where there is none."""
    import base64
    import binascii
    import hashlib

    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    body = pem.partition(begin)[2].partition(end)[0]
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return hashlib.sha256(der).hexdigest() if der else ""


def _unseen(look: Look, what: str, why: str, enable: str) -> None:
    look.see(Unseen(vantage=Vantage.SERVER, at=look.now(), what=what, why=why, enable=enable))
