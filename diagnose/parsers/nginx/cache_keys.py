"""What the key of nginx's cache leaves out, so that visitors get the answer to another request.
No I/O.

ngx_http_proxy_module, ngx_http_fastcgi_module: the key is what "proxy_cache_key" says. Without that
line proxy_cache takes "$scheme$proxy_host$request_uri"; the caches of FastCGI, uwsgi and SCGI have
no default, and keep every answer under the empty key. ngx_http_slice_module: each part of a file
has to be kept under a key of its own.
"""

import re
from typing import Literal

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: What the key leaves out: everything, the path, the query, the body of a POST, the part of a file,
#: or the method. nginx asks a FastCGI program with HEAD if a visitor does (there is no
#: "fastcgi_cache_convert_head"), and keeps the empty answer.
Gap = Literal["all", "path", "query", "body", "slice", "head"]

_VARIABLE = re.compile(r"\$\{?(\w{1,100})")
_PATH = {"uri", "document_uri", "request_filename", "fastcgi_script_name"}
_QUERY = {"args", "query_string"}
_WHOLE = {"request_uri", "request"}
#: Variables that are the same for two pages of a site.
_SAME = {
    "scheme", "host", "hostname", "http_host", "https", "is_args", "request_method", "slice_range",
    "server_name", "server_port", "server_protocol", "server_addr", "proxy_host", "proxy_port",
    "remote_addr", "binary_remote_addr", "remote_user", "realpath_root", "document_root",
}  # fmt: skip
_SAME_PREFIXES = ("http_", "cookie_", "ssl_")


@frozen
class CacheKey:
    """The cache of a location: the directives that name its zone, its key and its methods (None
    where nginx's default applies), and what the key leaves out."""

    location: LocationMatch
    prefix: str
    zone: Directive
    key: Directive | None
    methods: Directive | None
    gap: Gap


def cache_key_gap(location: LocationMatch) -> CacheKey | None:
    """Return the cache of a location whose key leaves out what tells requests apart; None if there
    is no such cache, or if its key has variables that are not known."""
    passing = pass_directive_of(location)
    prefix = passing.name.removesuffix("_pass") if passing else ""
    zone = location.directive(f"{prefix}_cache") if prefix else None
    if zone is None or zone.args[:1] in {(), ("off",)} or not _keeps_pages(location, prefix):
        return None
    key = location.directive(f"{prefix}_cache_key")
    methods = location.directive(f"{prefix}_cache_methods")
    if key is None and prefix != "proxy":
        return CacheKey(location, prefix, zone, None, methods, "all")
    names = set(_VARIABLE.findall(" ".join(key.args))) if key else {"request_uri"}
    if any(not _is_known(name) for name in names):
        return None
    gap = _gap(location, prefix, names, methods)
    return CacheKey(location, prefix, zone, key, methods, gap) if gap else None


def _keeps_pages(location: LocationMatch, prefix: str) -> bool:
    """Return whether nginx keeps pages by its own setting. Without it, the application decides."""
    valid = location.directives(f"{prefix}_cache_valid")
    return any(len(line.args) == 1 or {"200", "any"} & set(line.args[:-1]) for line in valid)


def _is_known(name: str) -> bool:
    plain = name in _PATH | _QUERY | _WHOLE | _SAME | {"request_body"}
    return plain or name.startswith((*_SAME_PREFIXES, "arg_"))


def _gap(
    location: LocationMatch, prefix: str, names: set[str], methods: Directive | None
) -> Gap | None:
    pattern = location_pattern(location.block) if location.block.name == "location" else None
    # What looks like the path of one page may be meant for that page.
    is_wide = pattern is None or pattern.modifier in {"~", "~*"} or pattern.text.endswith("/")
    is_exact = pattern is not None and pattern.modifier == "="
    has_path = bool(names & (_PATH | _WHOLE))
    if is_wide and not is_exact and not has_path:
        return "path"
    size = location.directive("slice")
    if size and size.args[:1] not in {(), ("0",)} and "slice_range" not in names:
        return "slice"
    if methods and "POST" in map(str.upper, methods.args) and "request_body" not in names:
        return "body"
    if prefix != "proxy" and not names & {"request_method", "request"}:
        return "head"
    has_query = bool(names & (_QUERY | _WHOLE)) or any(name.startswith("arg_") for name in names)
    return None if has_query else "query"
