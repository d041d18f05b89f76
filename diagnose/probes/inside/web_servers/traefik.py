"""Reads Traefik: its process, its static configuration (file, command line), and its routers from
its API where that is on without a password, or from the files of its file provider and the labels
of containers.

The API is asked on the server's own loopback address, with GET only. Traefik has no command that
tests a configuration; it reads dynamic files again by itself.
"""

import asyncio
import re
import shlex
from collections.abc import Sequence
from dataclasses import replace

from diagnose.machine import FileContent
from diagnose.model import Vantage
from diagnose.model.frozen import frozen
from diagnose.model.tls import Handshake
from diagnose.model.traefik import (
    DEFAULT_CERTIFICATE,
    CertificateStore,
    EntryPoint,
    RefusedFile,
    Router,
    TraefikState,
)
from diagnose.model.web_servers import (
    ServerFile,
    SiteSocket,
    WebServer,
    WebServerConfig,
    WebServerTest,
)
from diagnose.parsers.sanitize import clean
from diagnose.parsers.server_request import requests_of
from diagnose.probes import ProbeContext, emit_not_observed
from diagnose.probes.inside.unanswered import emit_unanswered
from diagnose.probes.inside.web_servers.processes import Candidate
from diagnose.probes.inside.web_servers.readers import (
    Reader,
    command_name,
    emit_unreadable,
    identified_state,
    unit_command,
)

#: Where Traefik looks for its static file by itself ("Configuration Introduction"); last in its own
#: folder, which is / in its image.
DEFAULTS = tuple(f"/etc/traefik/traefik.{ending}" for ending in ("toml", "yaml", "yml"))
_IN_FOLDER = tuple(f"/traefik.{ending}" for ending in ("toml", "yaml", "yml"))

#: Maximum number of bytes of a file, and of files.
MAX_BYTES, MAX_FILES = 300_000, 100

#: The port of the API with `api.insecure`.
API_PORT = 8080

#: Prints the variables of a process that Traefik reads, but for those of plugins and accounts.
_VARIABLES = (
    "tr '\\0\\n' '\\n ' <\"/proc/$1/environ\" | grep -E '^TRAEFIK_"
    "(ENTRYPOINTS|PROVIDERS|API|CORE|SERVERSTRANSPORT|CERTIFICATESRESOLVERS)(_|=)'"
    " | grep -vE '^[^=]*_(EAB|EMAIL|TOKEN|PASSWORD|USERNAME|SECRET)'"
)

_VERSION = re.compile(r"^Version:\s+(\S{1,40})", re.MULTILINE)


@frozen
class _Static:
    """The static configuration: the file, its content, and the options of the command line or of
    the environment. `ignored` are those that Traefik does not read beside the file."""

    file: FileContent | None
    document: object
    flags: dict[str, str]
    ignored: dict[str, str]


class TraefikReader:
    """The reader of Traefik."""

    async def describe(self, ctx: ProbeContext, candidate: Candidate) -> WebServer | None:
        from diagnose.parsers.traefik.configuration import flags_of

        at = ctx.elapsed()
        state = await identified_state(ctx, "traefik", candidate, "version", _parse_version)
        if state is None:
            return None
        process, unit = candidate.process, state.unit
        flags = flags_of(process.title) if process else {}
        return replace(
            state,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=f"{command_name(candidate.binary)} version",
            config=clean(flags.get("configfile", ""), 300),
            loaded=process.started if process else None,
            # It reads dynamic files again by itself, and the static one at its start only.
            reload=(),
            start=unit_command("start", unit, ()),
            stop=unit_command("stop", unit, ()),
            arguments=process.title if process else "",
        )

    async def run_test(self, ctx: ProbeContext, server: WebServer) -> WebServerTest | None:
        return None

    async def read_config(self, ctx: ProbeContext, server: WebServer) -> WebServerConfig | None:
        # Imported late: few servers have it, and it loads PyYAML.
        from diagnose.parsers.traefik import certificate_files as certificates
        from diagnose.parsers.traefik import configuration as parsers

        at = ctx.elapsed()
        static = await _read_static(ctx, server)
        if static is None:
            return None
        points = parsers.entry_points(static.document, static.flags)
        files = await _read_dynamic(ctx, static)
        running = await _ask_api(ctx, server, points)
        decoded = {
            file.path: (file.text, parsers.decode(file.path, file.text))
            for file in files
            if not file.failure
        }
        documents = [document for _, document in decoded.values()]
        merged = running or {**parsers.merged(documents)}
        parts, providers = await _with_labels(ctx, static, merged, running is not None)
        request = next(iter(requests_of(ctx.target, ctx.options.request.method)))
        unread = providers | ({"file"} if None in documents or _failed(files) else set())
        reading = parsers.Reading(frozenset(unread), _rule_version(server.version, static))
        routers = await asyncio.to_thread(parsers.routers_of, parts, points, request, reading)
        state = TraefikState(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=_equivalent(static, running is not None),
            path=static.file.path if static.file else "",
            points=points,
            routers=routers,
            resolvers=parsers.resolvers(static.document, static.flags),
            is_running=running is not None,
            complete=running is not None or not providers,
            refused=_refused(files, routers if running is not None else ()),
            stores=await _stores(ctx, static),
            ignored=_ignored_addresses(static),
        )
        ctx.emit(state)
        if not state.complete:
            subject = f"Traefik's routers of {', '.join(sorted(providers))}"
            emit_not_observed(
                ctx, subject, "its API is off", "curl http://localhost:8080/api/rawdata"
            )
        is_watched = parsers.is_watched(static.document, static.flags)
        texts = {file.path: file.text for file in files} if is_watched else {}
        verifies = parsers.verifies_applications(static.document, static.flags)
        sites = parsers.sites_of(parts, points, routers, texts, verifies)
        named_files = certificates.certificate_files(decoded, is_watched)
        config = _config(state, static, files, ctx.elapsed() - at)
        return replace(config, sites=certificates.with_certificates(sites, routers, named_files))


READER: Reader = TraefikReader()


def _config(
    state: TraefikState, static: _Static, files: Sequence[FileContent], took: float
) -> WebServerConfig:
    """Return the configuration without its sites."""
    return WebServerConfig(
        vantage=Vantage.SERVER,
        at=state.at,
        took=took,
        equivalent=state.equivalent,
        product="traefik",
        path=state.path,
        listens=tuple(SiteSocket(point.port) for point in state.points),
        complete=state.complete,
        files=tuple(
            ServerFile(text.path, text.text, text.changed, text.real)
            for text in (static.file, *files)
            if text is not None and text.failure is None
        ),
    )


async def _read_static(ctx: ProbeContext, server: WebServer) -> _Static | None:
    """Read the static configuration; None if it cannot be read."""
    from diagnose.machine.container import ContainerMachine
    from diagnose.parsers.traefik.configuration import decode, entry_points, flags_of

    flags = flags_of(server.arguments)
    usual = DEFAULTS + _IN_FOLDER * isinstance(ctx.machine, ContainerMachine)
    paths = (server.config,) if server.config.startswith("/") else usual
    files = await asyncio.gather(*(ctx.machine.read(path, MAX_BYTES) for path in paths))
    emit_unreadable(ctx, files)
    file = next((file for file in files if file.failure is None), None)
    # Traefik takes one source: the file, the command line or else the environment.
    if file is None and not flags:
        flags = await _variables(ctx, server)
    if file is None and not any(flag.startswith("entrypoints.") for flag in flags):
        command = f"sudo cat {shlex.quote(paths[-1])}"
        emit_not_observed(ctx, "Traefik's configuration", "it could not be read", command)
        return None
    document = await asyncio.to_thread(decode, file.path, file.text) if file else None
    if file and document is None:
        emit_not_observed(ctx, file.path, "it was not understood", f"cat {shlex.quote(file.path)}")
    if file is None:
        return _Static(file, document, flags, {})
    if not any(point.port == ctx.target.port for point in entry_points(document, {})):
        flags = {**await _variables(ctx, server), **flags}
    return _Static(file, document, {}, flags)


def _ignored_addresses(static: _Static) -> tuple[str, ...]:
    """Return the addresses of entry points among the options that Traefik does not read."""
    return tuple(
        f"{clean(name, 140)}={clean(value, 100)}"
        for name, value in list(static.ignored.items())[:100]
        if re.fullmatch(r"entrypoints\.[\w-]{1,100}\.address", name)
    )


async def _variables(ctx: ProbeContext, server: WebServer) -> dict[str, str]:
    """Return the options that Traefik has from its environment."""
    from diagnose.parsers.traefik.configuration import flags_of_variables

    if server.pid is None:
        return {}
    result = await ctx.machine.run("sh", "-c", _VARIABLES, "sh", str(server.pid))
    return flags_of_variables(result.out)


async def _read_dynamic(ctx: ProbeContext, static: _Static) -> tuple[FileContent, ...]:
    from diagnose.parsers.traefik.configuration import include_patterns

    patterns = include_patterns(static.document, static.flags)
    groups = await asyncio.gather(
        *(ctx.machine.read_all(pattern, MAX_BYTES) for pattern in patterns)
    )
    files = tuple(file for group in groups for file in group)[:MAX_FILES]
    emit_unreadable(ctx, files)
    return files


async def _ask_api(
    ctx: ProbeContext, server: WebServer, points: tuple[EntryPoint, ...]
) -> dict[str, object] | None:
    """Return the routers and services with which it runs; None if the API is not open here."""
    from diagnose.parsers.traefik.configuration import decode_api

    own = [point.port for point in points if point.name == "traefik"]
    port = own[0] if own else API_PORT
    if port not in server.ports:
        return None
    url = f"http://127.0.0.1:{port}/api/rawdata"
    result = await ctx.machine.run("curl", "-sf", "--noproxy", "*", "-m", "4", url)
    if result.status is None:
        emit_unanswered(ctx, "Traefik's API", result, f"curl {url}")
    document = await asyncio.to_thread(decode_api, result.out) if result.status == 0 else None
    return document if isinstance(document, dict) and "routers" in document else None


async def _with_labels(
    ctx: ProbeContext, static: _Static, parts: dict[str, object], is_running: bool
) -> tuple[dict[str, object], set[str]]:
    """Return the routers and services with those of the containers' labels, and the providers
    beside the files that were not read."""
    providers = set(_providers(static)) - {"file"}
    labelled = await _labelled(ctx, static) if "docker" in providers else None
    if labelled is None:
        return parts, providers
    from diagnose.parsers.traefik.labels import with_labels

    return with_labels(parts, labelled, is_running), providers - {"docker"}


async def _labelled(ctx: ProbeContext, static: _Static) -> dict[str, dict[str, object]] | None:
    """Return the routers and services of the containers' labels; None if they are not known."""
    from diagnose.machine.container import ContainerMachine
    from diagnose.parsers.traefik.labels import docker_provider, labelled
    from diagnose.probes.inside.containers import read_containers

    provider = docker_provider(static.document, static.flags)
    lists = await read_containers(ctx.machine, "all") if provider else None
    if provider is None or lists is None or "docker" not in lists.engines:
        return None
    name = ctx.machine.name if isinstance(ctx.machine, ContainerMachine) else ""
    own = next(
        (container.id for container in lists.containers if name and container.name == name), ""
    )
    return labelled(lists.containers, lists.namespaces, provider, own)


async def _stores(ctx: ProbeContext, static: _Static) -> tuple[CertificateStore, ...]:
    """Return the files of the resolvers with their permissions, where visitors get Traefik's own
    certificate. They hold keys: they are not read."""
    leaves = (shake.chain[0] for shake in ctx.observed(Handshake) if shake.chain)
    if not any(DEFAULT_CERTIFICATE in leaf.subject for leaf in leaves):
        return ()
    from diagnose.machine.container import ContainerMachine
    from diagnose.parsers.traefik.configuration import storage_paths

    # Programs that run in a container's view see the server's files.
    inner = ctx.machine if isinstance(ctx.machine, ContainerMachine) else None
    root = f"/proc/{inner.pid}/root" if inner else ""
    stores = []
    for resolver, path in storage_paths(static.document, static.flags):
        result = await ctx.machine.run("stat", "-L", "-c", "%a", f"{root}{path}")
        text = result.out.strip()
        mode = int(text, 8) if re.fullmatch(r"[0-7]{1,4}", text) else None
        stores.append(CertificateStore(resolver, path, mode))
    return tuple(stores)


def _providers(static: _Static) -> list[str]:
    """Return the names of the providers that are on."""
    from diagnose.parsers.traefik.configuration import value_of

    document = value_of(static.document, {}, "providers")
    names = [str(name).lower() for name in document] if isinstance(document, dict) else []
    flags = (flag.split(".") for flag in static.flags if flag.startswith("providers."))
    return [clean(name, 40) for name in (*names, *(words[1] for words in flags))]


def _refused(
    files: tuple[FileContent, ...], running: tuple[Router, ...]
) -> tuple[RefusedFile, ...]:
    """Return the files that Traefik does not take, if it runs without routers of files."""
    if any(router.name.endswith("@file") for router in running):
        return ()
    from diagnose.parsers.traefik.file_errors import file_error

    errors = (file_error(file.path, file.text) for file in files if not file.failure)
    return tuple(error for error in errors if error)[:5]


def _failed(files: tuple[FileContent, ...]) -> bool:
    return any(file.failure for file in files)


def _rule_version(version: str, static: _Static) -> int:
    """Return the version whose syntax rules have; 0 if it is not known."""
    from diagnose.parsers.traefik.configuration import value_of

    default = value_of(static.document, static.flags, "core", "defaultRuleSyntax")
    major = str(default).removeprefix("v") if default else version.partition(".")[0]
    return int(major) if major in {"2", "3"} else 0


def _equivalent(static: _Static, is_running: bool) -> str:
    if is_running:
        return "curl http://127.0.0.1:8080/api/rawdata"
    return f"cat {shlex.quote(static.file.path)}" if static.file else "ps -o args= -C traefik"


def _parse_version(text: str) -> str:
    match = _VERSION.search(text)
    return clean(match[1], 40) if match else ""
