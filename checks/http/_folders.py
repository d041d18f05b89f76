"""The folder below which nginx passes an application, and which it takes off every path."""

from diagnose.model import Evidence
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, proxy_pass_of


def cut_prefix(evidence: Evidence, match: LocationMatch) -> tuple[str, Directive | None]:
    """Return the prefix that nginx cuts off, "/app/", and the directive by which it does; "" and
    None if it cuts none."""
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    target = upstreams.proxy_target_of(match, upstreams.request_variables(evidence.target))
    if pattern is None or pattern.modifier not in {"", "^~"} or target is None:
        return "", None
    rewrites = children(match.block, "rewrite") if target.uri is None else ()
    cutting = [rewrite for rewrite in rewrites if _cuts(rewrite, pattern.text)]
    directive = proxy_pass_of(match) if target.uri == "/" else next(iter(cutting), None)
    # A `rewrite` of "/app/…" may stand in `location /app` too.
    prefix = f"{pattern.text.rstrip('/')}/" if cutting else pattern.text
    is_folder = prefix.endswith("/") and prefix != "/"
    return (prefix, directive) if is_folder and directive else ("", None)


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
