"""The line that passes requests on, for another location than the one in which it stands."""

from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.nginx.upstreams import proxy_target_of


def line_without_uri(match: LocationMatch) -> str:
    """Return the pass directive of a location as a named location or one with a regular expression
    may have it: nginx refuses a path after the port there ("cannot have URI part"). A path of "/"
    in `location /` means nothing and is left out. "" if there is no such line.

    https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass
    """
    passed = proxy_target_of(match, {})
    if passed is None:
        return ""
    text = passed.target
    if passed.uri == "/" and _prefix(match) == "/" and not passed.has_variables:
        text = text.removesuffix("/").removesuffix(":")
    elif passed.uri is not None:
        return ""
    return f"{passed.directive.name} {text};"


def line_for(match: LocationMatch, path: str) -> str:
    """Return the pass directive for a location of the beginning `path`, so that the application
    gets what the location `match` would pass on; "" if it is not known."""
    passed, prefix = proxy_target_of(match, {}), _prefix(match)
    if passed is None or passed.has_variables:
        return ""
    if passed.uri is None:
        return f"{passed.directive.name} {passed.target};"
    if line := line_without_uri(match):
        return line
    if not prefix or not path.startswith(prefix) or passed.directive.name != "proxy_pass":
        return ""
    return f"{passed.directive.name} {passed.target}{path.removeprefix(prefix)};"


def _prefix(match: LocationMatch) -> str:
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    return pattern.text if pattern and pattern.modifier in {"", "^~"} else ""
