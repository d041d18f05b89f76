"""Probes for why a certificate was not renewed: logs of renewal tools, and failed systemd units.

They run only if a certificate has expired or expires soon, or if the message of an ACME
client was pasted.
"""

import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice, takewhile

from diagnose.machine import CommandResult
from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.nginx import CertificateFile, Directive, NginxConfig
from diagnose.model.renewal import (
    CHALLENGES,
    ChallengeAlias,
    ChallengeFolder,
    OwnServerRenewal,
    RenewalAuthority,
    RenewalFailure,
)
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.linux import renewal_logs as log_parser
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, emit_not_observed, probe
from diagnose.probes.inside.other_nginx import expires_soon

SCRIPT = read_script(__file__, "renewals.sh")
IDENTITY_SCRIPT = read_script(__file__, "folder_identities.sh")

_PART = re.compile(r"^@@@ (\S+) (\d+) (.+)$", re.MULTILINE)


@probe(after=CertificateFile)
async def renewal(ctx: ProbeContext, certificate: CertificateFile) -> None:
    symptom = ctx.target.symptom
    is_asked = symptom is not None and symptom.kind.startswith("acme")
    relevant = [
        candidate
        for candidate in ctx.observed(CertificateFile)
        if is_asked or (candidate.chain and expires_soon(candidate.chain[0]))
    ]
    if not relevant or relevant[0] is not certificate:
        return
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SCRIPT)
    for path in re.findall(r"^@@@ denied 0 (.+)$", result.out, re.MULTILINE):
        subject, enable = clean(path, 200), f"sudo tail -n 50 {shlex.quote(clean(path, 200))}"
        emit_not_observed(ctx, subject, "needs root", enable, at=at)
    failures = [*parse_failures(result.out)]
    if not failures and symptom is not None and is_asked:
        failures = [*told_failure(symptom.text)]
    for failure in failures:
        ctx.emit(replace(failure, at=at, took=result.took))
    for authority in parse_authorities(result.out):
        ctx.emit(replace(authority, at=at, took=result.took))
    for own_server in parse_own_servers(result.out):
        ctx.emit(replace(own_server, at=at, took=result.took))
    for alias in parse_aliases(result.out):
        ctx.emit(replace(alias, at=at, took=result.took))
    if not _is_challenge(ctx):
        await _emit_folders(ctx, result, at)
    tools = _tools(relevant, result.out)
    if tools and not is_asked:
        # Imported late: few servers have a certificate that is late.
        from diagnose.probes.inside.renewal_schedule import emit_schedules

        await emit_schedules(ctx, tools)


#: What the path of a tool's files has in it.
_PLACES = {"/letsencrypt/": "certbot", "/.acme.sh/": "acme.sh", "/dehydrated/": "dehydrated"}


def _tools(files: Iterable[CertificateFile], settings: str) -> tuple[str, ...]:
    """Return the tools that keep one of the files. acme.sh installs copies of its own elsewhere."""
    paths = [path for file in files for path in (file.path, file.real) if path]
    tools = (tool for place, tool in _PLACES.items() if any(place in path for path in paths))
    return tuple(tools) or (("acme.sh",) if "/.acme.sh/" in settings else ())


@probe(after=NginxConfig)
async def challenge_settings(ctx: ProbeContext, _: NginxConfig) -> None:
    await _read_settings(ctx)


@probe(after=WebServerConfig)
async def challenge_settings_of_others(ctx: ProbeContext, _: WebServerConfig) -> None:
    await _read_settings(ctx)


async def _read_settings(ctx: ProbeContext) -> None:
    """Read once where renewal tools write challenges, if the target is one: the name may have no
    certificate yet."""
    if _is_challenge(ctx) and ctx.further_requests.begin("the settings of renewal tools"):
        at = ctx.elapsed()
        await _emit_folders(ctx, await ctx.machine.run("sh", "-c", SCRIPT), at)


def _is_challenge(ctx: ProbeContext) -> bool:
    return ctx.target.path.startswith(CHALLENGES)


async def _emit_folders(ctx: ProbeContext, result: CommandResult, at: float) -> None:
    folders = tuple(parse_folders(result.out))
    same_folders = await _same_folders(ctx, folders) if folders else {}
    for folder in folders:
        same_as = same_folders.get(challenge_path(folder.folder), ())
        ctx.emit(replace(folder, at=at, took=result.took, same_as=same_as))


async def _same_folders(
    ctx: ProbeContext, folders: Iterable[ChallengeFolder]
) -> dict[str, tuple[str, ...]]:
    """Return the folders of nginx's configuration that are the same as each of these folders for
    challenges, whatever links and mounts lead there."""
    written = {challenge_path(folder.folder) for folder in folders}
    looked_up = dict.fromkeys(
        path for config in ctx.observed(NginxConfig) for path in answering_folders(config.main)
    )
    paths = (*written, *islice(looked_up, MAX_FOLDERS))
    result = await ctx.machine.run("sh", "-c", IDENTITY_SCRIPT, "sh", *paths)
    lines = result.out.split("\n")
    identities = dict(zip(paths, lines, strict=False)) if len(lines) == len(paths) + 1 else {}
    return {
        path: tuple(
            other_folder
            for other_folder in looked_up
            if identities.get(other_folder) and identities[other_folder] == identities.get(path)
        )
        for path in written
    }


def challenge_path(folder: str) -> str:
    """Return the folder in which a tool with this webroot writes challenges."""
    return posixpath.normpath(f"{folder}{CHALLENGES}")


def answering_folders(main: tuple[Directive, ...]) -> Iterator[str]:
    """Yield the folders in which nginx may look for a challenge, by its `root` and `alias`."""
    for directive in walk(main):
        path = directive.args[0] if directive.args else ""
        if directive.name in {"root", "alias"} and path.startswith("/") and "$" not in path:
            yield posixpath.normpath(path) if directive.name == "alias" else challenge_path(path)


#: Maximum number of folders of nginx's configuration that are compared.
MAX_FOLDERS = 128

#: Maximum number of names for which a challenge's folder is emitted.
MAX_NAMES = 64
_CERTBOT_FOLDER = re.compile(r"^ ([\w.*-]{1,253}) *= *(/[^\n,]*?),? *$", re.MULTILINE)
_DIRECTORY = re.compile(r"^ (?:server *= *|Le_API=')https://([\w.-]{1,253})[/:]", re.MULTILINE)
#: Plugins of certbot for DNS providers, and the hooks of acme.sh; one for several names is a list.
_OVER_DNS = re.compile(r"^ (?:authenticator *= *(?:\S{1,60}:)?dns-|Le_Webroot='dns)", re.MULTILINE)
_OWN_SERVER = re.compile(
    r"^ (http01_port|pre_hook|Le_HTTPPort|Le_PreHook|stops|plugin|folder) *= *'?([^'\n]{1,500})",
    re.MULTILINE,
)
#: Where dehydrated writes by itself.
_WELLKNOWN = "/var/www/dehydrated"
_DEHYDRATED_VALUE = re.compile(
    r"^ (BASEDIR|WELLKNOWN|CHALLENGETYPE)=([^\s;#]{1,500})", re.MULTILINE
)
_ACME_VALUE = re.compile(r"^ Le_(Domain|Alt|Webroot)='([^'\n]*)'", re.MULTILINE)


def parse_folders(text: str) -> Iterator[ChallengeFolder]:
    """Parse the settings in the output of SCRIPT: where challenges are written, for each name."""
    parts = _PART.split(text)
    pairs = (
        (clean(path, 200), name, folder)
        for kind, _, path, body in zip(*(iter(parts[1:]),) * 4, strict=False)
        if kind == "webroot"
        for name, folder in (
            _acme_folders(body) if ".acme.sh/" in path else _CERTBOT_FOLDER.findall(body)
        )
    )
    for path, name, folder in islice(pairs, MAX_NAMES):
        tool = "acme.sh" if ".acme.sh/" in path else "certbot"
        yield ChallengeFolder(
            vantage=Vantage.SERVER,
            equivalent=f"cat {shlex.quote(path)}",
            tool=tool,
            source=path,
            name=clean(name, 253).lower(),
            folder=clean(folder, 500).rstrip("/") or "/",
        )


def parse_aliases(text: str) -> Iterator[ChallengeAlias]:
    """Parse the settings of dehydrated in the output of SCRIPT; none where it proves names by DNS,
    or writes below a folder of a web server like the other tools."""
    parts = zip(*(iter(_PART.split(text)[1:]),) * 4, strict=False)
    for path, body in ((path, body) for kind, _, path, body in parts if kind == "alias"):
        values = {name: value.strip("\"'") for name, value in _DEHYDRATED_VALUE.findall(body)}
        rows = [row.split()[1:] for row in body.split("\n") if row.startswith(" names ")]
        lines = [list(takewhile(lambda word: word != ">", row)) for row in rows if row]
        lines = [line for line in lines if line and not line[0].startswith("#")]
        base = values.get("BASEDIR", posixpath.dirname(path))
        folder = values.get("WELLKNOWN", _WELLKNOWN)
        for variable in ("${BASEDIR}", "$BASEDIR"):
            folder = folder.replace(variable, base)
        is_over_http = values.get("CHALLENGETYPE", "http-01") == "http-01"
        if lines and is_over_http and folder.startswith("/") and "$" not in folder:
            yield ChallengeAlias(
                vantage=Vantage.SERVER,
                equivalent=f"cat {shlex.quote(clean(path, 200))}",
                source=clean(path, 200),
                folder=clean(folder, 500).rstrip("/") or "/",
                names=tuple(clean(name, 253).lower() for line in lines for name in line)[
                    :MAX_NAMES
                ],
            )


def parse_authorities(text: str) -> Iterator[RenewalAuthority]:
    """Parse the settings in the output of SCRIPT: which authority each certificate is from."""
    parts = _PART.split(text)
    pairs = (
        (clean(path, 200), match[1].lower(), _OVER_DNS.search(body) is not None)
        for kind, _, path, body in zip(*(iter(parts[1:]),) * 4, strict=False)
        if kind == "authority" and (match := _DIRECTORY.search(body))
    )
    for path, host, over_dns in islice(pairs, MAX_NAMES):
        name = posixpath.basename(path).removesuffix(".conf")
        yield RenewalAuthority(
            vantage=Vantage.SERVER,
            equivalent=f"cat {shlex.quote(path)}",
            tool="acme.sh" if ".acme.sh/" in path else "certbot",
            source=path,
            name=name.lower(),
            host=host,
            over_dns=over_dns,
        )


def parse_own_servers(text: str) -> Iterator[OwnServerRenewal]:
    """Parse the settings in the output of SCRIPT: which tool answers challenges itself."""
    yield from islice(_lego_servers(text), MAX_NAMES)
    parts = zip(*(iter(_PART.split(text)[1:]),) * 4, strict=False)
    methods = ((path, body) for kind, _, path, body in parts if kind == "method")
    for path, body in islice(methods, MAX_NAMES):
        values = _OWN_SERVER.findall(body)
        named = {name.lower(): value for name, value in values}
        port = named.get("http01_port", named.get("le_httpport", ""))
        own_hook = named.get("pre_hook") or named.get("le_prehook")
        path = clean(path, 200)
        yield OwnServerRenewal(
            vantage=Vantage.SERVER,
            equivalent=f"cat {shlex.quote(path)}",
            tool="acme.sh" if ".acme.sh/" in path else "certbot",
            source=path,
            name=clean(posixpath.basename(path).removesuffix(".conf"), 253).lower(),
            port=int(port) if re.fullmatch(r"[1-9][0-9]{0,4}", port) else 80,
            stopped_by=path if own_hook else clean(named.get("stops", ""), 200),
            plugins=tuple(dict.fromkeys(word for name, word in values if name == "plugin")),
            folder=clean(named.get("folder", ""), 200),
        )


def _lego_servers(text: str) -> Iterator[OwnServerRenewal]:
    """Yield what starts lego with a server of its own, by the lines of files that name it."""
    folder = ""
    for kind, _, path, body in zip(*(iter(_PART.split(text)[1:]),) * 4, strict=False):
        folder = clean(path, 200) if kind == "folder" else folder
        if kind != "lego":
            continue
        # Imported late: few servers have lego.
        from diagnose.parsers.linux.lego_commands import lego_command

        stops = re.search(r"^ stops = ", body, re.MULTILINE) is not None
        for command in filter(None, map(lego_command, body.split("\n"))):
            yield OwnServerRenewal(
                vantage=Vantage.SERVER,
                equivalent=f"cat {shlex.quote(clean(path, 200))}",
                tool="lego",
                source=clean(path, 200),
                name=clean(command.name, 253),
                port=command.port,
                stopped_by=clean(path, 200) if stops else "",
                folder=folder,
                command=clean(shlex.join(command.words), 2000),
            )


def _acme_folders(body: str) -> Iterator[tuple[str, str]]:
    """Yield the names of acme.sh's settings; several folders are one for each name."""
    values = dict(_ACME_VALUE.findall(body))
    alternatives = values.get("Alt", "no").split(",")
    names = [values.get("Domain", ""), *(name for name in alternatives if name != "no")]
    folders = values.get("Webroot", "").split(",")
    for index, name in enumerate(names):
        folder = folders[index] if index < len(folders) and folders[index] else folders[0]
        if name and folder.startswith("/"):
            yield name, folder


def parse_failures(text: str) -> Iterator[RenewalFailure]:
    """Parse the output of SCRIPT. A tool's log is preferred, because it names the certificates."""
    parts = _PART.split(text)
    units: dict[str, RenewalFailure] = {}
    logged_tools: set[str] = set()
    for kind, when, name, body in zip(*(iter(parts[1:]),) * 4, strict=False):
        lines = "\n".join(line.removeprefix(" ") for line in body.splitlines())
        if kind == "unit":
            tool = _tool(name)
            run = (
                log_parser.certbot(lines) if tool == "certbot" else None
            ) or log_parser.last_journal_line(lines)
            source = f"journalctl -u {clean(name, 100)}"
            units.setdefault(tool, _failure(tool, source, when, run, clean(name, 100)))
        elif kind in {"certbot", "acme.sh"}:
            log_run = log_parser.certbot(lines) if kind == "certbot" else log_parser.acme_sh(lines)
            if log_run:
                logged_tools.add(kind)
                unit = units[kind].unit if kind in units else ""
                yield _failure(kind, clean(name, 200), when, log_run, unit)
    yield from (failure for tool, failure in units.items() if tool not in logged_tools)


def told_failure(text: str) -> Iterator[RenewalFailure]:
    """Yield the failed run of certbot that somebody pasted: the end of its log, as it prints it."""
    run = log_parser.certbot(text)
    if run is not None:
        yield _failure("certbot", "/var/log/letsencrypt/letsencrypt.log", "0", run, "")


def _tool(unit: str) -> str:
    """Return the renewal tool of a systemd unit.

    Units are certbot.service, snap.certbot.renew.service, acme-shop.example.com.service or
    lego.service.
    """
    names = (("certbot", "certbot"), ("lego", "lego"), ("dehydrated", "dehydrated"))
    return next((tool for keyword, tool in names if keyword in unit), "acme.sh")


def _failure(
    tool: str, source: str, when: str, run: log_parser.FailedRenewal, unit: str
) -> RenewalFailure:
    tail = source if source.startswith("journalctl") else f"tail -n 50 {shlex.quote(source)}"
    return RenewalFailure(
        vantage=Vantage.SERVER,
        equivalent=tail,
        tool=tool,
        source=source,
        unit=unit,
        names=run.names,
        message=run.message,
        status=log_parser.challenge_status(run.message),
        when=float(when) if when != "0" else None,
    )
