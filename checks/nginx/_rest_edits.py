"""The lines that pass on what follows a location's prefix as the visitor spells it, with the query:
a `proxy_pass` with variables is not encoded anew, and `$request_uri` is the whole request.

The group of the expression has a name. `set $rest $1` would encode a numbered group once more,
where the request has an encoded character (ngx_http_rewrite_module): "?x=1" becomes "%3Fx=1".
"""

import re

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from checks.nginx._location_edits import sends_field
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.nginx.upstreams import ProxyTarget

_PREFIX = re.compile(r"(?:/[\w-]{1,80}){1,8}/", re.ASCII)
#: What decides on the path beside these lines. An `if` takes the request from another one.
_DECIDING = ("if", "rewrite", "return", "set", "try_files", "limit_except", "break")


@frozen
class RestLines:
    """The empty `if` whose expression names the rest, and the `proxy_pass` with it."""

    condition: str
    passed: str
    redirect: str


def rest_lines(match: LocationMatch, proxy: ProxyTarget) -> RestLines | None:
    """Return the lines for a location with a plain prefix; None where nginx would look up the
    target's name for each request, for which it needs a `resolver`."""
    pattern, uri, written = location_pattern(match.block), proxy.uri or "", proxy.target
    prefix = pattern.text if pattern and pattern.modifier in {"", "^~"} else ""
    if not _PREFIX.fullmatch(prefix) or not uri.endswith("/") or not written.endswith(uri):
        return None
    if proxy.group is None and not is_address(proxy.host):
        return None
    stem = prefix.rstrip("/")
    return RestLines(
        f'if ($request_uri ~ "^{stem}(?<rest>/.*)$") {{ }}',
        f"proxy_pass {written.removesuffix(uri)}{uri.rstrip('/')}$rest;",
        f"proxy_redirect {written} {prefix};",
    )


def pass_rest(nginx: Nginx, match: LocationMatch, proxy: ProxyTarget) -> Changes:
    """Write these lines in place of `proxy_pass`; {} where something else of the location decides
    on the path, or its lines stand elsewhere."""
    lines, directive, file = rest_lines(match, proxy), proxy.directive, nginx.file(proxy.directive)
    is_own = directive in (match.block.block or ())
    if lines is None or file is None or not is_own or _decides(match.block):
        return {}
    redirect = match.directive("proxy_redirect")
    if redirect is not None and redirect.args[:1] == ("default",):
        return {}  # nginx refuses it beside a proxy_pass with variables
    written = [lines.condition, lines.passed]
    if redirect is None and not sends_field(nginx, match, "Host"):
        # The application knows its own address alone, and nginx changes it by itself only where
        # proxy_pass has no variables.
        written.append(lines.redirect)
    text = f"\n{edits.indentation(file.text, directive)}".join(written)
    return {file.path: [edits.replace_directive(directive, text)]}


def _decides(block: Directive) -> bool:
    return any(children(block, name) for name in _DECIDING)
