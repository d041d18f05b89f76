"""The paths of an application that keep a part of a location's prefix. No I/O."""

from dataclasses import replace

from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.nginx.proxied_request import ProxiedRequest, RequestVariant

#: The name of a change of the path that keeps a part of the location's prefix.
INNER = "inner"
#: Maximum number of parts of a prefix that are tried.
_MAX_INNER = 3


def inner_path_variants(
    request: ProxiedRequest, location: LocationMatch, path: str
) -> list[RequestVariant]:
    """Return the requests that keep a part of the location's prefix: "/api/users" and not
    "/chat/api/users" or "/users" for `location /chat/api`."""
    pattern = location_pattern(location.block) if location.block.name == "location" else None
    text = pattern.text.rstrip("/") if pattern and pattern.modifier in {"", "^~"} else ""
    parts = text.split("/")[1:]
    is_below = bool(text) and path.startswith(text) and path[len(text) : len(text) + 1] in "/?"
    paths = (
        path.removeprefix("/" + "/".join(parts[:count]))
        for count in range(1, min(len(parts), _MAX_INNER + 1) if is_below else 1)
    )
    return [
        RequestVariant(replace(request, path=each), "path", "replaced", INNER, request.path, each)
        for each in paths
        if each not in {request.path, path}
    ]
