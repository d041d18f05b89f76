"""Caddy never uses a `reverse_proxy` for some paths: one for all paths comes before it, whose
application answers 404. A `handle` comes before `route` and `reverse_proxy`, wherever the lines
stand (Caddyfile, "Directive order"); in a `route` they count in the order in which they stand.
"""

from collections.abc import Iterator, Sequence

from checks.server import (
    ServerView,
    file_rows,
    indentation,
    line_edit,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import refused_paths, route_to_application
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.caddy.passes import Pass, passes_of


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.own-answer", "server.other-application", "server.base-path-missing",
        "http.base-path-missing", "server.prefix-kept",
        "websocket.not-upgraded", "websocket.not-served", "websocket.inner-proxy",
    ],
)  # fmt: skip
def caddy_path_taken(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.server.product != "caddy" or len(view.answering_sites) != 1:
        return
    site = view.answering_sites[0]
    rows = _rows(view, site)
    for address, because, _ in refused_paths(evidence):
        path = address.partition("?")[0]
        pair = _pair(view, passes_of(rows, site.line), path) if because else None
        if pair is None:
            continue
        taker, unused = pair
        subject = Subject(port=target.port, path=path)
        yield Claim(
            about=subject,
            covers=(subject, Subject(port=target.port)),
            because=(view.server, *((view.config,) if view.config else ()), *because),
            # The other application was not asked.
            confidence=Confidence.LIKELY,
            facts={
                **view.facts,
                "path": path,
                "unused": unused.matcher,
                "unused_target": unused.target,
                "unused_place": place_text(site.file, unused.number),
                "taker_target": taker.target,
                "taker_place": place_text(site.file, taker.number),
                "in_route": _meeting(taker, unused)[0] == "route",
            },
            fix=_fix(view, site, taker, unused),
        )
        return


@frozen
class UnusedPass:
    """A `reverse_proxy` that never gets a path: its matcher, its place, that of the line which
    takes the path before, and the fix."""

    matcher: str
    place: str
    taker_place: str
    fix: Fix


def unused_pass(view: ServerView, path: str) -> UnusedPass | None:
    """Return the `reverse_proxy` that was meant for a path and never gets it; None if there is
    none, or if no edit lets it come first."""
    if view.server.product != "caddy" or len(view.answering_sites) != 1:
        return None
    site = view.answering_sites[0]
    pair = _pair(view, passes_of(_rows(view, site), site.line), path)
    fix = _fix(view, site, *pair) if pair else None
    if pair is None or fix is None or not fix.edits:
        return None
    taker_place, place = (place_text(site.file, each.number) for each in pair)
    return UnusedPass(pair[1].matcher, place, taker_place, fix)


def _rows(view: ServerView, site: WebSite) -> Sequence[str]:
    file = view.config.file(site.file) if view.config and site.end else None
    return file_rows(view, file)[site.line - 1 : site.end] if file else ()


def _pair(view: ServerView, passes: Sequence[Pass], path: str) -> tuple[Pass, Pass] | None:
    """Return the pass that takes a path, and the narrowest that never gets it; None if the
    narrowest has the say, or both lead to the same."""
    route = route_to_application(view, path)
    takers = [each for each in passes if route and each.number == route.line]
    if len(takers) != 1 or not takers[0].takes(path):
        return None
    unused = [each for each in passes if each.takes(path) and each.width > takers[0].width]
    if not unused:
        return None
    narrowest = max(unused, key=lambda each: each.width)
    return (takers[0], narrowest) if narrowest.target != takers[0].target else None


def _meeting(taker: Pass, unused: Pass) -> tuple[str, int]:
    """Return the block that both stand in ("" for the site), and how deep it is."""
    depth = 0
    for own, other in zip(taker.blocks, unused.blocks, strict=False):
        if own.start != other.start:
            break
        depth += 1
    return (taker.blocks[depth - 1].head if depth else ""), depth


def _fix(view: ServerView, site: WebSite, taker: Pass, unused: Pass) -> Fix:
    head, depth = _meeting(taker, unused)
    edit = (
        _moved(view, site, taker, unused, depth)
        if head == "route"
        else _handled(view, site, taker, unused, depth)
    )
    if edit is None:
        return manual_fix(view, "move-it" if head == "route" else "handle-it")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _moved(view: ServerView, site: WebSite, taker: Pass, unused: Pass, depth: int) -> Edit | None:
    """Move the unused lines before those that take the path. What stands between them may be a
    guard for the unused ones: then None."""
    early, late = taker.span(depth), unused.span(depth)
    file = view.config.file(site.file) if view.config else None
    rows = file.text.split("\n") if file else []
    between = rows[early[1] : late[0] - 1]
    moved = tuple(rows[late[0] - 1 : late[1]])
    is_plain = all(not row.strip() or row.strip().startswith("#") for row in between)
    if not is_plain or not moved or any(row.rstrip().endswith("\\") for row in moved):
        return None
    changes: dict[int, tuple[str, ...]] = dict.fromkeys(range(late[0], late[1] + 1), ())
    changes[early[0]] = (*moved, rows[early[0] - 1])
    return line_edit(view, site.file, changes)


def _handled(view: ServerView, site: WebSite, taker: Pass, unused: Pass, depth: int) -> Edit | None:
    """Put the unused lines into a `handle` for their paths: of several, the narrowest counts."""
    first, last = unused.span(depth)
    rows = list(_rows(view, site))[first - site.line : last - site.line + 1]
    words = rows[0].split() if rows else []
    is_narrower = words[1:2] == [unused.matcher] and unused.matcher.startswith("/")
    # Of a `handle` without a matcher it is known that it comes last.
    has_bare_taker = len(taker.blocks) > depth and not taker.blocks[depth].matcher
    if words[:1] not in (["route"], ["reverse_proxy"]) or not (is_narrower or has_bare_taker):
        return None
    if len(words) < 3 or words[1][:1] not in "/@" or any(row.endswith("\\") for row in rows):
        return None
    indent = indentation(rows[0])
    step = indentation(rows[1])[len(indent) :] if len(rows) > 1 else indent[:1] or "\t"
    inner = rows[0].replace(f" {words[1]}", "", 1)
    own = [f"{step}{inner}", *(f"{step}{row}" for row in rows[1:])]
    if words[0] == "route" and len(rows) == 3:  # one line in it needs no order
        own = rows[1:2]
    changes: dict[int, tuple[str, ...]] = dict.fromkeys(range(first, last + 1), ())
    changes[first] = (f"{indent}handle {words[1]} {{", *own, f"{indent}}}")
    return line_edit(view, site.file, changes)
