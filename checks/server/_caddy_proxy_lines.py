"""Edits of a `reverse_proxy` of Caddy: lines that its block gets, and TLS to the application."""

import re
from collections.abc import Sequence
from dataclasses import replace

from checks.server import ServerView, file_rows, indentation, line_edit, line_text
from diagnose.model import Edit
from diagnose.model.web_servers import SiteRoute

#: Maximum number of lines of a block that are read.
_MAX_LINES = 200
#: Applications on the line of a `reverse_proxy` (Caddyfile Directives, "reverse_proxy").
_UPSTREAM = re.compile(r"(?:(?:https?|h2c)://)?(?:[\w.-]{0,253}|\[[0-9A-Fa-f:]+\]):\d{1,5}")


def server_name_edit(view: ServerView, route: SiteRoute, name: str, with_host: bool) -> Edit | None:
    """Return the edit that writes `tls_server_name` with a name, and the field Host if it is
    wanted; None if the block has a `transport` or is written in another way."""
    route = _block_start(view, route) or route
    words = line_text(view, route.file, route.line).split()
    if not words or not words[-1].startswith(("https://", "{")):
        return None
    host = [f"header_up Host {name}"] if with_host else []
    return _block_edit(view, route, [*host, *_transport(f"tls_server_name {name}")])


def own_host_edit(view: ServerView, route: SiteRoute) -> Edit | None:
    """Return the edit that sends the application its own name as Host; None if the block sets the
    Host already, or is written in another way."""
    block = _block(view, route)
    is_set = any(line.split()[:2] in _HOST_LINES for line in block or ())
    return None if is_set else _block_edit(view, route, ["header_up Host {upstream_hostport}"])


_HOST_LINES = (["header_up", "Host"], ["header_up", "host"], ["header_up", "-Host"])


def field_edit(view: ServerView, route: SiteRoute, name: str, value: str) -> Edit | None:
    """Return the edit that sends the application a field with a value that needs no quotes."""
    return _block_edit(view, route, [f"header_up {name} {value}"])


def delayed_close_edit(view: ServerView, route: SiteRoute) -> Edit | None:
    """Return the edit that keeps open WebSockets for an hour after a reload (since Caddy 2.7)."""
    return _block_edit(view, route, ["stream_close_delay 1h"])


def hidden_fields_edit(view: ServerView, route: SiteRoute, names: Sequence[str]) -> Edit | None:
    """Return the edit that leaves fields of the application's responses out."""
    return _block_edit(view, route, [f"header_down -{name}" for name in names])


def tls_edit(view: ServerView, route: SiteRoute, is_trusted: bool) -> Edit | None:
    """Return the edit that speaks TLS to the one application of a line; unless the system trusts
    its certificate, without a verification. None if the line has several, or if the block has a
    `transport`. The application may stand in the block, at `to`."""
    text = line_text(view, route.file, route.line)
    if text.split() == ["reverse_proxy", "{"] or text.split()[:1] == ["to"]:
        return _tls_edit_of_block(view, route, is_trusted)
    upstreams = [word for word in text.split()[1:] if _UPSTREAM.fullmatch(word)]
    if len(upstreams) != 1 or text.split()[:1] != ["reverse_proxy"]:
        return None
    endpoint = upstreams[0].partition("://")[2] or upstreams[0]
    secured = text.replace(upstreams[0], f"https://{endpoint}", 1)
    if is_trusted:
        return line_edit(view, route.file, {route.line: (secured,)})
    return _block_edit(view, route, _transport("tls_insecure_skip_verify"), secured)


def _tls_edit_of_block(view: ServerView, route: SiteRoute, is_trusted: bool) -> Edit | None:
    """Return the edit for a `reverse_proxy` whose one application stands at `to` in its block."""
    start = _block_start(view, route)
    block = _block(view, start) if start else None
    rows = [line.split() for line in block or ()]
    named = [index for index, words in enumerate(rows) if words[:1] == ["to"]]
    if start is None or len(named) != 1 or ["import"] in [words[:1] for words in rows]:
        return None
    words = rows[named[0]]
    if len(words) != 2 or not _UPSTREAM.fullmatch(words[1]):
        return None
    if not is_trusted and any(words[:1] == ["transport"] for words in rows):
        return None
    number = start.line + 1 + named[0]
    text = line_text(view, route.file, number)
    if "#" in text:
        return None
    endpoint = words[1].partition("://")[2] or words[1]
    secured = text.replace(words[1], f"https://{endpoint}", 1)
    indent = indentation(text)
    step = "\t" if "\t" in indent or not indent else "    "
    transport = () if is_trusted else _transport("tls_insecure_skip_verify")
    inner = (f"{indent}{line.replace(chr(9), step)}" for line in transport)
    return line_edit(view, route.file, {number: (secured, *inner)})


def _block_start(view: ServerView, route: SiteRoute) -> SiteRoute | None:
    """Return the route at the line `reverse_proxy {` whose block has the route's line `to`."""
    for number in range(route.line, max(route.line - _MAX_LINES, 0), -1):
        words = line_text(view, route.file, number).partition("#")[0].split()
        if words[:1] == ["reverse_proxy"] and words[-1] == "{":
            return replace(route, line=number)
        if number < route.line and words[-1:] in (["{"], ["}"]):
            return None
    return None


def transport_edit(view: ServerView, route: SiteRoute, line: str) -> Edit | None:
    """Return the edit that gives the block a `transport http` with a line, or its own one that
    line; None if it is written in another way."""
    for number in range(route.line + 1, route.line + len(_block(view, route) or ()) + 1):
        text = line_text(view, route.file, number)
        if text.split() == ["transport", "http", "{"]:
            indent = indentation(text)
            step = "\t" if "\t" in indent else "    "
            return line_edit(view, route.file, {number: (text, f"{indent}{step}{line}")})
    return _block_edit(view, route, _transport(line))


def handshake_name_edit(view: ServerView, route: SiteRoute, name: str) -> Edit | None:
    """Return the edit after which Caddy sends a name in the TLS handshake, in the place of one that
    the block has; None if it is written in another way."""
    start = _block_start(view, route) or route
    for number in range(start.line + 1, start.line + len(_block(view, start) or ()) + 1):
        text = line_text(view, start.file, number)
        if text.split()[:1] == ["tls_server_name"]:
            changed = f"{indentation(text)}tls_server_name {name}"
            return line_edit(view, start.file, {number: (changed,)})
    return transport_edit(view, start, f"tls_server_name {name}")


def _transport(line: str) -> list[str]:
    return ["transport http {", f"\t{line}", "}"]


def _block_edit(
    view: ServerView, route: SiteRoute, lines: Sequence[str], changed: str = ""
) -> Edit | None:
    """Return the edit that puts lines into the block of a `reverse_proxy`, which it gets if it has
    none. A tab begins a line that is deeper by one step, and `changed` takes the place of its own
    line. None if the block has a `transport` beside one of these lines, or is not known."""
    text = line_text(view, route.file, route.line)
    words = text.split()
    if words[:1] != ["reverse_proxy"] or "#" in text:
        return None
    indent = indentation(text)
    step = "\t" if "\t" in indent or not indent else "    "
    own, first = changed or text, [line.split() for line in lines]
    if words[-1] != "{":
        inner = [f"{indent}{step}{line.replace(chr(9), step)}" for line in lines]
        changes = (f"{own.rstrip()} {{", *inner, f"{indent}}}")
        return line_edit(view, route.file, {route.line: changes})
    block = _block(view, route)
    has_transport = any(words[:1] == ["transport"] for words in first)
    if block is None or (
        has_transport and any(line.split()[:1] == ["transport"] for line in block)
    ):
        return None
    is_host_set = any(line.split()[:2] in _HOST_LINES for line in block)
    kept = [line for line in lines if not (is_host_set and line.split()[:2] in _HOST_LINES)]
    inner = [f"{indent}{step}{line.replace(chr(9), step)}" for line in kept]
    return line_edit(view, route.file, {route.line: (own, *inner)})


def _block(view: ServerView, route: SiteRoute) -> list[str] | None:
    """Return the lines of the block that begins on a route's line; None if there is none, or if its
    end is not found."""
    depth, lines = 1, list[str]()
    if not line_text(view, route.file, route.line).rstrip().endswith("{"):
        return None
    for number in range(route.line + 1, route.line + _MAX_LINES):
        words = line_text(view, route.file, number).partition("#")[0].split()
        depth += words.count("{") - words.count("}")
        if depth <= 0:
            return lines
        lines.append(" ".join(words))
    return None


def stripped_prefix_edit(view: ServerView, route: SiteRoute, prefix: str) -> Edit | None:
    """Return the edit that puts a `reverse_proxy` with the matcher of a prefix ("/docs") into a
    `handle_path`, which takes the prefix off; None if its line is written in another way."""
    text = line_text(view, route.file, route.line)
    words = text.partition(" #")[0].split()
    matchers = (prefix, f"{prefix}*", f"{prefix}/*")
    if words[:1] != ["reverse_proxy"] or len(words) < 3 or words[1] not in matchers or "#" in text:
        return None
    block = _block(view, route) if words[-1] == "{" else []
    if block is None or not re.fullmatch(r"/[\w./~-]{1,200}", prefix):
        return None
    indent = indentation(text)
    step = "\t" if "\t" in indent or not indent else "    "
    matcher = words[1] if words[1] == matchers[2] else matchers[1]
    own = f"{indent}{step}{' '.join((words[0], *words[2:]))}"
    changes: dict[int, tuple[str, ...]] = {route.line: (f"{indent}handle_path {matcher} {{", own)}
    for number in range(route.line + 1, route.line + len(block) + 2 if block else 0):
        line = line_text(view, route.file, number)
        changes[number] = (f"{step}{line}" if line.strip() else line,)
    last = max(changes)
    changes[last] = (*changes[last], f"{indent}}}")
    return line_edit(view, route.file, changes)


def passed_path_edit(view: ServerView, route: SiteRoute, path: str, target: str) -> Edit | None:
    """Return the edit that passes one path on to another application: a line above that of the
    route which takes it, in the same block. Of several `reverse_proxy` of a block Caddy tries the
    one with the longer path first (Caddyfile Directives, "Sorting algorithm"). None if the line is
    written in another way, or stands in a block that changes the path."""
    if not re.fullmatch(r"/[\w./~-]{1,200}", path) or not _keeps_path(view, route):
        return None
    text = line_text(view, route.file, route.line)
    line = f"{indentation(text)}reverse_proxy {path} {target}"
    return line_edit(view, route.file, {route.line: (line, text)})


def passed_folder_edit(
    view: ServerView, route: SiteRoute, folder: str, target: str, is_cut: bool
) -> Edit | None:
    """Return the edit that passes a folder ("/api") on to another application, without its name if
    `is_cut`: a block above the line of the route which takes it. Caddy asks `handle` and
    `handle_path` before `reverse_proxy`. None as for one path."""
    name = "handle_path" if is_cut else "handle"
    return _block_above(view, route, folder, name, (f"reverse_proxy {target}",))


def files_edit(view: ServerView, route: SiteRoute, folder: str, root: str) -> Edit | None:
    """Return the edit that serves the files of a folder ("/static") from another one of the server,
    in the same way."""
    return _block_above(view, route, folder, "handle_path", (f"root * {root}", "file_server"))


def _block_above(
    view: ServerView, route: SiteRoute, folder: str, name: str, lines: Sequence[str]
) -> Edit | None:
    if not re.fullmatch(r"/[\w.~-]{1,100}", folder) or not _keeps_path(view, route):
        return None
    text = line_text(view, route.file, route.line)
    indent = indentation(text)
    step = "\t" if "\t" in indent or not indent else "    "
    inner = [f"{indent}{step}{line}" for line in lines]
    block = (f"{indent}{name} {folder}/* {{", *inner, f"{indent}}}")
    return line_edit(view, route.file, {route.line: (*block, text)})


def _keeps_path(view: ServerView, route: SiteRoute) -> bool:
    """Return whether a route is a `reverse_proxy` for what its block takes, and the block changes
    no path."""
    if line_text(view, route.file, route.line).split()[:1] != ["reverse_proxy"]:
        return False
    depth = 0
    for number in range(route.line - 1, max(route.line - _MAX_LINES, 0), -1):
        words = line_text(view, route.file, number).partition("#")[0].split()
        if depth == 0 and words[:1] and words[0] in {"rewrite", "uri"}:
            return False
        depth += words.count("}") - words.count("{")
        if depth < 0 and words[:1] in (["handle_path"], ["route"]):
            return False
        depth = max(depth, 0)
    return True


def policy_of(view: ServerView, route: SiteRoute) -> str | None:
    """Return by what a `reverse_proxy` chooses among its applications; "" if it does not say, None
    if its lines are not known."""
    text = line_text(view, route.file, route.line)
    if text.split()[:1] != ["reverse_proxy"]:
        return None
    block = _block(view, route) if text.split()[-1] == "{" else ()
    if block is None or any(line.split()[:1] == ["import"] for line in block):
        return None
    named = [line.split() for line in block if line.split()[:1] == ["lb_policy"]]
    return next((words[1] for words in named if words[1:]), "")


def policy_edit(view: ServerView, route: SiteRoute, policy: str) -> Edit | None:
    """Return the edit that lets a `reverse_proxy` choose among its applications by a policy, in
    the place of another one; None if its lines are not known."""
    file = view.config.file(route.file) if view.config else None
    rows = file_rows(view, file) if file else ()
    if not policy_of(view, route):
        return _block_edit(view, route, [f"lb_policy {policy}"])
    for number, row in enumerate(rows[route.line :], route.line + 1):
        if row.split()[:1] == ["lb_policy"]:
            return line_edit(view, route.file, {number: (f"{indentation(row)}lb_policy {policy}",)})
    return None
