"""Fallbacks of a location: `try_files`, or a `rewrite` where an `if` may turn `try_files` off.

Once the condition of an `if` holds, nginx takes its block for the location, and `try_files` is not
inherited (ngx_http_rewrite_module, "if"). A `rewrite … last` works beside any `if`: all directives
of that module run first, in their order.
"""

from checks.nginx import Nginx
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import setting_edits
from diagnose.model import Edit
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import PASS_PROTOCOLS

#: What ends the request inside the `if` itself, so that `try_files` is not missed.
_ENDS = frozenset({"return", "rewrite"})
_USUAL = frozenset({"$uri", "$uri/", "=404"})


def has_taking_condition(block: Directive) -> bool:
    """Return whether an `if` of the location may be taken for it. One that passes requests to an
    application is meant to be, and a `rewrite` before it would take them away."""
    conditions = [
        {line.name for line in condition.block or ()} for condition in children(block, "if")
    ]
    if any(names.intersection(PASS_PROTOCOLS) for names in conditions):
        return False
    return any(not names & _ENDS for names in conditions)


def fallback_edits(nginx: Nginx, match: LocationMatch, uri: str) -> tuple[Edit, ...]:
    """Return the edits that let a location fall back to this URI for what is no file and no
    folder; () if that is not possible."""
    if not has_taking_condition(match.block):
        return setting_edits(nginx, match, {"try_files": f"$uri $uri/ {uri}"})
    # `rewrite` keeps the query by itself.
    page = uri.removesuffix("?$args")
    return _rewrite_edits(nginx, match, "!-e $request_filename", f"^ {page}")


def ending_edits(nginx: Nginx, match: LocationMatch) -> tuple[Edit, ...]:
    """Return the edits that let a location look for the file with ".html" at its end, too."""
    if has_taking_condition(match.block):
        return _rewrite_edits(nginx, match, "-f $request_filename.html", "^(.*)$ $1.html")
    directive = match.directive("try_files")
    words = list(directive.args) if directive else ["$uri", "$uri/", "=404"]
    words.insert(words.index("$uri") + 1 if "$uri" in words else 0, "$uri.html")
    return setting_edits(nginx, match, {"try_files": " ".join(words)})


def is_usual(try_files: Directive) -> bool:
    """Return whether a `try_files` looks for the file and the folder, and then takes a URI."""
    *names, last = try_files.args or ("",)
    return last.startswith("/") and "$" not in last.removesuffix("?$args") and {*names} <= _USUAL


def _rewrite_edits(
    nginx: Nginx, match: LocationMatch, condition: str, change: str
) -> tuple[Edit, ...]:
    file = nginx.file(match.block)
    if file is None:
        return ()
    lines = [f"if ({condition}) {{", f"    rewrite {change} last;", "}"]
    first = edits.insert_first(file.text, match.block, lines)
    return config_edits(nginx, {file.path: [first]})
