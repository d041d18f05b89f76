"""What a router of Traefik should say: as an edit of its file, or as the label of its container."""

import difflib
import re
from collections.abc import Iterator

from checks.server import ServerView, line_edit
from checks.server._traefik_corrections import (
    GUARD,
    LIKENESS,
    NO_POINT,
    NOWHERE,
    POINTS,
    Correction,
    is_public_name,
)
from diagnose.model import Edit
from diagnose.model.tls import Handshake
from diagnose.model.traefik import DEFAULT_CERTIFICATE, LIST_MARK, EntryPoint, Router, TraefikState
from diagnose.model.web_servers import ServerFile
from diagnose.parsers.traefik.rule_errors import corrected_rule

_SEVERAL = re.compile(r"too many services|automatically with multiple Services")
_UNWATCHED = re.compile(r"(?im)^\s*watch\s*[:=]\s*false\b|providers\.file\.watch=false")
_KEY = re.compile(r"^(\s*)[\"']?([\w.@-]{1,100})[\"']?\s*:")
#: A router that leads visitors to https, or answers an authority: it belongs on another port.
_FOR_HTTP = re.compile(r"(?i)redir|http\b|insecure|acme|noop|@internal")
_MAX_LINES = 5000


def correction(
    view: ServerView, state: TraefikState, router: Router, point: EntryPoint, reason: str
) -> Correction | None:
    """Return what is to be corrected in a router; None if it is not known."""
    if reason in {"errors", "old_pattern"}:
        rule = corrected_rule(router.rule, major_version(view))
        is_rule = reason == "old_pattern" or "parsing rule" in "".join(router.errors[:1])
        if is_rule:
            return Correction("rule", router.rule, rule) if rule else None
        return _of_error(view, router, point)
    if reason == "plain":
        return _tls(view, state)
    return _of_point(view, state, router, point) if reason == "entry_point" else None


def _tls(view: ServerView, state: TraefikState) -> Correction:
    # A certificate that is there already is sent without a resolver, too.
    own = state.resolvers[0] if len(state.resolvers) == 1 else ""
    return Correction("tls", "", f"{{certResolver: {own}}}" if own and _is_default(view) else "{}")


def _of_point(
    view: ServerView, state: TraefikState, router: Router, point: EntryPoint
) -> Correction | None:
    """Return how the only router for the name gets on the entry point: beside its own one. Where it
    needs `tls` for that, it would take nothing on its own one any more, and goes to the new one."""
    if own := _of_unknown_point(view, state, router, point):
        return own
    tls, words = view.evidence.target.uses_tls, (router.name, router.service)
    is_only = sum(each.has_name for each in state.routers) == 1
    is_for_http = "HostRegexp" in router.rule or any(map(_FOR_HTTP.search, words))
    if not is_only or is_for_http or not router.takes or len(router.entry_points) != 1:
        return None
    if router.tls and not tls:
        return None
    old = router.entry_points[0]
    if tls and not (router.tls or point.tls):
        return Correction(POINTS, old, point.name, is_sure=False, further=_tls(view, state))
    return Correction(POINTS, old, f"{old}, {point.name}", is_sure=False)


def _of_unknown_point(
    view: ServerView, state: TraefikState, router: Router, point: EntryPoint
) -> Correction | None:
    """Return how the entry point is named in the place of the only name that is none of Traefik's;
    None if the router names none, or several."""
    known = {each.name for each in state.points}
    unknown = [name for name in router.entry_points if name not in known]
    if len(unknown) != 1:
        return None
    needs_tls = view.evidence.target.uses_tls and not (router.tls or point.tls)
    further = _tls(view, state) if needs_tls else None
    names = (point.name if name in unknown else name for name in router.entry_points)
    after = ", ".join(dict.fromkeys(names)) if router.container else point.name
    is_sure = is_public_name(unknown[0], point.name)
    return Correction(POINTS, unknown[0], after, is_sure=is_sure, further=further)


def _of_error(view: ServerView, router: Router, point: EntryPoint) -> Correction | None:
    error = router.errors[0] if router.errors else ""
    if router.container:
        # Imported late: few routers are of labels.
        from checks.server._traefik_label_edits import label_correction

        if own := label_correction(view, router, point, [*_defined(view, "middlewares")]):
            return own
    if match := NO_POINT.search(error):
        is_sure = is_public_name(match[1], point.name)
        own = Correction(POINTS, match[1], point.name, is_sure=is_sure)
        return own if router.entry_points == (match[1],) else None
    if _SEVERAL.search(error) and router.container:
        # Imported late: only a finding needs it.
        from checks.server._traefik_labels import service_of_name

        name = service_of_name(view.evidence, router)
        return Correction("service", "", name) if name else None
    match = NOWHERE.search(error)
    if match is None:
        return None
    field = "service" if match[1] == "service" else "middlewares"
    if router.container and field == "middlewares":
        # A label holds the whole list.
        return None
    defined = set(_defined(view, f"{match[1]}s"))
    if match[2].startswith(LIST_MARK):
        name = match[2].removeprefix(LIST_MARK)
        return Correction(field, f"- {name}", name) if name in defined else None
    if match[3] != "file" and match[2] in defined:
        return Correction(field, f"{match[2]}@{match[3]}", f"{match[2]}@file")
    if field == "middlewares" and GUARD.search(match[2]):
        return None
    near = difflib.get_close_matches(match[2], sorted(defined), 2, LIKENESS)
    if field == "service" and not near:
        # "api-service" for the service "api", or the service of the router's own name.
        parts = {router.name.partition("@")[0], *re.split(r"[-_.]", match[2])}
        near = sorted(defined & parts)
    if match[3] != "file" or len(near) != 1:
        return None
    return Correction(field, match[2], near[0], is_sure=False)


def _is_default(view: ServerView) -> bool:
    handshakes = view.evidence.good(Handshake)
    return any(
        DEFAULT_CERTIFICATE in leaf.subject for shake in handshakes for leaf in shake.chain[:1]
    )


def resolver_corrections(
    state: TraefikState, router: Router, reason: str
) -> tuple[Correction, ...]:
    """Return how the only resolver of the static configuration may be written into the router: as
    the whole of `tls`, or in the place of another name. Which of several, a person knows."""
    if len(state.resolvers) != 1:
        return ()
    only = state.resolvers[0]
    whole = Correction("tls", "{}", f"{{certResolver: {only}}}")
    if reason == "no_resolver":
        return (whole,)
    if reason != "unknown_resolver" or not router.resolver:
        return ()
    old = router.resolver
    return (whole, Correction("certResolver", old, only), Correction("tls", old, only))


def major_version(view: ServerView) -> int:
    """Return the major version of Traefik, 0 if it is not known."""
    major = view.server.version.partition(".")[0]
    return int(major) if major in {"2", "3"} else 0


def router_edit(
    view: ServerView, state: TraefikState, router: Router, own: Correction
) -> Edit | None:
    """Return the edit of the router's file, which Traefik reads again by itself; None if there is
    not one place to write it, or Traefik does not watch its files."""
    files = view.config.files if view.config else ()
    if router.container or router.name.partition("@")[2] not in {"", "file"}:
        return None
    if not is_watched(view):
        return None
    name = router.name.partition("@")[0]
    blocks = [(file, block) for file in files for block in [_block(file, name)] if block]
    if len(blocks) != 1:
        return None
    file, block = blocks[0]
    rows = file.text.split("\n")
    text = "\n".join(rows[number - 1] for number in block)
    if own.field == POINTS and _FOR_HTTP.search(text.replace("http:", "")):
        return None
    changes = _changes(rows, block, own)
    if changes and own.further:
        # What is added is below another line.
        added = _changes(rows, block, own.further)
        changes = {**changes, **added} if added and not changes.keys() & added.keys() else {}
    return line_edit(view, file.path, changes) if changes else None


def is_watched(view: ServerView) -> bool:
    """Return whether Traefik reads its files again by itself, unless its static file says no."""
    config = view.config
    static = config.file(config.path) if config else None
    is_off = _UNWATCHED.search(view.server.arguments) or (static and _UNWATCHED.search(static.text))
    return not is_off


def _block(file: ServerFile, name: str) -> range | None:
    """Return the numbers of the lines below the name of a router, in YAML; None without one."""
    if file.path.endswith(".toml"):
        return None
    rows, depth = file.text.split("\n")[:_MAX_LINES], -1
    for number, row in enumerate(rows):
        match = _KEY.match(row)
        if match is None:
            continue
        indent = len(match[1])
        if match[2] == "routers":
            depth = indent
        elif indent <= depth:
            depth = -1
        elif depth >= 0 and match[2] == name:
            end = number + 1
            while end < len(rows) and (not rows[end].strip() or _indent(rows[end]) > indent):
                end += 1
            return range(number + 2, end + 1)
    return None


def _changes(rows: list[str], block: range, own: Correction) -> dict[int, tuple[str, ...]]:
    """Return the changed lines of a router; {} if there is not one place."""
    lines = {number: rows[number - 1] for number in block}
    if own.field == "service" and own.before == f"- {own.after}":
        return _unlisted(lines, own.after)
    if not own.before:
        rule_rows = [number for number, row in lines.items() if re.match(r"\s*rule\s*:\s*\S", row)]
        if len(rule_rows) != 1:
            return {}
        row = lines[rule_rows[0]]
        return {rule_rows[0]: (row, f"{row[: _indent(row)]}{own.field}: {own.after}")}
    whole = re.compile(rf"(?<![\w@.-]){re.escape(own.before)}(?![\w@-])")
    if own.field == "rule":
        whole = re.compile(re.escape(own.before))
    inside = _field_lines(lines, own.field)
    hits = [number for number in inside if len(whole.findall(lines[number])) == 1]
    if len(hits) != 1 or ("\\" in own.after and '"' in lines[hits[0]]):
        return {}
    row = lines[hits[0]]
    if own.field == POINTS and "[" not in row and ", " in own.after:
        if not row.lstrip().startswith("- "):
            return {}
        parts = own.after.split(", ")
        return {hits[0]: tuple(part.join(whole.split(row)) for part in parts)}
    return {hits[0]: (whole.sub(lambda _: own.after, row),)}


def _unlisted(lines: dict[int, str], name: str) -> dict[int, tuple[str, ...]]:
    """Return the changed lines of a service that is written as a list of one name."""
    numbers = [number for number in _field_lines(lines, "service") if lines[number].strip()]
    if not numbers:
        return {}
    text = " ".join(lines[number].strip() for number in numbers)
    own = rf"[\"']?{re.escape(name)}[\"']?"
    if not re.fullmatch(rf"service\s*:\s*(?:-\s+{own}|\[\s*{own}\s*\])", text):
        return {}
    first = lines[numbers[0]]
    written = f"{first[: _indent(first)]}service: {name}"
    return {numbers[0]: (written,), **dict.fromkeys(numbers[1:], ())}


def _field_lines(lines: dict[int, str], field: str) -> Iterator[int]:
    """Yield the lines of a field of the router, with the members of a list below it."""
    is_inside, depth = False, 0
    for number, row in lines.items():
        match = _KEY.match(row)
        if match and not row.lstrip().startswith("-"):
            is_inside, depth = match[2].lower() == field.lower(), _indent(row)
        elif is_inside and _indent(row) < depth and row.strip():
            is_inside = False
        if is_inside:
            yield number


def _defined(view: ServerView, kind: str) -> Iterator[str]:
    """Yield the names of the services or middlewares of the files, in YAML. What stands in the
    static file alone, Traefik does not read."""
    config = view.config
    read = config.files if config else ()
    static = [file for file in read if config and file.path == config.path]
    for file in (file for file in read if len(static) != 1 or file is not static[0]):
        depth = member = -1
        for row in file.text.split("\n")[:_MAX_LINES]:
            match = _KEY.match(row)
            if match is None:
                continue
            indent = len(match[1])
            if match[2] == kind:
                depth, member = indent, -1
            elif indent <= depth:
                depth = -1
            elif depth >= 0:
                member = indent if member < 0 else member
                if indent == member:
                    yield match[2]


def _indent(row: str) -> int:
    return len(row) - len(row.lstrip())
