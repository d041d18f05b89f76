"""The `rewrite` that puts another path in place of a location's prefix, for a `proxy_pass` without
a path: it serves the prefix alone and all that is below it. A slash at the end of the location
would not: nginx answers the prefix alone with a redirect then (ngx_http_core_module, "location"),
and a WebSocket or a POST does not follow it."""

import re

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from checks.nginx._location_edits import sends_field
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.nginx.upstreams import ProxyTarget

_PLAIN = re.compile(r"(?:/[\w-]{1,80}){1,8}/?", re.ASCII)


def rewrite_line(prefix: str, uri: str) -> str:
    """Return the line that writes a path in place of a prefix. Where one of the two ends with a
    slash, one slash stands between it and the rest: `location /git` with `http://$app/` would ask
    for "//style.css" otherwise."""
    if prefix.endswith("/") == uri.endswith("/"):
        return f"rewrite ^{prefix}(.*)$ {uri}$1 break;"
    slash = "/" if prefix.endswith("/") else "/?"
    return f"rewrite ^{prefix.rstrip('/')}{slash}(.*)$ {uri.rstrip('/')}/$1 break;"


def replace_prefix(
    nginx: Nginx,
    match: LocationMatch,
    directive: Directive,
    origin: str,
    uri: str,
    has_pages: bool = True,
) -> Changes:
    """Write this path in place of the location's prefix by a `rewrite`, and `proxy_pass` with an
    origin alone. Return {} where something else of the location changes the path, or its lines
    stand elsewhere."""
    pattern, file = location_pattern(match.block), nginx.file(directive)
    is_own = directive in (match.block.block or ())
    if pattern is None or pattern.modifier not in {"", "^~"} or file is None or "$" in origin:
        return {}
    if not is_own or children(match.block, "rewrite") or not _PLAIN.fullmatch(pattern.text):
        return {}
    lines = [rewrite_line(pattern.text, uri), f"proxy_pass {origin};"]
    if (
        has_pages
        and not sends_field(nginx, match, "Host")
        and match.directive("proxy_redirect") is None
    ):
        # The application knows its own address alone. For a proxy_pass without a path nginx would
        # take that off its redirects, and not add the prefix (proxy_redirect, default).
        lines.append(f"proxy_redirect {origin}{uri} {pattern.text.rstrip('/')}/;")
    text = f"\n{edits.indentation(file.text, directive)}".join(lines)
    return {file.path: [edits.replace_directive(directive, text)]}


def one_slash(nginx: Nginx, match: LocationMatch, proxy: ProxyTarget) -> Changes:
    """Let one slash follow a prefix without one, where proxy_pass ends with one. What is asked for
    at the prefix alone keeps its answer, but where the location's lines stand elsewhere: there it
    gets a redirect."""
    directive, block, uri = proxy.directive, match.block, proxy.uri or ""
    head = " ".join(("location", *block.args[:-1], f"{block.args[-1]}/ {{"))
    origin = directive.args[0].removesuffix(uri)
    return replace_prefix(nginx, match, directive, origin, uri) or {
        block.file: [edits.TextEdit(block.start, block.opened, head)]
    }
