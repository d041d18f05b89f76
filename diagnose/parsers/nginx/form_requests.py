"""The requests that differ from nginx's in what they tell the application about the visitor's
origin: those of a form, and those of a page that redirects to itself. No I/O.

A framework refuses a form whose Origin is not its own origin. It knows that only from nginx: from
Host, X-Forwarded-Proto and X-Forwarded-Host.
"""

from collections.abc import Iterator
from dataclasses import replace

from diagnose.model import Target
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD, ProxiedRequest, RequestVariant

HOST_FIELD = "X-Forwarded-Host"


def origin_fields(request: ProxiedRequest, target: Target) -> dict[str, str]:
    """Return the fields, with the right values, that do not tell the application the visitor's
    origin."""
    scheme, authority = "https" if target.uses_tls else "http", target.authority
    fields: dict[str, str] = {}
    passed = request.field(SCHEME_FIELD) or ""
    if passed != scheme and (passed or target.uses_tls):
        fields[SCHEME_FIELD] = scheme
    # The Origin names a port that is not the scheme's own, and $host does not.
    if request.field("Host") != authority:
        fields["Host"] = authority
    if request.field(HOST_FIELD) not in {None, authority}:
        fields[HOST_FIELD] = authority
    return fields


def form_variants(request: ProxiedRequest, target: Target) -> list[RequestVariant]:
    """Return the variants, those of one field first. The last ones change the visitor's Origin:
    if they alone are accepted, nginx tells the application all, and it believes it not."""
    fields = origin_fields(request, target)
    variants = [_with_field(request, name, text) for name, text in fields.items()]
    if len(fields) > 1:
        variants.append(_with_all(request, fields))
    return [*variants, *_other_origins(request, target)]


def origin_variants(request: ProxiedRequest, target: Target) -> list[RequestVariant]:
    """Return the request with the visitor's name and scheme together, if nginx tells neither: a
    program that compares both with its own address redirects as long as one is missing."""
    fields = origin_fields(request, target)
    return [_with_all(request, fields)] if {SCHEME_FIELD, "Host"} <= set(fields) else []


def _with_field(request: ProxiedRequest, name: str, text: str) -> RequestVariant:
    original = request.field(name) or ""
    return RequestVariant(
        request.with_field(name, text), "field", "replaced" if original else "added",
        name, original, text,
    )  # fmt: skip


def _with_all(request: ProxiedRequest, fields: dict[str, str]) -> RequestVariant:
    changed = request
    for name, text in fields.items():
        changed = changed.with_field(name, text)
    original = ", ".join(request.field(name) or "-" for name in fields)
    return RequestVariant(
        changed, "origin", "replaced", ", ".join(fields), original, ", ".join(fields.values())
    )


def _other_origins(request: ProxiedRequest, target: Target) -> Iterator[RequestVariant]:
    """Yield the request from the origin that the application has without what proxies say, and
    without an Origin."""
    origin, host = request.field("Origin"), request.field("Host")
    if not origin:
        return
    plain = f"http://{host}"
    if target.uses_tls and plain != origin:
        yield RequestVariant(
            request.with_field("Origin", plain), "field", "replaced", "Origin", origin, plain
        )
    without = replace(request.without("Origin"))
    yield RequestVariant(without, "field", "removed", "Origin", origin)
