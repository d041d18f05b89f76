"""Probes for files around nginx, after a failure.

They examine the modules that could be loaded, who may read a certificate or key, and what the
journal of the systemd unit says about a failed start.
"""

import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.files import Access, NginxModules, NginxStart, SelinuxMode
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxBuild, NginxConfig, NginxTest
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.install_paths import PROGRAM_NAMES
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.file_access import read_access
from diagnose.probes.inside.nginx_processes import own_masters

#: Maximum number of files whose permissions are examined.
MAX_FILES = 8

#: A command line that starts nginx.
_NGINX_COMMAND = re.compile(rf"\S*/(?:{'|'.join(PROGRAM_NAMES)})(?: |$)")

#: SELinux's mode by the content of its file `enforce`.
_SELINUX_MODES: dict[str, SelinuxMode] = {"1": "enforcing", "0": "permissive"}

START_SCRIPT = read_script(__file__, "nginx_start.sh")


@probe(after=NginxTest)
async def modules(ctx: ProbeContext, test: NginxTest) -> None:
    """Emit the modules that could be loaded, if `nginx -t` reports a missing one."""
    fatal = test.fatal.text if test.fatal and not test.passed else ""
    build = next(iter(ctx.observed(NginxBuild)), None)
    if build is None or not fatal.startswith(("unknown directive", "dlopen()", "module ")):
        return
    at, folder = ctx.elapsed(), modules_folder(build.arguments, build.prefix)
    module_paths = await ctx.machine.glob(f"{folder}/*.so")
    ctx.emit(
        NginxModules(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=f"ls {shlex.quote(folder)}",
            folder=folder,
            names=tuple(path.rpartition("/")[2].removesuffix(".so") for path in module_paths[:200]),
        )
    )


def modules_folder(arguments: Sequence[str], prefix: str) -> str:
    """Return the folder in which a build looks for its modules (`--modules-path`)."""
    module_paths = [
        argument.partition("=")[2]
        for argument in arguments
        if argument.startswith("--modules-path=")
    ]
    return posixpath.join(prefix, next(iter(module_paths), "modules"))


# A failed start


@probe(after=NginxConfig)
async def start(ctx: ProbeContext, config: NginxConfig) -> None:
    """Emit the state of the service, if nginx should have the port but does not run."""
    ports = server_blocks.sockets(server_blocks.servers(config.main), ctx.target.port)
    if own_masters(ctx) or not ports:
        return
    at = ctx.elapsed()
    build = next(iter(ctx.observed(NginxBuild)), None)
    result = await ctx.machine.run(
        "sh", "-c", START_SCRIPT, "sh", build.binary if build else "nginx", str(ctx.target.port)
    )
    nginx_start = parse_start(result.out)
    if (
        nginx_start.messages
        or nginx_start.user
        or nginx_start.selinux
        or nginx_start.unit
        or nginx_start.socket
    ):
        ctx.emit(replace(nginx_start, at=at, took=result.took))
        await _emit_access(
            ctx, *(path for message in nginx_start.messages for path in denied_paths(message.text))
        )


def parse_start(text: str) -> NginxStart:
    """Parse the output of START_SCRIPT."""
    properties = dict(line.partition("=")[::2] for line in text.splitlines() if line[:1].isupper())
    lines = [line[1:] for line in text.splitlines() if line.startswith(" ")]
    start_lines = [number for number, line in enumerate(lines) if line.startswith("Starting ")]
    last_start = "\n".join(lines[start_lines[-1] :]) if start_lines else ""
    service = clean(properties.get("Id", ""), 100).removesuffix(".service") or "nginx"
    name = clean(properties.get("Id", ""), 100) if properties.get("LoadState") == "loaded" else ""
    socket_match = re.search(r"^socket (\S+\.socket)$", text, re.MULTILINE)
    selinux_match = re.search(r"^selinux (\d)", text, re.MULTILINE)
    ports_match = re.search(r"^http_port_t\s+tcp\s+(.+)$", text, re.MULTILINE)
    return NginxStart(
        vantage=Vantage.SERVER,
        equivalent=f"systemctl status {service}; journalctl -u {service} -b",
        messages=nginx_parser.messages(last_start)
        if properties.get("ActiveState") in {"failed", "activating"}
        else (),
        source=f"journalctl -u {service}",
        user="" if properties.get("User") == "root" else clean(properties.get("User", "")),
        selinux=_SELINUX_MODES.get(selinux_match[1], "") if selinux_match else "",
        ports=clean(ports_match[1]) if ports_match else "",
        unit=name if re.search(r"^starts \S", text, re.MULTILINE) else "",
        state=clean(properties.get("ActiveState", ""), 30) if name else "",
        result=clean(properties.get("Result", ""), 30) if name else "",
        since=clean(properties.get("InactiveEnterTimestamp", ""), 60) if name else "",
        line=clean(_end_line(lines), 200) if name else "",
        limited=bool(name) and _is_start_limited(lines),
        step=clean(_failed_pre_start(text), 200),
        hidden=_hidden_folders(properties) if name else (),
        socket=clean(socket_match[1], 100) if socket_match else "",
        pid_file=clean(properties.get("PIDFile", ""), 200) if name else "",
    )


#: systemd's messages about the end of a service (src/core/unit.c, service.c); most telling first.
_END_PATTERNS = (
    r"A process of this unit has been killed by the OOM killer|.*killed by the OOM killer",
    r"Main process exited, code=(?:killed|dumped|exited), status=(?!0/)",
    r"Control process exited, code=\w+, status=(?!0/)",
    r"start(?:-pre)? operation timed out",
    r"Can't open PID file(?!.*\(yet\?\))|Failed to parse PID from file|New main PID \d+ does not",
    r"Condition check resulted in|.* was skipped because of",
    r"Deactivated successfully|Stopped ",
)


def _end_line(lines: Sequence[str]) -> str:
    """Return systemd's line about the last end, after the last start that was really attempted."""
    start_lines = [number for number, line in enumerate(lines) if line.startswith("Starting ")]
    last_start = lines[start_lines[-1] :] if start_lines else lines
    for pattern in _END_PATTERNS:
        for line in reversed(last_start):
            if re.match(rf"(?:\S+\.service: )?(?:{pattern})", line):
                return line
    return ""


def _is_start_limited(lines: Sequence[str]) -> bool:
    """Whether systemd refused the last starts (systemd.unit(5), StartLimitBurst=)."""
    limit_lines = [
        number for number, line in enumerate(lines) if "request repeated too quickly" in line
    ]
    start_lines = [number for number, line in enumerate(lines) if line.startswith("Starting ")]
    return bool(limit_lines) and limit_lines[-1] > max(start_lines, default=-1)


def _hidden_folders(properties: Mapping[str, str]) -> tuple[str, ...]:
    """Return the folders whose content differs for the service (systemd.exec(5))."""
    folders = (
        ["/tmp", "/var/tmp"] if properties.get("PrivateTmp") in {"yes", "disconnected"} else []
    )
    if properties.get("ProtectHome") in {"yes", "tmpfs"}:
        folders += ["/home", "/root", "/run/user"]
    inaccessible = [path.lstrip("-+") for path in properties.get("InaccessiblePaths", "").split()]
    return tuple(clean(path, 200) for path in (*folders, *inaccessible)[:20])


def _failed_pre_start(text: str) -> str:
    """Return the first failed command of ExecStartPre=, or "" if it is nginx itself."""
    for argv, status in re.findall(
        r"^ExecStartPre=.*?argv\[\]=(.*?) ; .*?status=(\S+) \}$", text, re.MULTILINE
    ):
        if status.partition("/")[0] not in {"0", "(null)"}:
            return "" if _NGINX_COMMAND.match(argv) else str(argv)
    return ""


# File permissions


@probe(after=NginxConfig)
async def reading(ctx: ProbeContext, config: NginxConfig) -> None:
    """Emit who may read certificates and keys, if the master does not run as root."""
    master = next(iter(own_masters(ctx)), None)
    if master is None or not master.user:
        return
    folder, servers = posixpath.dirname(config.path), server_blocks.servers(config.main)
    chosen = (
        server_blocks.select_server(socket, ctx.target.host)[0]
        for socket in server_blocks.sockets(servers, ctx.target.port)
    )
    paths = dict.fromkeys(
        posixpath.join(folder, path)
        for server in chosen
        for name in ("ssl_certificate", "ssl_certificate_key")
        for path in server_blocks.file_paths(server, name)
    )
    await _emit_access(ctx, *paths)


@probe(after=NginxTest)
async def refused(ctx: ProbeContext, test: NginxTest) -> None:
    await _emit_access(
        ctx, *denied_paths(test.fatal.text if test.fatal and not test.passed else "")
    )


@probe(after=LogLine)
async def logged(ctx: ProbeContext, log_line: LogLine) -> None:
    await _emit_access(ctx, *denied_paths(log_line.text if log_line.level == "emerg" else ""))


_DENIED = re.compile(
    r'(?:cannot load certificate(?: key)? "([^"$]+)": BIO_new_file\(\)'
    r'|BIO_new_file\("([^"]+)"\)) failed .*Permission denied'
)


def denied_paths(text: str) -> tuple[str, ...]:
    """Return the file that a message says may not be read."""
    match = _DENIED.match(text)
    return (match[1] or match[2],) if match else ()


async def _emit_access(ctx: ProbeContext, *paths: str) -> None:
    known_paths = {access.path for access in ctx.observed(Access)}
    new_paths = [path for path in dict.fromkeys(paths) if path not in known_paths][:MAX_FILES]
    if not new_paths:
        return
    at, master = ctx.elapsed(), next(iter(own_masters(ctx)), None)
    user = next((nginx_start.user for nginx_start in ctx.observed(NginxStart)), "")
    pid = str(master.pid) if master and master.user else ""
    for access in await read_access(ctx.machine, "" if master else user, pid, new_paths):
        ctx.emit(replace(access, at=at))
