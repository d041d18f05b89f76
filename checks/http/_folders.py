"""The folder below which nginx passes an application, and which it takes off every path."""

import re

from diagnose.model import Evidence
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, proxy_pass_of
from diagnose.parsers.urls import path_of

#: `^/app/(.*)$`, and the path of `proxy_pass http://127.0.0.1:3000/$1$is_args$args`.
_EXPRESSION = re.compile(r"\^(/[\w/~-]{0,200})/\??\(\.\*\)\$?", re.ASCII)
_FIRST_GROUP = re.compile(
    r"https?://[^/$]{1,253}/\$1(?:(?:\$is_args|\?)\$(?:args|query_string))?", re.ASCII
)
_PLAIN_PATH = re.compile(r"(?:/[\w~-]{1,60}){1,4}", re.ASCII)


def cut_prefix(evidence: Evidence, match: LocationMatch) -> tuple[str, Directive | None]:
    """Return the prefix that nginx cuts off, "/app/", and the directive by which it does; "" and
    None if it cuts none."""
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    if pattern is not None and pattern.modifier not in {"", "^~"}:
        return _cut_by_expression(match, pattern.text)
    target = upstreams.proxy_target_of(match, upstreams.request_variables(evidence.target))
    if pattern is None or target is None:
        return "", None
    rewrites = children(match.block, "rewrite") if target.uri is None else ()
    cutting = [rewrite for rewrite in rewrites if _cuts(rewrite, pattern.text)]
    directive = proxy_pass_of(match) if target.uri == "/" else next(iter(cutting), None)
    # A `rewrite` of "/app/…" may stand in `location /app` too.
    prefix = f"{pattern.text.rstrip('/')}/" if cutting else pattern.text
    is_folder = prefix.endswith("/") and prefix != "/"
    return (prefix, directive) if is_folder and directive else ("", None)


def _cut_by_expression(match: LocationMatch, text: str) -> tuple[str, Directive | None]:
    """Return the prefix that a location with a regular expression cuts off: by the group that
    `proxy_pass` names, or by `rewrite`."""
    expression, directive = _EXPRESSION.fullmatch(text), proxy_pass_of(match)
    if directive is None:
        return "", None
    if expression and _FIRST_GROUP.fullmatch(directive.args[0]):
        return f"{expression[1]}/", directive
    prefix = text.removeprefix("^").removesuffix("(.*)").rstrip("/")
    rewrites = children(match.block, "rewrite") if _PLAIN_PATH.fullmatch(prefix) else ()
    cutting = next((rewrite for rewrite in rewrites if _cuts(rewrite, prefix)), None)
    return (f"{prefix}/", cutting) if cutting else ("", None)


def _cuts(rewrite: Directive, prefix: str) -> bool:
    """Return whether a `rewrite` takes this prefix off every path (ngx_http_rewrite_module):
    `rewrite ^/app/(.*)$ /$1 break;`."""
    expression, replacement, flag = (*rewrite.args, "", "", "")[:3]
    kept_expression = (
        expression.removeprefix("^").removeprefix(prefix.rstrip("/")).removesuffix("$")
    )
    return flag == "break" and (kept_expression, replacement) in {
        ("/(.*)", "/$1"), ("/?(.*)", "/$1"), ("(/.*)", "$1"), ("(.*)", "$1"),
    }  # fmt: skip


def prefix_line(evidence: Evidence, prefix: str, redirect: str) -> str:
    """Return nginx's line that puts a prefix before the paths of redirects: before bare ones, or
    before those that name the site where the redirect does (ngx_http_proxy_module,
    "proxy_redirect")."""
    if "//" not in redirect:
        return f"proxy_redirect / {prefix};"
    host = re.escape(evidence.target.host)
    return f"proxy_redirect ~^https?://{host}(?::[0-9]+)?/(.*)$ {prefix}$1;"


def below_folder(evidence: Evidence, missing: Exchange) -> Exchange | None:
    """Return the response for the page of a redirect below the target's folder, the last of
    several; None if it was not asked for."""
    pages = [page for page in evidence.good(Exchange) if page.purpose == "folder"]
    onward = path_of(missing.url)
    return next((page for page in reversed(pages) if path_of(page.url).endswith(onward)), None)


def served_folder(evidence: Evidence, missing: Exchange) -> str:
    """Return the folder below which the page of a redirect is, "/app/", "" if that is not proven:
    some applications have one page for every path, and a path that no site has is the control."""
    served = below_folder(evidence, missing)
    if served is None or served.status != 200:
        return ""
    is_controlled = any(
        page.purpose == "unknown" and page.status not in {None, 200}
        for page in evidence.good(Exchange)
    )
    return f"{path_of(served.url).removesuffix(path_of(missing.url))}/" if is_controlled else ""
