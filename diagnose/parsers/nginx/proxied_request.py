"""The whole request that nginx sends to an application for a visitor's GET, and the requests that
differ from it in one part. No I/O.

https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header, and nginx's source:
ngx_http_proxy_headers in ngx_http_proxy_module.c.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from diagnose.model import Target
from diagnose.model.frozen import frozen
from diagnose.model.requests import RequestChange, RequestPart
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx import proxy_headers, upstreams
from diagnose.parsers.nginx.forwarding import connection_options, is_respelling
from diagnose.parsers.nginx.locations import (
    LocationMatch,
    leading_text,
    location_pattern,
    proxy_set_header_of,
)
from diagnose.parsers.nginx.upstreams import ProxyTarget
from diagnose.parsers.nginx.variables import expand_variables, map_of

#: Fields that nginx never passes on from a visitor unless a proxy_set_header names them.
_HELD_BACK = {
    "host", "connection", "keep-alive", "transfer-encoding", "te", "expect", "upgrade",
    "content-length",
}  # fmt: skip

#: Fields about the body or the connection's framing. They would make another request of it.
_FRAMING = {"content-length", "transfer-encoding", "te", "expect", "keep-alive"}

#: Fields that tell the application the visitor's address. Applications decide by them who may see
#: a page, and some refuse them from a proxy that they do not trust.
CLIENT_ADDRESS_FIELDS = (
    "x-forwarded-for", "forwarded", "x-real-ip", "x-client-ip", "true-client-ip",
    "cf-connecting-ip", "x-cluster-client-ip",
)  # fmt: skip

#: Fields that the application may refuse, in the order in which they are tried.
_SUSPECTS = ("authorization", *CLIENT_ADDRESS_FIELDS, "x-forwarded-host", "origin")

SCHEME_FIELD = "X-Forwarded-Proto"


@frozen
class ProxiedRequest:
    """A request to an application. `fields` begin with Host and Connection, if these are sent;
    `server_name` is the SNI of the TLS handshake, "" for none."""

    path: str
    version: str
    fields: tuple[tuple[str, str], ...]
    server_name: str = ""

    def field(self, name: str) -> str | None:
        return next((text for key, text in self.fields if key.lower() == name.lower()), None)

    def without(self, name: str) -> "ProxiedRequest":
        fields = tuple(field for field in self.fields if field[0].lower() != name.lower())
        return replace(self, fields=fields)

    def with_field(self, name: str, text: str) -> "ProxiedRequest":
        """Return the request with this field; one that is there keeps its place."""
        if self.field(name) is None:
            return replace(self, fields=(*self.fields, (name, text)))
        fields = ((key, text if key.lower() == name.lower() else old) for key, old in self.fields)
        return replace(self, fields=tuple(fields))

    def lines(self, method: str = "GET") -> tuple[str, ...]:
        """Return the lines of the head, without the empty one at its end."""
        head = f"{method} {self.path} HTTP/{self.version}"
        # RFC 9110 section 8.6: a method that has a body by its meaning says that there is none.
        length = ("Content-Length: 0",) if method == "POST" else ()
        return (head, *(f"{name}: {text}" for name, text in self.fields), *length)


@frozen
class RequestVariant:
    """A request that differs from nginx's in one part; the fields are those of
    `ComparedRequest`."""

    request: ProxiedRequest
    part: RequestPart
    change: RequestChange
    name: str = ""
    original: str = ""
    value: str = ""


def proxied_request(
    location: LocationMatch,
    proxy_target: ProxyTarget,
    target: Target,
    version: str,
    visitor_fields: Mapping[str, str],
) -> ProxiedRequest | None:
    """Return nginx's request for the target's page, or None if its Host cannot be known.

    `version` is "1.0" or "1.1", `visitor_fields` are those of the visitor's request. A field whose
    value depends on unknown variables is left out.
    """
    host = proxy_headers.forwarded_host(location, proxy_target, target)
    if host is None:
        return None
    set_fields = _set_fields(location, proxy_target, target, visitor_fields)
    fields = {"Host": host, "Connection": "close", **set_fields}
    named = {name.lower() for name in fields}
    fields |= {
        name: text for name, text in visitor_fields.items()
        if name.lower() not in named | _HELD_BACK and not is_ignored_name(location, name)
    }  # fmt: skip
    return ProxiedRequest(
        upstreams.requested_path(location, proxy_target, target.path),
        version,
        tuple((name, text) for name, text in fields.items() if text),
        upstreams.tls_server_name(location, proxy_target, upstreams.request_variables(target)),
    )


def has_unknown_value(location: LocationMatch, request: ProxiedRequest, name: str) -> bool:
    """Return whether nginx sends a field of proxy_set_header whose value is not known, so that
    the request lacks it. Of the visitor's own field alone nothing is left where he sends none."""
    directive = proxy_set_header_of(location, name)
    text = directive.args[-1] if directive else ""
    return not request.field(name) and re.search(r"\$(?!\{?http_)", text) is not None


def is_ignored_name(location: LocationMatch, name: str) -> bool:
    """Return whether nginx ignores a visitor's field because of its name (ngx_http_core_module,
    underscores_in_headers, ignore_invalid_headers)."""
    underscores, invalid = (
        (directive.args[:1] if (directive := location.directive(setting)) else ())
        for setting in ("underscores_in_headers", "ignore_invalid_headers")
    )
    if invalid == ("off",):
        return False
    allowed = r"[A-Za-z0-9_-]+" if underscores == ("on",) else r"[A-Za-z0-9-]+"
    return re.fullmatch(allowed, name) is None


def _set_fields(
    location: LocationMatch,
    proxy_target: ProxyTarget,
    target: Target,
    visitor_fields: Mapping[str, str],
) -> dict[str, str]:
    """Return the fields of proxy_set_header; "" for one that is not sent."""
    fields: dict[str, str] = {}
    for directive in location.directives("proxy_set_header"):
        name = directive.args[0] if directive.args else ""
        if len(directive.args) < 2 or name.lower() in _FRAMING | {"host"} or not _is_token(name):
            continue
        variables = _variables(location, directive.args[1], proxy_target, target, visitor_fields)
        text = expand_variables(location, directive.args[1], variables)
        if text is not None and text.isascii() and (not text or text.isprintable()):
            key = next((key for key in fields if key.lower() == name.lower()), name)
            fields["Connection" if key.lower() == "connection" else key] = text
    return fields


def _is_token(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", name) is not None


def _field_names(location: LocationMatch, text: str) -> set[str]:
    """Return the names of the visitor's fields on which a value depends, if only by a `map`."""
    maps = (map_of(location.blocks[0], name) for name in re.findall(r"\$\{?(\w+)", text))
    texts = [text]
    for block in filter(None, maps):
        texts += [block.args[0], *(" ".join(entry.args) for entry in block.block or ())]
    return set(re.findall(r"\$\{?http_(\w+)", " ".join(texts)))


def _variables(
    location: LocationMatch,
    text: str,
    proxy_target: ProxyTarget,
    target: Target,
    visitor_fields: Mapping[str, str],
) -> dict[str, str | None]:
    """Return the variables of a visitor's GET: a field that the visitor does not send is ""
    ($http_upgrade)."""
    lower = {name.lower().replace("-", "_"): value for name, value in visitor_fields.items()}
    names = {*_field_names(location, text), "upgrade", "connection"} - {"host"}
    return {
        **{f"http_{name}": lower.get(name, "") for name in names},
        **upstreams.request_variables(target),
        "proxy_host": proxy_target.authority,
        "proxy_port": proxy_target.authority.rpartition(":")[2],
        "remote_addr": "127.0.0.1",
        "realip_remote_addr": "127.0.0.1",
        "proxy_add_x_forwarded_for": "127.0.0.1",
        "proxy_protocol_addr": "",
        "remote_user": "",
        "request_method": "GET",
        "https": "on" if target.uses_tls else "",
    }


# What may make the difference


def request_variants(
    request: ProxiedRequest,
    location: LocationMatch,
    proxy_target: ProxyTarget,
    target: Target,
    status: int,
    visitor_fields: Mapping[str, str],
) -> list[RequestVariant]:
    """Return the requests that differ from nginx's in one part each, the most promising for this
    status first."""
    variants = [
        *_connection_variants(request),
        *_server_name_variants(request, proxy_target, target),
        *_scheme_variants(request, target),
        *_host_variants(request, target, status),
        *_path_variants(request, location, proxy_target, target.path),
        *_version_variants(request),
        *_removed_fields(request, location, status),
        *_restored_fields(request, visitor_fields),
    ]
    if status == 401 and request.field("Authorization"):
        # Repeated with each change, wrong credentials could lock their owner's account.
        variants = [variant for variant in variants if variant.name.lower() == "authorization"]
    first = _FIRST.get(status, "connection")
    return sorted(variants, key=lambda variant: first not in {variant.part, variant.name.lower()})


#: The part that each status is mostly about. Of all others, the connection is tried first.
_FIRST = {
    401: "authorization",
    403: "x-forwarded-proto",
    404: "path",
    421: "server-name",
    426: "version",
}


def _connection_variants(request: ProxiedRequest) -> Iterator[RequestVariant]:
    """Yield the request without an upgrade that the visitor did not ask for (RFC 9110 section
    7.8)."""
    connection, upgrade = request.field("Connection"), request.field("Upgrade")
    if connection and connection_options(connection) - {"close", "keep-alive"}:
        yield RequestVariant(
            request.with_field("Connection", "close"),
            "field", "replaced", "Connection", connection, "close",
        )  # fmt: skip
    if upgrade:
        yield RequestVariant(request.without("Upgrade"), "field", "removed", "Upgrade", upgrade)


def _server_name_variants(
    request: ProxiedRequest, proxy_target: ProxyTarget, target: Target
) -> Iterator[RequestVariant]:
    """Yield the handshakes with the names that the application may expect: that of the Host field
    first (RFC 9110 section 7.4)."""
    if not proxy_target.secure:
        return
    host = re.sub(r":\d+$", "", request.field("Host") or "")
    for name in dict.fromkeys((host, target.host)):
        if "." in name and not is_address(name) and name != request.server_name:
            change: RequestChange = "replaced" if request.server_name else "added"
            yield RequestVariant(
                replace(request, server_name=name),
                "server-name", change, "", request.server_name, name,
            )  # fmt: skip


def _scheme_variants(request: ProxiedRequest, target: Target) -> Iterator[RequestVariant]:
    scheme, passed = "https" if target.uses_tls else "http", request.field(SCHEME_FIELD)
    if passed != scheme and (passed or target.uses_tls):
        change: RequestChange = "replaced" if passed else "added"
        yield RequestVariant(
            request.with_field(SCHEME_FIELD, scheme),
            "field", change, SCHEME_FIELD, passed or "", scheme,
        )  # fmt: skip


def _host_variants(
    request: ProxiedRequest, target: Target, status: int
) -> Iterator[RequestVariant]:
    """Yield the request for "localhost", which frameworks mostly allow, if nginx passes the
    visitor's own name on.

    A server that lacks a page for a name (404), or has a rule for it (403), may well serve another
    site under that one.
    """
    host = request.field("Host") or ""
    if status == 400 and host in {target.host, target.authority}:
        yield RequestVariant(
            request.with_field("Host", "localhost"), "field", "replaced", "Host", host, "localhost"
        )


def _path_variants(
    request: ProxiedRequest, location: LocationMatch, proxy_target: ProxyTarget, path: str
) -> Iterator[RequestVariant]:
    """Yield the path as the visitor encodes it, if nginx encodes it otherwise; and the visitor's
    whole path if nginx shortens it, or else the path without the location's prefix."""
    if respelled := spelling_variant(request, location, proxy_target, path):
        yield respelled
    pattern = location_pattern(location.block) if location.block.name == "location" else None
    other_path = ""
    if request.path != path:
        other_path = "" if respelled and respelled.value == path else path
    elif pattern and proxy_target.uri is None:
        prefix = leading_text(pattern, path)
        if prefix and path.startswith(f"{prefix}/"):
            other_path = path.removeprefix(prefix)
        elif prefix and path.partition("?")[0] == prefix:
            other_path = f"/{path.removeprefix(prefix)}"
    if other_path:
        yield RequestVariant(
            replace(request, path=other_path), "path", "replaced", "", request.path, other_path
        )


def spelling_variant(
    request: ProxiedRequest, location: LocationMatch, proxy_target: ProxyTarget, path: str
) -> RequestVariant | None:
    """Return the request with the path as the visitor encodes it; None if nginx keeps that."""
    spelled = upstreams.spelled_path(location, proxy_target, path)
    if not is_respelling(request.path, spelled):
        return None
    other = replace(request, path=spelled)
    return RequestVariant(other, "path", "replaced", "", request.path, spelled)


def single_slash_variant(request: ProxiedRequest, path: str) -> RequestVariant | None:
    """Return the request with each double slash as one, if the visitor's path has none."""
    single = re.sub("/{2,}", "/", request.path.partition("?")[0])
    if "//" in path or "?" in request.path or single == request.path:
        return None
    other = replace(request, path=single)
    return RequestVariant(other, "path", "replaced", "", request.path, single)


def context_path_variants(
    request: ProxiedRequest, prefixes: Sequence[str], name: str = ""
) -> list[RequestVariant]:
    """Return the request below each of these prefixes, where the application may serve its paths.
    `name` says what names them, "" for its settings."""
    return [
        RequestVariant(
            replace(request, path=prefix + request.path),
            "context-path", "replaced", name, request.path, prefix + request.path,
        )
        for prefix in prefixes
        if not request.path.startswith(f"{prefix}/")
    ]  # fmt: skip


def _version_variants(request: ProxiedRequest) -> Iterator[RequestVariant]:
    if request.version == "1.0":
        yield RequestVariant(
            replace(request, version="1.1"), "version", "replaced", "", "1.0", "1.1"
        )


def _removed_fields(
    request: ProxiedRequest, location: LocationMatch, status: int
) -> Iterator[RequestVariant]:
    """Yield the request without each of the fields that an application may refuse.

    A refusal for the visitor's address (401, 403, 404) is meant: without the field the application
    would see the proxy's own. Only 400 says that the field itself is not accepted. Credentials that
    nginx has checked itself need not be the application's.
    """
    set_names = {
        directive.args[0].lower() for directive in location.directives("proxy_set_header")[:64]
        if directive.args
    }  # fmt: skip
    for name in _SUSPECTS:
        field = next((field for field in request.fields if field[0].lower() == name), None)
        if field is None:
            continue
        if name == "authorization":
            is_decisive = status == 401 and location.directive("auth_basic") is not None
        elif name in CLIENT_ADDRESS_FIELDS:
            is_decisive = status == 400 and name in set_names
        else:
            is_decisive = name in set_names and status in {400, 403, 404, 421}
        if is_decisive:
            yield RequestVariant(request.without(name), "field", "removed", field[0], field[1])


def _restored_fields(
    request: ProxiedRequest, visitor_fields: Mapping[str, str]
) -> Iterator[RequestVariant]:
    """Yield the request with each field that the visitor sends and nginx drops."""
    for name, text in visitor_fields.items():
        if request.field(name) is None and name.lower() not in _HELD_BACK:
            yield RequestVariant(request.with_field(name, text), "field", "added", name, "", text)
