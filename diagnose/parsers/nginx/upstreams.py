"""Where nginx forwards requests: the target of proxy_pass and similar directives, its servers, and
whether their names can be resolved. nginx.org: ngx_http_proxy_module, ngx_http_upstream_module.
No I/O.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from diagnose.model import Target
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.forwarding import Application, forwarded_path, visitor_spelling
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.nginx.pcre import pcre_search
from diagnose.parsers.nginx.variables import expand_variables

#: The directives that forward a request, with the protocol that each uses by default.
PASS_PROTOCOLS = {
    "proxy_pass": "http",
    "grpc_pass": "grpc",
    "fastcgi_pass": "fastcgi",
    "uwsgi_pass": "uwsgi",
    "scgi_pass": "scgi",
}

#: Schemes that use TLS.
TLS_SCHEMES = {"https", "grpcs", "suwsgi"}

_PORTS = {"http": 80, "https": 443, "grpc": 80, "grpcs": 443}


@frozen
class Endpoint:
    """One server that may receive a request: a host and a port, or the path of a Unix socket.
    `directive` is the one that names it: the pass directive, or a `server` of an upstream block.
    """

    host: str
    port: int
    socket: str = ""
    backup: bool = False
    directive: Directive | None = None

    def __str__(self) -> str:
        if self.socket:
            return f"unix:{self.socket}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@frozen
class ProxyTarget:
    """The destination of a pass directive. `uri` replaces the location's prefix; None means that
    the path is forwarded unchanged. If `has_variables` is True, nginx resolves the destination for
    each request. `group` is the upstream block that it names."""

    directive: Directive
    scheme: str
    authority: str
    uri: str | None
    endpoints: tuple[Endpoint, ...]
    has_variables: bool = False
    group: Directive | None = None

    @property
    def target(self) -> str:
        return self.directive.args[0]

    @property
    def secure(self) -> bool:
        return self.scheme in TLS_SCHEMES

    @property
    def speaks_http(self) -> bool:
        return self.scheme in {"http", "https"}

    @property
    def host(self) -> str:
        """The name or address in the target, without the port."""
        match = _AUTHORITY.match(self.authority)
        return match[1].strip("[]") if match else ""


_AUTHORITY = lazy_pattern(r"(\[[^\]]+\]|[^:/]+)(?::(\d{1,5}))?$")


def pass_directive_of(location: LocationMatch) -> Directive | None:
    """Return the directive by which a location, or an `if` in it, forwards requests. It is never
    inherited."""
    inner = (location.block, *children(location.block, "if"))
    directives = (
        directive
        for block in inner
        for directive in block.block or ()
        if directive.name in PASS_PROTOCOLS
    )
    return next((directive for directive in directives if directive.args), None)


def intercepts_errors(location: LocationMatch) -> bool:
    """Return whether nginx replaces errors with which an application answers, if it has an
    `error_page` for them (proxy_intercept_errors)."""
    directive = location.directive("proxy_intercept_errors")
    return directive is not None and directive.args[:1] == ("on",)


def request_variables(target: Target) -> Mapping[str, str]:
    """Return the variables of a request for the target that a pass directive may contain."""
    path, _, query = target.path.partition("?")
    return {
        "host": target.host,
        "http_host": target.authority,
        "server_name": target.host,
        "server_port": str(target.port),
        "scheme": "https" if target.uses_tls else "http",
        "request_uri": target.path,
        "uri": path,
        "document_uri": path,
        "args": query,
        "query_string": query,
        "is_args": "?" if query else "",
    }


def route_variables(target: Target, location: LocationMatch, path: str) -> Mapping[str, str]:
    """Return the variables of a request for a path of the target that a location answers, with the
    captures of the location's regular expression ("1")."""
    variables = dict(request_variables(replace(target, path=path) if path else target))
    pattern = location_pattern(location.block) if location.block.name == "location" else None
    if pattern is None or pattern.modifier not in {"~", "~*"}:
        return variables
    bare_path = path.partition("?")[0]
    match = pcre_search(pattern.text, bare_path, pattern.modifier == "~*")
    if match:
        groups = enumerate(match.groups(), 1)
        variables |= {str(number): text or "" for number, text in groups}
        variables |= {name: text or "" for name, text in match.groupdict().items()}
    return variables


def proxy_target_of(location: LocationMatch, variables: Mapping[str, str]) -> ProxyTarget | None:
    """Return the destination of a location; None if it forwards nothing, or if the destination
    depends on unknown variables."""
    directive = pass_directive_of(location)
    text = expand_variables(location, directive.args[0], dict(variables)) if directive else None
    if directive is None or not text:
        return None
    scheme, address = PASS_PROTOCOLS[directive.name], text
    if match := re.match(r"([a-z]+)://(.*)$", text, re.IGNORECASE):
        scheme, address = match[1].lower(), match[2]
    elif directive.name == "proxy_pass":
        return None
    has_variables = "$" in directive.args[0]
    if address.startswith("unix:"):
        path, _, uri = address.removeprefix("unix:").partition(":")
        endpoints: tuple[Endpoint, ...] = (Endpoint("", 0, path, directive=directive),)
        return ProxyTarget(directive, scheme, "localhost", uri or None, endpoints, has_variables)
    authority, slash, uri = (
        re.split(r"([/?#])", address, maxsplit=1) if "/" in address else (address, "", "")
    )
    group = _upstream_group(location.blocks[0], authority)
    if group:
        endpoints = tuple(_group_endpoints(group))
    else:
        endpoints = tuple(_parse_endpoint(authority, _PORTS.get(scheme, 80), directive))
    return (
        ProxyTarget(
            directive, scheme, authority, slash + uri or None, endpoints, has_variables, group
        )
        if endpoints
        else None
    )


def sent_certificate(location: LocationMatch) -> Directive | None:
    """Return the line of the client certificate that nginx sends to the application; None if it
    sends none."""
    directive = location.directive("proxy_ssl_certificate")
    return directive if directive and directive.args and directive.args[0] else None


def _upstream_group(http: Directive, name: str) -> Directive | None:
    upstreams = (upstream for upstream in children(http, "upstream") if upstream.args)
    return next(
        (upstream for upstream in upstreams if upstream.args[0].lower() == name.lower()), None
    )


def _group_endpoints(group: Directive) -> Iterator[Endpoint]:
    for server in children(group, "server"):
        if server.args and "down" not in server.args:
            yield from _parse_endpoint(server.args[0], 80, server, "backup" in server.args)


def _parse_endpoint(
    text: str, port: int, directive: Directive, backup: bool = False
) -> Iterator[Endpoint]:
    if text.startswith("unix:"):
        yield Endpoint("", 0, text.removeprefix("unix:"), backup, directive)
    elif match := _AUTHORITY.match(text):
        yield Endpoint(match[1].strip("[]"), int(match[2] or port), "", backup, directive)


def requested_path(location: LocationMatch, proxy_target: ProxyTarget, path: str) -> str:
    """Return the path that nginx requests from the application. If the target has variables, its
    own URI is the whole path. After a `rewrite … break` the target's URI is ignored."""
    own_path = rewritten_path(location, path)
    if proxy_target.has_variables:
        return proxy_target.uri or own_path or path
    if own_path:
        return own_path
    return forwarded_path(location, _application(proxy_target), path)


def spelled_path(location: LocationMatch, proxy_target: ProxyTarget, path: str) -> str:
    """Return the same path with the encoding of its characters that the visitor chose."""
    if proxy_target.has_variables or rewritten_path(location, path):
        return requested_path(location, proxy_target, path)
    return visitor_spelling(location, _application(proxy_target), path)


def _application(proxy_target: ProxyTarget) -> Application:
    return Application(proxy_target.scheme, proxy_target.authority, proxy_target.uri, ())


def rewritten_path(location: LocationMatch, path: str) -> str:
    """Return the path after the location's own `rewrite … break` (ngx_http_rewrite_module), "" if
    none applies or the result is not known."""
    blocks = (location.block, *children(location.block, "if"))
    if not any(children(block, "rewrite") for block in blocks):
        return ""
    # Imported late: few locations rewrite.
    from diagnose.parsers.nginx.rewrites import rewritten

    bare, mark, query = path.partition("?")
    rules = rewritten(location, bare)
    if "%" in bare or not rules.path or rules.searches or not rules.is_known:
        return ""
    return f"{rules.path}{mark}{query}" if rules.keeps_query else rules.path


def bare_path(location: LocationMatch, path: str) -> str:
    """Return a path without the beginning by which its location was chosen; "" if it was not
    chosen by a beginning, or if nothing would be left out."""
    pattern = location_pattern(location.block) if location.block.name == "location" else None
    prefix = pattern.text.rstrip("/") if pattern and pattern.modifier in {"", "^~", "="} else ""
    remainder = path.removeprefix(prefix)
    is_below = bool(prefix) and path.startswith(prefix) and remainder[:1] in {"", "/", "?"}
    return (remainder if remainder.startswith("/") else f"/{remainder}") if is_below else ""


# Name resolution


def unresolved_name(
    main: tuple[Directive, ...], location: LocationMatch, proxy_target: ProxyTarget
) -> str:
    """Return the name that nginx must resolve for each request without having a resolver, or ""."""
    has_resolver = location.directive("resolver") is not None
    return "" if has_resolver else name_per_request(main, proxy_target)


def name_per_request(main: tuple[Directive, ...], proxy_target: ProxyTarget) -> str:
    """Return the name that nginx must resolve for each request, or "".

    A target with variables is looked up for each request: first among the upstream blocks, then
    among the names that nginx resolved at start for pass directives without variables (nginx
    source, ngx_http_upstream_init_request)."""
    if (
        not proxy_target.has_variables
        or proxy_target.group
        or not proxy_target.endpoints
        or proxy_target.endpoints[0].socket
    ):
        return ""
    endpoint = proxy_target.endpoints[0]
    resolved = {(host.lower(), port) for host, port in _resolved_at_start(main)}
    if is_address(endpoint.host) or (endpoint.host.lower(), endpoint.port) in resolved:
        return ""
    return endpoint.host


@frozen
class Resolver:
    """The `resolver` of a location: its directive, the servers as written, and the record types
    that nginx asks for (`ipv4=off`, `ipv6=off`; ngx_http_core_module)."""

    directive: Directive
    servers: tuple[str, ...]
    rdtypes: tuple[str, ...]

    @property
    def sockets(self) -> tuple[tuple[str, int], ...]:
        """The servers that are written as addresses, each with its port."""
        pairs = (split_host_port(server, 53) for server in self.servers)
        return tuple((host, port) for host, port in pairs if is_address(host))


def resolver_of(location: LocationMatch) -> Resolver | None:
    """Return the resolver that applies at a location, or None."""
    directive = location.directive("resolver")
    if directive is None:
        return None
    options = [argument for argument in directive.args if "=" in argument]
    return Resolver(
        directive,
        tuple(argument for argument in directive.args if "=" not in argument),
        tuple(
            rdtype
            for rdtype, off in (("A", "ipv4=off"), ("AAAA", "ipv6=off"))
            if off not in options
        ),
    )


def split_host_port(text: str, default: int) -> tuple[str, int]:
    """Split "host:port", "[address]:port" or a bare host."""
    host, _, port = text.rpartition(":")
    if not host or text.endswith("]") or not port.isdecimal() or len(port) > 5:
        return text.strip("[]"), default
    return host.strip("[]"), int(port)


def _resolved_at_start(main: tuple[Directive, ...]) -> Iterator[tuple[str, int]]:
    for directive in walk(main):
        if directive.name in PASS_PROTOCOLS and directive.args and "$" not in directive.args[0]:
            scheme, separator, address = directive.args[0].rpartition("://")
            port = _PORTS.get(scheme.lower() if separator else PASS_PROTOCOLS[directive.name], 80)
            for endpoint in _parse_endpoint(address.partition("/")[0], port, directive):
                yield endpoint.host, endpoint.port


def re_resolves(proxy_target: ProxyTarget, endpoint: Endpoint) -> bool:
    """Return whether nginx resolves the name again while it runs: for a target with variables, or
    a server with `resolve` (since 1.27.3)."""
    has_resolve = endpoint.directive is not None and "resolve" in endpoint.directive.args
    return has_resolve or (proxy_target.has_variables and not proxy_target.group)


def tls_server_name(
    location: LocationMatch, proxy_target: ProxyTarget, variables: Mapping[str, str]
) -> str:
    """Return the name that nginx sends in its TLS handshake with the application (RFC 6066 section
    3); "" unless proxy_ssl_server_name is on."""
    prefix = "grpc" if proxy_target.directive.name == "grpc_pass" else "proxy"
    switch = location.directive(f"{prefix}_ssl_server_name")
    if switch is None or switch.args[:1] != ("on",):
        return ""
    ssl_name = location.directive(f"{prefix}_ssl_name")
    name_variables = {**variables, "proxy_host": proxy_target.authority}
    name = (
        expand_variables(location, ssl_name.args[0], name_variables)
        if ssl_name and ssl_name.args
        else proxy_target.host
    )
    name = (name or "").rpartition(":")[0] if (name or "").count(":") == 1 else name or ""
    return "" if is_address(name) else name
