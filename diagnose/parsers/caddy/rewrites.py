"""What Caddy's `rewrite` and `uri` make of a path (Caddy's JSON, module http.handlers.rewrite;
`handle_path` is one as well). No I/O."""

from diagnose.parsers.caddy.document import dictionaries, text_of

#: The placeholders of the whole path, at the end of a target: alone, or with the query.
_WHOLE = ("{http.request.uri}", "{http.request.uri.path}", "{http.request.orig_uri.path}")
_QUERIES = ("?{http.request.uri.query}", "?{query}")

#: Maximum number of replacements of one handler.
_MAX_REPLACEMENTS = 20


def rewritten_path(path: str, handler: dict[str, object]) -> str | None:
    """Return the path that the following handlers get of a request; None if that is not known."""
    prefix = stripped_prefix(handler)
    if prefix and path.startswith(prefix):
        path = path[len(prefix) :] or "/"
    for old, new in replacements(handler):
        path = path.replace(old, new)
    target = target_of(handler)
    if target is None or not (target[0] or target[1]):
        return None if target is None else path
    before, is_whole = target
    return f"{before}{path}" if is_whole else before


def stripped_prefix(handler: dict[str, object]) -> str:
    """Return the beginning that is taken off, with its slash; "" for none."""
    prefix = text_of(handler.get("strip_path_prefix"))
    return f"/{prefix.lstrip('/')}" if prefix.strip("/") and "{" not in prefix else ""


def replacements(handler: dict[str, object]) -> list[tuple[str, str]]:
    """Return what `uri replace` replaces, and by what."""
    pairs = [
        (text_of(pair.get("find")), text_of(pair.get("replace")))
        for pair in dictionaries(handler.get("uri_substring"))[:_MAX_REPLACEMENTS]
    ]
    return [(old, new) for old, new in pairs if old and "{" not in old + new]


def target_of(handler: dict[str, object]) -> tuple[str, bool] | None:
    """Return the new path of `rewrite`, and whether the whole old one follows it: ("/v1", True) for
    `/v1{uri}`, ("", False) without a target. None for a target with other placeholders."""
    uri = text_of(handler.get("uri"))
    for query in _QUERIES:
        uri = uri.removesuffix(query)
    if uri.startswith("?"):
        return "", False  # the query alone
    whole = next((name for name in _WHOLE if uri.endswith(name)), "")
    before = uri.removesuffix(whole) if whole else uri.partition("?")[0]
    is_plain = "{" not in before and (not before or before.startswith("/"))
    return (before, bool(whole)) if is_plain else None
