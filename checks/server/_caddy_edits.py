"""Edits of a Caddyfile that checks share."""

import re
from collections.abc import Sequence

from checks.server import ServerView, file_rows, indentation, line_edit
from diagnose.model import Edit
from diagnose.model.web_servers import WebSite

#: A directive on one line that changes the path.
_REWRITE = re.compile(r"\s*(?:rewrite|uri)\s.{0,380}[^\s\\{]\s*")


def handle_path_edit(view: ServerView, prefix: str) -> Edit | None:
    """Return the edit that writes `handle_path` for the one `handle` or `route` of a prefix
    ("/docs"), so that the prefix is taken off; None if there is not one such line."""
    return block_edit(view, "handle|route", rf"{re.escape(prefix)}/\*", "handle_path")


def rewrite_edit(view: ServerView, file: str, number: int) -> Edit | None:
    """Return the edit that deletes the one `rewrite` or `uri` which stands in the same block as a
    line; None if there is not one alone."""
    config = view.config.file(file) if view.config and view.server.product == "caddy" else None
    lines = file_rows(view, config) if config else []
    if not 0 < number <= len(lines):
        return None
    rewrites = [
        place for place in siblings(lines, number) if _REWRITE.fullmatch(lines[place - 1][:400])
    ]
    return line_edit(view, file, {rewrites[0]: ()}) if len(rewrites) == 1 else None


def lacks_file_server(view: ServerView, site: WebSite) -> bool:
    """Return whether no line of a site serves files, and all its lines are its own."""
    words = [line.split()[:1] for line in _site_lines(view, site).values()]
    return bool(words) and ["file_server"] not in words and ["import"] not in words


def file_server_edit(view: ServerView, site: WebSite) -> Edit | None:
    """Return the edit that writes `file_server` behind the one `root` of a site, and what stands
    there for files; None if there is not one."""
    lines = _site_lines(view, site)
    roots = [number for number, line in lines.items() if line.split()[:1] == ["root"]]
    if len(roots) != 1 or not lacks_file_server(view, site):
        return None
    beside = siblings(list(lines.values()), roots[0] - site.line + 1)
    number = max(
        site.line + place - 1 for place in beside if _FILES.match(lines[site.line + place - 1])
    )
    line = lines[number]
    indent = indentation(line)
    return line_edit(view, site.file, {number: (line, f"{indent}file_server")})


def suffix_edit(view: ServerView, site: WebSite) -> Edit | None:
    """Return the edit that lets the files of a site answer without their ending: it writes
    `try_files` before the one `file_server`. None if there is not one, or a `try_files` already."""
    lines = _site_lines(view, site)
    written = {number: line.split()[:1] for number, line in lines.items()}
    places = [number for number, words in written.items() if words == ["file_server"]]
    if len(places) != 1 or ["try_files"] in written.values():
        return None
    line = lines[places[0]]
    tried = f"{indentation(line)}try_files {{path}} {{path}}.html"
    return line_edit(view, site.file, {places[0]: (tried, line)})


#: An application on one line with the paths that it takes.
_APPLICATION = re.compile(r"(\s*)(reverse_proxy)\s+(/[^\s{]{1,200})\s+([^\s{][^{}]{0,300})")
#: Directives beside which a `handle` for the files changes nothing: they come before it
#: (Caddyfile Directives, "Directive order"), or say nothing of the response's body.
_BEFORE_HANDLE = {
    "tls", "log", "root", "encode", "header", "redir", "basicauth", "basic_auth", "bind",
    "request_body", "file_server", "reverse_proxy",
}  # fmt: skip


def fallback_edit(view: ServerView, site: WebSite) -> Edit | None:
    """Return the edit that lets /index.html answer what is no file of a site. `try_files` comes
    before `reverse_proxy`, so the files and each application get a `handle`. None if the files
    stand in a block, or anything else may rely on the order."""
    lines = _site_lines(view, site)
    places = siblings(list(lines.values()), 2) if len(lines) > 2 else []
    own = {site.line + place - 1: lines[site.line + place - 1] for place in places}
    names = {number: line.split()[0] for number, line in own.items() if line.split()}
    known = {name for name in names.values() if name != "}" and not name.startswith("#")}
    servers = [number for number, name in names.items() if name == "file_server"]
    proxies = [number for number, name in names.items() if name == "reverse_proxy"]
    if len(servers) != 1 or not known <= _BEFORE_HANDLE or "{" in own[servers[0]]:
        return None
    line = own[servers[0]]
    indent = indentation(line)
    tried = f"{indent}try_files {{path}} /index.html"
    if not proxies:
        return line_edit(view, site.file, {servers[0]: (tried, line)})
    changes: dict[int, tuple[str, ...]] = {
        servers[0]: (f"{indent}handle {{", f"{indent}{tried}", f"{indent}{line}", f"{indent}}}")
    }
    for number in proxies:
        match = _APPLICATION.fullmatch(own[number].rstrip())
        if match is None:
            return None
        inner = f"{match[1]}{match[1]}{match[2]} {match[4]}"
        changes[number] = (f"{match[1]}handle {match[3]} {{", inner, f"{match[1]}}}")
    return line_edit(view, site.file, changes)


def rewriting_line(view: ServerView, site: WebSite) -> int:
    """Return the number of the one line of a site that changes the path; 0 if there is not one."""
    lines = _site_lines(view, site)
    places = [number for number, line in lines.items() if _REWRITE.fullmatch(line[:400])]
    return places[0] if len(places) == 1 else 0


def files_apart_edit(view: ServerView, site: WebSite) -> Edit | None:
    """Return the edit that puts a site's `try_files` and `file_server`, which stand in no block,
    into a `handle`, and each `reverse_proxy` with a matcher that stands in none into one of its
    own: of a site's `handle` blocks one alone counts. None if anything else may rely on the
    order."""
    lines = _site_lines(view, site)
    places = siblings(list(lines.values()), 2) if len(lines) > 2 else []
    own = {site.line + place - 1: lines[site.line + place - 1] for place in places}
    words = {number: line.split() for number, line in own.items() if line.split()}
    files = [number for number, row in words.items() if row[0] in {"try_files", "file_server"}]
    written = sorted(words[number][0] for number in files)
    if written != ["file_server", "try_files"] or not _may_stand_apart(list(words.values())):
        return None
    if any(own[number].rstrip().endswith(("{", "\\")) for number in files):
        return None
    indent = indentation(own[files[0]])
    step = "\t" if "\t" in indent or not indent else "    "
    inner = [f"{indent}{step}{own[number].strip()}" for number in files]
    changes: dict[int, tuple[str, ...]] = dict.fromkeys(files, ())
    changes[files[-1]] = (f"{indent}handle {{", *inner, f"{indent}}}")
    for number, row in words.items():
        if row[0] != "reverse_proxy":
            continue
        ends = [place for place in own if place > number and own[place].split() == ["}"]]
        last = ends[0] if row[-1] == "{" and ends else number
        block = [lines[place] for place in range(number, last + 1)]
        if len(row) < 3 or row[1][0] not in "/@" or any("\\" in line for line in block):
            return None
        block[0] = block[0].replace(f" {row[1]}", "", 1)
        changes |= dict.fromkeys(range(number, last + 1), ())
        moved = (f"{step}{line}" if line.strip() else line for line in block)
        changes[number] = (f"{indent}handle {row[1]} {{", *moved, f"{indent}}}")
    return line_edit(view, site.file, changes)


def _may_stand_apart(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the lines of a site, in no block, keep their meaning beside a `handle` for the
    files: none of them comes after `handle`, and no other `handle` takes what is left."""
    names = {row[0] for row in rows if row[0][0] not in "#@}"}
    is_bare = any(list(row[:2]) == ["handle", "{"] for row in rows)
    has_application = bool(names & {"reverse_proxy", "handle", "handle_path"})
    known = {*_BEFORE_HANDLE, "try_files", "handle", "handle_path"}
    return not is_bare and has_application and names <= known


#: A `file_server` on one line, for all requests or for some.
_FILE_SERVER = re.compile(r"\s*file_server(?:\s[^{}\\#]{0,200})?")
#: Directives with which a `handle` of its own may open what another block guards, or that may
#: come before it.
_GUARDS = {"basicauth", "basic_auth", "forward_auth", "route", "import", "abort", "invoke"}


def served_first_edit(
    view: ServerView, site: WebSite, root: str, paths: Sequence[str]
) -> Edit | None:
    """Return the edit that lets files of these paths ("/static/*") answer before the application:
    the one `file_server` of a site, which stands in no block, becomes one in a `handle` for them
    with its folder. None if there is not one, or if a block of the site may guard the files."""
    lines = _site_lines(view, site)
    names = {word for line in lines.values() for word in line.split()[:1]}
    places = [number for number, line in lines.items() if line.split()[:1] == ["file_server"]]
    own = siblings(list(lines.values()), 2) if len(lines) > 2 else []
    is_plain = re.fullmatch(r"(?:/[\w.-]+)+/?", root) and _GUARDS.isdisjoint(names)
    if len(places) != 1 or places[0] - site.line + 1 not in own or not is_plain:
        return None
    line = lines[places[0]].rstrip()
    if not _FILE_SERVER.fullmatch(line) or "@files" in names:
        return None
    indent = indentation(line)
    head, matcher = ([], paths[0]) if len(paths) == 1 else ([f"@files path {' '.join(paths)}"], "")
    block = [
        *head, f"handle {matcher or '@files'} {{", f"{indent}root * {root}",
        f"{indent}file_server", "}",
    ]  # fmt: skip
    return line_edit(view, site.file, {places[0]: tuple(f"{indent}{row}" for row in block)})


def _site_lines(view: ServerView, site: WebSite) -> dict[int, str]:
    """Return the lines of a site with their numbers; none if they are not known."""
    file = view.config.file(site.file) if view.config and site.end else None
    lines = file_rows(view, file) if file else []
    return {number: line for number, line in enumerate(lines, 1) if site.line <= number <= site.end}


#: The directives for files that stand on one line.
_FILES = re.compile(r"\s*(?:root|try_files)\s.{0,380}[^\s\\{]\s*$")


def siblings(lines: Sequence[str], number: int) -> list[int]:
    """Return the numbers of the lines that stand in the same block as a line, itself too."""
    depths: list[int] = []
    depth = 0
    for line in lines:
        words = line.partition("#")[0].split()
        depth -= words.count("}")
        depths.append(depth)
        depth += words.count("{")
    own, first, last = depths[number - 1], number, number
    while first > 1 and depths[first - 2] >= own:
        first -= 1
    while last < len(lines) and depths[last] >= own:
        last += 1
    return [place for place in range(first, last + 1) if depths[place - 1] == own]


def block_edit(view: ServerView, names: str, matcher: str, new_name: str) -> Edit | None:
    """Return the edit that gives the one block with one of these names and this matcher another
    name; None if there is not one such line. `names` and `matcher` are regular expressions."""
    if view.server.product != "caddy" or view.config is None:
        return None
    pattern = re.compile(rf"(\s*)(?:{names})(\s+{matcher}\s*\{{\s*)")
    places = [
        (file.path, number, match)
        for file in view.config.files
        for number, line in enumerate(file_rows(view, file), 1)
        if (match := pattern.fullmatch(line))
    ]
    if len(places) != 1:
        return None
    path, number, match = places[0]
    return line_edit(view, path, {number: (f"{match[1]}{new_name}{match[2]}",)})
