"""Traefik's configuration: its static part (files, command line), and routers and services of its
files or of its API ("/api/rawdata"). No I/O.

The YAML and TOML of Traefik have the same keys as the answers of its API. YAML is read by PyYAML's
safe loader, bounded in length.
"""

import posixpath
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import yaml

from diagnose.model.frozen import frozen
from diagnose.model.traefik import LIST_MARK, EntryPoint, Refuser, Router, RouterStatus
from diagnose.model.web_servers import SiteRoute, SiteSocket, Verification, WebSite
from diagnose.parsers.caddy.document import at, dictionaries, dictionary, text_of, texts
from diagnose.parsers.sanitize import clean
from diagnose.parsers.server_request import ServerRequest
from diagnose.parsers.traefik.passing import keeps_host, passing_of, router_of
from diagnose.parsers.traefik.rules import rule_holds, rule_names

#: Maximum number of characters of a file, and of routers.
MAX_LENGTH, MAX_ROUTERS = 300_000, 300


@frozen
class Reading:
    """How files and labels are read: the providers that are on and were not read, and the version
    of Traefik ("3"), on which the syntax of rules depends; 0 if it is not known."""

    unread: frozenset[str] = frozenset()
    version: int = 0


_URL = re.compile(r"(https?|h2c)://(\[[0-9A-Fa-f:.]+\]|[^/:]+)(?::(\d{1,5}))?(/.*)?")
_FLAG = re.compile(r"--?([A-Za-z][\w.\[\]-]{0,200})(?:=(.*))?")


def decode(path: str, text: str) -> object:
    """Return the content of a file; None if it is not understood."""
    if len(text) > MAX_LENGTH:
        return None
    try:
        if path.endswith(".toml"):
            return tomllib.loads(text)
        return yaml.load(text, yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader)
    except (yaml.YAMLError, tomllib.TOMLDecodeError, RecursionError, ValueError):
        return None


def decode_api(text: str) -> object:
    """Return the answer of the API; None if it is no JSON."""
    try:
        return msgspec.json.decode(text) if len(text) <= 4 << 20 else None
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None


def flags_of(title: str) -> dict[str, str]:
    """Return the options of a command line, with names in lower case."""
    matches = (_FLAG.fullmatch(word) for word in title.split()[1:200])
    return {match[1].lower(): match[2] or "true" for match in matches if match}


def flags_of_variables(text: str) -> dict[str, str]:
    """Return the options that variables of the environment stand for, from lines
    "TRAEFIK_ENTRYPOINTS_WEB_ADDRESS=:80" ("Static Configuration: Environment Variables")."""
    pairs = (line.partition("=")[::2] for line in text.splitlines()[:200])
    named = ((name.upper().removeprefix("TRAEFIK_"), clean(value, 300)) for name, value in pairs)
    return {name.lower().replace("_", "."): value or "true" for name, value in named}


def value_of(document: object, flags: Mapping[str, str], *keys: str) -> object:
    """Return a setting of the static configuration: of the command line, or of the file."""
    flag = flags.get(".".join(keys).lower())
    return flag if flag is not None else _at(document, keys)


def _at(document: object, keys: Sequence[str]) -> object:
    """Return the value behind keys, which are compared without case."""
    value = document
    for key in keys:
        items = dictionary(value).items()
        value = next((entry for name, entry in items if name.lower() == key.lower()), None)
    return value


def entry_points(document: object, flags: Mapping[str, str]) -> tuple[EntryPoint, ...]:
    """Return the entry points with the port of each. "traefik" on 8080 is that of the API, if it is
    insecure."""
    names = [str(name) for name in dictionary(_at(document, ["entryPoints"]))]
    names += [flag.split(".")[1] for flag in flags if flag.startswith("entrypoints.")]
    points = [_entry_point(name, document, flags) for name in list(dict.fromkeys(names))[:100]]
    return tuple(point for point in points if point.port)


def _entry_point(name: str, document: object, flags: Mapping[str, str]) -> EntryPoint:
    def value(*keys: str) -> object:
        return value_of(document, flags, "entryPoints", name, *keys)

    address = text_of(value("address"))
    port = address.partition("/")[0].rpartition(":")[2]
    has_tls = value("http", "tls") is not None or any(
        flag.startswith(f"entrypoints.{name.lower()}.http.tls") for flag in flags
    )
    target = value("http", "redirections", "entryPoint", "to")
    return EntryPoint(
        clean(name, 100),
        int(port) if port.isascii() and port.isdigit() and int(port) < 65536 else 0,
        has_tls,
        clean(str(target or ""), 100),
        clean(str(value("http", "tls", "certResolver") or ""), 100),
        value("asDefault") in {True, "true"},
    )


def resolvers(document: object, flags: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the certificate resolvers."""
    names = [str(name) for name in dictionary(_at(document, ["certificatesResolvers"]))]
    names += [flag.split(".")[1] for flag in flags if flag.startswith("certificatesresolvers.")]
    return tuple(dict.fromkeys(clean(name, 100) for name in names))[:50]


def storage_paths(document: object, flags: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the names of the certificate resolvers and the absolute paths of their files
    ("certificatesResolvers.NAME.acme.storage")."""
    paths = (
        (name, text_of(value_of(document, flags, "certificatesResolvers", name, "acme", "storage")))
        for name in resolvers(document, flags)
    )
    return tuple((name, clean(path, 300)) for name, path in paths if path.startswith("/"))[:10]


def merged(documents: Sequence[object]) -> dict[str, dict[str, object]]:
    """Return the routers, services and middlewares of the files of the file provider."""
    parts: dict[str, dict[str, object]] = {"routers": {}, "services": {}, "middlewares": {}}
    for document in documents:
        for kind, members in parts.items():
            members |= dictionary(_at(document, ["http", kind]))
    return parts


def routers_of(
    parts: Mapping[str, object],
    points: Sequence[EntryPoint],
    request: ServerRequest,
    reading: Reading | None = None,
) -> tuple[Router, ...]:
    """Return the routers, each with what its rule says of the request."""
    router_sections = dictionary(parts.get("routers"))
    routers = (
        _router(str(name), dictionary(value), parts, points, request, reading or Reading())
        for name, value in list(router_sections.items())[:MAX_ROUTERS]
        if not str(name).endswith("@internal")
    )
    return tuple(routers)


def _router(
    name: str,
    value: dict[str, object],
    parts: Mapping[str, object],
    points: Sequence[EntryPoint],
    request: ServerRequest,
    reading: Reading,
) -> Router:
    rule = text_of(value.get("rule"))
    version = 2 if value.get("ruleSyntax") == "v2" else reading.version
    chosen = [point for point in points if point.is_default]
    # Without any, all entry points except that of the API.
    usual = [point.name for point in chosen or points if point.name != "traefik"]
    errors = [clean(text, 300) for text in texts(value.get("error"))]
    # What runs says its errors itself.
    if not errors and "status" not in value:
        errors = [*_rule_errors(rule, version), *_missing(name, value, parts, reading)]
    is_disabled = value.get("status") == "disabled" or bool(errors or value.get("filtered"))
    status: RouterStatus = "disabled" if is_disabled else "enabled"
    names = rule_names(_corrected_rule(rule, version))
    return Router(
        clean(name, 200),
        tuple(clean(text, 100) for text in texts(value.get("entryPoints"))) or tuple(usual),
        clean(rule, 1000),
        value.get("tls") is not None,
        clean(text_of(at(value, "tls", "certResolver")), 100),
        clean(text_of(value.get("service")), 200),
        status,
        tuple(errors[:5]),
        rule_holds(rule, request, version),
        request.host.lower() in names,
        value.get("filtered") or "",  # type: ignore[arg-type]
        clean(text_of(value.get("container")), 128),
        tuple(clean(text, 128) for text in texts(value.get("networks"))),
        clean(text_of(value.get("network")), 128),
        _refusers(value, parts, name),
        _priority(value.get("priority"), rule),
    )


def _priority(value: object, rule: str) -> int:
    """Return the priority of a router: 0 is the same as none ("Routers", "Priority")."""
    text = str(value)
    # Traefik's own go up to the largest number of 64 bits.
    written = int(text) if re.fullmatch(r"-?[0-9]{1,19}", text) else 0
    return written or len(rule)


def _refusers(
    value: dict[str, object], parts: Mapping[str, object], name: str
) -> tuple[Refuser, ...]:
    if not value.get("middlewares"):
        return ()
    from diagnose.parsers.traefik.refusers import refusers_of

    return refusers_of(value, dictionary(parts.get("middlewares")), name.partition("@")[2])


def _corrected_rule(rule: str, version: int) -> str:
    """Return a rule as it was meant, which has its names where Traefik does not take it."""
    from diagnose.parsers.traefik.rule_errors import corrected_rule

    return corrected_rule(rule, version) or rule


def _rule_errors(rule: str, version: int) -> Iterator[str]:
    from diagnose.parsers.traefik.rule_errors import rule_error

    error = rule_error(rule, version) if version else ""
    if error:
        yield f"error while parsing rule {clean(rule, 200)}: {error}"


#: As Traefik says it in its API and its log.
_WORDS = {"services": "the service", "middlewares": "middleware"}


def _missing(
    router: str, value: dict[str, object], parts: Mapping[str, object], reading: Reading
) -> Iterator[str]:
    """Return what a router names and no provider has. A name without "@" is of the provider of the
    router."""
    own = router.partition("@")[2] or "file"
    references = [("middlewares", text) for text in texts(value.get("middlewares"))]
    references += [("services", _service_name(value.get("service")))]
    for kind, full in references:
        name, _, provider = full.partition("@")
        provider = provider or own
        known = dictionary(parts.get(kind))
        if not name or provider in reading.unread or provider == "internal":
            continue
        is_bare = provider == "file" and name in known
        if not is_bare and f"{name}@{provider}" not in known:
            named = clean(full if "@" in full else f"{full}@{own}", 200)
            yield f'{_WORDS[kind]} "{named}" does not exist'


def _service_name(value: object) -> str:
    """Return the name of a service as Traefik reads it: a list is a name with its own marks."""
    return (
        "".join((LIST_MARK, "║".join(texts(value)))) if isinstance(value, list) else text_of(value)
    )


def sites_of(
    parts: Mapping[str, object],
    points: Sequence[EntryPoint],
    routers: Sequence[Router],
    files: Mapping[str, str] | None = None,
    verifies: bool = False,
) -> tuple[WebSite, ...]:
    """Return the enabled routers as sites on their entry points. `files` are those that Traefik
    reads again by itself, and `verifies` whether it verifies certificates of applications unless a
    service says otherwise."""
    ports = {point.name: point for point in points}
    return tuple(
        WebSite(
            names=rule_names(router.rule) or ("*",),
            sockets=tuple(
                SiteSocket(ports[name].port, tls=router.tls or ports[name].tls)
                for name in router.entry_points
                if name in ports
            ),
            routes=_routes(router, parts, files or {}, verifies),
        )
        for router in routers
        if router.status == "enabled" and router.takes is True
    )


def _routes(
    router: Router, parts: Mapping[str, object], files: Mapping[str, str], verifies: bool
) -> tuple[SiteRoute, ...]:
    """Return the route to the first server of the router's service."""
    services, middlewares = (dictionary(parts.get(key)) for key in ("services", "middlewares"))
    provider = router.name.partition("@")[2]
    service = services.get(router.service) or services.get(f"{router.service}@{provider}")
    servers = dictionaries(at(service, "loadBalancer", "servers"))
    match = _URL.fullmatch(text_of(servers[0].get("url"))) if servers else None
    if match is None:
        return ()
    scheme = "http" if match[1] == "h2c" else match[1]
    port = int(match[3]) if match[3] else (443 if scheme == "https" else 80)
    host = clean(match[2].strip("[]"), 255)
    file, line = _place(match[0], files) if provider in {"", "file"} else ("", 0)
    own_transport = at(service, "loadBalancer", "serversTransport")
    verify: Verification = "all" if verifies and scheme == "https" and not own_transport else ""
    port = port if port < 65536 else 0
    target = clean(match[0], 500)
    passing = passing_of(router.rule, router_of(parts, router.name), middlewares, provider)
    return (
        SiteRoute(
            passing.path, target, scheme, host, port, backend_path=passing.inner,
            fixed_path=passing.fixed, file=file, line=line, verify=verify,
            keeps_host=keeps_host(service),
        ),
    )  # fmt: skip


def _place(url: str, files: Mapping[str, str]) -> tuple[str, int]:
    """Return the file and the line in which a server's URL is written; ("", 0) unless it is one."""
    written = re.compile(rf"\burl[\"']?\s*[:=]\s*[\"']?{re.escape(url)}(?![\w./:-])")
    places = [
        (path, number)
        for path, text in files.items()
        for number, row in enumerate(text.split("\n"), 1)
        if written.search(row[:2000])
    ]
    return places[0] if len(places) == 1 else ("", 0)


def verifies_applications(document: object, flags: Mapping[str, str]) -> bool:
    """Return whether the certificates of applications are verified by the system's roots: the
    static configuration has no `serversTransport` of its own."""
    is_own = any(flag.startswith("serverstransport.") for flag in flags)
    return not is_own and not _at(document, ["serversTransport"])


def is_watched(document: object, flags: Mapping[str, str]) -> bool:
    """Return whether Traefik reads the files of its file provider again by itself."""
    value = value_of(document, flags, "providers", "file", "watch")
    return str(value).lower() != "false"


def include_patterns(document: object, flags: Mapping[str, str]) -> tuple[str, ...]:
    """Return the files and folders of the file provider, as patterns."""
    file = value_of(document, flags, "providers", "file", "filename")
    folder = value_of(document, flags, "providers", "file", "directory")
    paths = [file] if isinstance(file, str) else []
    if isinstance(folder, str):
        paths += [posixpath.join(folder, f"*.{ending}") for ending in ("yml", "yaml", "toml")]
    return tuple(path for path in paths if path.startswith("/"))
