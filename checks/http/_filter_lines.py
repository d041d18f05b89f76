"""nginx's lines that put a folder before the addresses in an application's pages
(ngx_http_sub_module)."""

from collections.abc import Sequence

from checks.http._folders import prefix_line
from checks.nginx import Nginx
from checks.nginx._edits import Changes
from checks.nginx._location_edits import header_lines
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of

_SUBSTITUTION = "--with-http_sub_module"


def filter_lines(
    nginx: Nginx,
    match: LocationMatch,
    references: Sequence[str],
    prefix: str,
    changes: Changes,
) -> list[str]:
    """Return the lines that write `prefix` ("/app") into addresses as a page writes them
    (`src="/assets/`, `href="/`); the page has to come uncompressed. () if nginx cannot, or if the
    location has such lines."""
    has_module = nginx.build is not None and _SUBSTITUTION in nginx.build.arguments
    if not has_module or not references or match.directives("sub_filter"):
        return []
    # Of two texts that begin alike the first one counts: "//" begins another host.
    others = [f"{each}/" for each in references if each.endswith(("'/", '"/'))]
    lines = ["sub_filter_once off;", *(_line(each, each) for each in others)]
    for reference in references:
        head, _, rest = reference.partition("/")
        lines.append(_line(reference, f"{head}{prefix}/{rest}"))
    return [*lines, *header_lines(nginx, match, {"Accept-Encoding": '""'}, changes)]


def _line(text: str, replacement: str) -> str:
    mark = '"' if "'" in text else "'"
    return f"sub_filter {mark}{text}{mark} {mark}{replacement}{mark};"


def redirect_lines(nginx: Nginx, match: LocationMatch, prefix: str, redirect: str) -> list[str]:
    """Return the lines that put a folder ("/app/") before the paths of redirects like this one."""
    line, passing = prefix_line(nginx.evidence, prefix, redirect), proxy_pass_of(match)
    # "default" may not stand beside a proxy_pass with a variable.
    is_plain = passing is not None and "$" not in passing.args[0]
    return ["proxy_redirect default;", line] if is_plain else [line]
