"""The values of nginx's variables in a location: `set`, `map` and the request's own. No I/O."""

import re
from collections.abc import Mapping

from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import MAX_HOPS, LocationMatch
from diagnose.parsers.nginx.pcre import pcre_matches


def expand_variables(
    location: LocationMatch, text: str, request: Mapping[str, str | None], depth: int = 0
) -> str | None:
    """Return a value with its variables replaced, or None if one of them cannot be known.

    `request` maps the request's variables ("http_upgrade") to their values; maps and `set` are
    evaluated.
    """
    unknown = False

    def substitute(match: re.Match[str]) -> str:
        nonlocal unknown
        replacement = _variable(location, match[1] or match[2], request, depth)
        unknown = unknown or replacement is None
        return replacement or ""

    expanded = re.sub(r"\$(?:\{(\w+)\}|(\w+))", substitute, text)
    return None if unknown else expanded


def set_directive(location: LocationMatch, name: str) -> Directive | None:
    """Return the `set` of the innermost block that gives a variable its value, the last one there;
    None without one. `name` has no "$"."""
    for block in reversed(location.blocks):
        lines = [line for line in children(block, "set") if line.args[:1] == (f"${name}",)]
        if lines:
            return lines[-1] if len(lines[-1].args) > 1 else None
    return None


def with_set_values(location: LocationMatch, text: str) -> str:
    """Return a value with the variables replaced that a `set` of these blocks has a value for. All
    others stay as they are written."""

    def substitute(match: re.Match[str]) -> str:
        directive = set_directive(location, match[1] or match[2])
        return directive.args[1] if directive else match[0]

    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", substitute, text)


def _variable(
    location: LocationMatch, name: str, request: Mapping[str, str | None], depth: int
) -> str | None:
    if name in request:
        return request[name]
    if name == "invalid_referer":
        # Imported late: few sites have such a list.
        from diagnose.parsers.nginx.referers import invalid_referer

        return invalid_referer(location, request)
    if depth > MAX_HOPS:
        return None
    for block in reversed(location.blocks):
        for directive in children(block, "set"):
            if directive.args[:1] == (f"${name}",) and len(directive.args) > 1:
                return expand_variables(location, directive.args[1], request, depth + 1)
    map_block = map_of(location.blocks[0], name)
    return None if map_block is None else _map_value(location, map_block, request, depth + 1)


def map_of(http: Directive, name: str) -> Directive | None:
    """Return the `map` block that defines a variable."""
    return next(
        (directive for directive in children(http, "map") if directive.args[1:] == (f"${name}",)),
        None,
    )


def _map_value(
    location: LocationMatch, map_block: Directive, request: Mapping[str, str | None], depth: int
) -> str | None:
    source = expand_variables(location, map_block.args[0], request, depth)
    if source is None:
        return None
    default: str | None = ""
    expressions = []
    # Imported late: few sites have a map.
    from diagnose.parsers.nginx.long_runs import entries

    for entry in entries(map_block.block):
        key, result = entry.name, entry.args[0] if entry.args else ""
        if key == "default":
            default = expand_variables(location, result, request, depth)
        elif key.startswith("~"):
            expressions.append((key.lstrip("~").lstrip("*"), key.startswith("~*"), result))
        elif key.lstrip("\\").lower() == source.lower():
            return expand_variables(location, result, request, depth)
    for expression, ignore_case, result in expressions:
        if pcre_matches(expression, source, ignore_case):
            return expand_variables(location, result, request, depth)
    return default
