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
from dataclasses import replace

from diagnose.frozen import frozen
from diagnose.machine import LIMIT, Ran, Text
from diagnose.model import Failure, Unseen, Vantage
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
from diagnose.probes import Look, probe
from diagnose.wire import nginx as wire
from diagnose.wire import pem, serving
from diagnose.wire.boot import unit_of
from diagnose.wire.containers import container_of
from diagnose.wire.mounts import Mount, private, read_mount
from diagnose.wire.names import is_address
from diagnose.wire.serving import Server
from diagnose.wire.text import clean

#: Files of a configuration that are read at most.
MOST = 500

#: Certificates, and keys, that are looked at at once.
MOST_PAIRS = 8

#: The clock, the time since boot, our own mount namespace, the programs there are, of every process
#: that is nginx: proc_pid_stat(5), its title, its program, its mount namespace, its user and what
#: tells a container's from this system's ("its"; "own" is ours, to compare with); and how the
#: programs that may be the one to look at were built. "self" is our own user. A process of another
#: user than root or ourselves may be called nginx and be anything: its program is not run, and what
#: it calls itself is one line, or it could pass for another's.
LIST = r"""
date +%s.%N; cat /proc/uptime; own=$(readlink /proc/self/ns/mnt); echo "$own"
user() { while read -r k u _; do [ "$k" = Uid: ] && echo "$1 $u" && break; done < "$2/status"; }
me=$(user self /proc/self 2>/dev/null); echo "$me"
flat() { tr '\0\n' '  '; }
view() {
  r=$(stat -L -c %d:%i "$2/root"); echo "$1 root $r"; echo "$1 pid $(readlink "$2/ns/pid")"
  echo "$1 net $(readlink "$2/ns/net")"; sed "s/^/$1 cgroup /" "$2/cgroup"
}
mounts() { cut -d ' ' -f 3-5 "$2/mountinfo" | head -n 2000 | sed "s/^/$1 mount /"; }
view own /proc/self 2>/dev/null; root=$r
build() {
  case "$built" in *":$1:"*) return ;; esac
  built=$built:$1:; [ -x "$1" ] && echo "build $1" && "$1" -V 2>&1 && echo "built"
}
for b in "$(command -v nginx)" /usr/sbin/nginx /usr/local/nginx/sbin/nginx \
  /www/server/nginx/sbin/nginx /usr/local/openresty/nginx/sbin/nginx /usr/local/tengine/sbin/nginx
do [ -x "$b" ] && echo "program $b" && f=${f:-$b}; done
for d in /proc/[0-9]*; do
  c=; read -r c < "$d/comm" || continue
  case $c in nginx|openresty|tengine) ;; *) continue ;; esac
  echo "process $(flat < "$d/stat")"; t=$(flat < "$d/cmdline"); echo "$t"
  e=$(readlink "$d/exe"); printf %s "$e" | flat; echo; n=$(readlink "$d/ns/mnt"); echo "$n"
  u=$(user user "$d"); echo "$u"
  case $t in *"master process"*) ;; *) continue ;; esac
  view its "$d"; [ "$n" = "$own" ] || [ -z "$n" ] || { mounts its "$d"; other=yes; }
  case ${u#user } in 0|"${me#self }") [ "$r" = "$root" ] && [ -n "$e" ] && build "$e" ;; esac
done 2>/dev/null
[ -z "$other" ] || mounts own /proc/self 2>/dev/null
[ -n "$built" ] || build "$f"; :
"""

#: Programs that do not run and are looked at.
MOST_PROGRAMS = 4

#: Lines of mountinfo that are read of a process.
MOST_MOUNTS = 2000

#: Clock ticks a second in /proc/PID/stat: 100 on every Linux (sysconf(3), _SC_CLK_TCK).
TICKS = 100


@frozen
class View:
    """The system that a process sees: its root folder (device and inode), its PID and network
    namespaces (namespaces(7)), its control groups (cgroups(7)) and its mounts, "" and () where they
    may not be read or, for mounts, are ours."""

    root: str = ""
    pid: str = ""
    net: str = ""
    cgroups: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()


@frozen
class Process:
    """A process that is nginx; `started` in seconds since the epoch by the server's own clock."""

    pid: int
    parent: int
    title: str
    program: str
    started: float | None
    user: int | None = None
    view: View = View()


@frozen
class Listing:
    """What LIST printed. `builds` are programs and what their -V says, `user` is who we are, `view`
    what we see."""

    programs: tuple[str, ...] = ()
    processes: tuple[Process, ...] = ()
    builds: tuple[tuple[str, str], ...] = ()
    user: int | None = None
    view: View = View()


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


def listing(text: str) -> Listing:
    """Read what LIST printed."""
    lines = text.splitlines()
    if len(lines) < 3:
        return Listing()
    try:
        boot = float(lines[0]) - float(lines[1].split()[0])
    except (ValueError, IndexError):
        boot = None
    programs = [line.partition(" ")[2] for line in lines if line.startswith("program ")]
    processes = []
    begun = [number for number, line in enumerate(lines) if line.startswith("process ")]
    for number, end in zip(begun, [*begun[1:], len(lines)], strict=False):
        if end > number + 3:
            stat, title, program, _, *rest = lines[number:end]
            if one := _process(stat.partition(" ")[2], title, program, boot):
                view = _view("its", rest)
                processes.append(replace(one, user=_user("user", rest), view=view))
    builds = re.findall(r"^build (.+)\n((?:.*\n)*?)built$", text, re.MULTILINE)
    return Listing(
        tuple(dict.fromkeys(programs)),
        tuple(processes),
        tuple(builds),
        _user("self", lines[3:]),
        _view("own", lines),
    )


def _view(whose: str, lines: Sequence[str]) -> View:
    said: dict[str, list[str]] = {}
    for line in lines:
        word, key, rest = (*line.split(" ", 2), "", "")[:3]
        if word == whose:
            said.setdefault(key, []).append(rest)
    root, pid, net = (next(iter(said.get(key, ())), "") for key in ("root", "pid", "net"))
    mounts = (read_mount(line) for line in said.get("mount", ())[:MOST_MOUNTS])
    return View(root, pid, net, tuple(said.get("cgroup", ())), tuple(filter(None, mounts)))


def _user(word: str, lines: list[str]) -> int | None:
    """The number in the next line, if that is about a user."""
    said, _, number = (lines or [""])[0].partition(" ")
    return int(number) if said == word and number.isdigit() else None


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


def _process(stat: str, title: str, program: str, boot: float | None) -> Process | None:
    # The name in parentheses may hold anything: what follows the last one counts.
    head, _, tail = stat.rpartition(") ")
    fields = tail.split()
    if not head or len(fields) < 20 or not head.split()[0].isdigit():
        return None
    started = None if boot is None else boot + int(fields[19]) / TICKS
    program = program.removesuffix(" (deleted)")
    return Process(int(head.split()[0]), int(fields[1]), title.strip(), program, started)


def masters(found: Listing) -> tuple[NginxProcess, ...]:
    """The masters, with when each last loaded its configuration."""
    made = []
    for one in found.processes:
        if "master process" not in one.title:
            continue
        workers = [
            other
            for other in found.processes
            if other.parent == one.pid
            and "worker process" in other.title
            and "shutting down" not in other.title
        ]
        loads = [other.started for other in workers if other.started is not None]
        said = wire.commanded(one.title)
        made.append(
            NginxProcess(
                vantage=Vantage.SERVER,
                pid=one.pid,
                binary=clean(one.program or said.binary, 300),
                arguments=said.options,
                config=said.config,
                started=one.started,
                loaded=min(loads, default=None),
                workers=tuple(other.pid for other in workers),
                foreign=_is_foreign(one, found),
                user=one.user,
                private=private(found.view.mounts, one.view.mounts),
                unit=unit_of(one.view.cgroups),
            )
        )
    return tuple(made)


def _is_foreign(one: Process, found: Listing) -> bool:
    """A container's, or of a user whose word is not taken for what to run, and with which options:
    anybody may call a process of his nginx. An installed program that runs without options is what
    would be looked at anyway, whoever runs it."""
    said = wire.commanded(one.title)
    installed = one.program in found.programs and not (said.prefix or said.config)
    trusted = found.user is None or one.user in {0, found.user} or installed
    return _is_apart(one.view, found.view) or not trusted


def _is_apart(one: View, own: View) -> bool:
    """A container's: it has another root folder, PID or network namespace, or an engine's control
    group. A mount namespace of its own has every unit with PrivateTmp= or ProtectSystem=
    (systemd.exec(5)), and its files are this system's."""
    pairs = ((one.root, own.root), (one.pid, own.pid), (one.net, own.net))
    engine = container_of(one.cgroups)
    other = bool(engine) and engine != container_of(own.cgroups)
    return other or any(his and ours and his != ours for his, ours in pairs)


async def _idle(look: Look, found: Listing) -> str:
    """Of several programs of which none runs, the one whose configuration has the site; else that
    which a shell finds."""
    from diagnose.probes.inside.elsewhere import named, tree

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
        for server in serving.servers(config.main)
        for name in ("ssl_certificate", "ssl_certificate_key")
        if not said.isdisjoint(posixpath.join(folder, p) for p in serving.files(server, name))
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
    every = serving.servers(seen.main)
    host = look.target.host
    chosen = [
        server
        for socket in serving.sockets(every, look.target.port)
        for server in (serving.choose(socket, host)[0], *serving.rivals(socket, host))
    ]
    if is_address(host):  # for which no name is sent (RFC 6066 section 3): the default's is shown
        chosen += [socket.default for socket in serving.sockets(every, look.target.port)]
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
        posixpath.join(folder, path) for server in servers for path in serving.files(server, name)
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
