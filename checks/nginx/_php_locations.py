"""Why PHP does not get a request that nginx has a location for: what comes before that location,
and the edit that lets it decide."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import location_fix
from diagnose.model import Fix
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.edits import TextEdit, insert_first, one_line, replace_directive
from diagnose.parsers.nginx.final_requests import final_request
from diagnose.parsers.nginx.locations import (
    LocationMatch,
    location_pattern,
    match_location,
    normalize_path,
)
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_matches, pcre_search
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of


@frozen
class Obstacle:
    """The location for scripts (`php`), and the directive because of which they are not passed on:
    a location with "^~", a `rewrite` with `break`, or that location itself without fastcgi_pass.
    """

    directive: Directive
    match: LocationMatch
    php: Directive

    @property
    def is_rewrite(self) -> bool:
        return self.directive.name == "rewrite"

    @property
    def lacks_pass(self) -> bool:
        return self.directive is self.php


def obstacle_of(nginx: Nginx, path: str) -> Obstacle | None:
    """Return what keeps the script of a path from its location, None if it is not known."""
    for selected in nginx.answering_servers():
        match = match_location(selected.server, path)
        obstacle = (
            _rewrite(selected.server, match, path)
            or _prefix(selected.server, match)
            or _without_pass(selected.server, path)
        )
        if obstacle is not None:
            return obstacle
    return None


def obstacle_fix(nginx: Nginx, obstacle: Obstacle) -> Fix | None:
    """Let the location for scripts decide: `last` for `break`, or the prefix without "^~". Other
    expressions decide again below that prefix, too: it needs a look."""
    directive, file = obstacle.directive, nginx.file(obstacle.directive)
    if file is None:
        return None
    if obstacle.lacks_pass:
        line = _only_pass(nginx)
        changes = {file.path: [insert_first(file.text, directive, [line])]} if line else {}
        pass_edits = config_edits(nginx, changes)
        return location_fix(nginx, obstacle.match, pass_edits, sure=False) if pass_edits else None
    if obstacle.is_rewrite:
        text = one_line(file.text, directive).removesuffix(";").rstrip()
        change = replace_directive(directive, f"{text.removesuffix('break').rstrip()} last;")
    else:
        pattern = location_pattern(directive)
        head = f"location {pattern.text if pattern else '/'} {{"
        change = TextEdit(directive.start, directive.opened, head)
    file_edits = config_edits(nginx, {directive.file: [change]})
    return location_fix(nginx, obstacle.match, file_edits, sure=False) if file_edits else None


def _rewrite(server: Server, match: LocationMatch, path: str) -> Obstacle | None:
    """Return the rule of a location that makes a script of the path, and stays in the location
    (ngx_http_rewrite_module, "rewrite")."""
    uri = normalize_path(path) or "/"
    for directive in _rules(match):
        pattern, replacement, flag = (*directive.args, "", "", "")[:3]
        script = replacement.partition("?")[0]
        is_met = is_supported_pcre(pattern) and pcre_search(pattern, uri, False) is not None
        if flag == "break" and is_met and script.endswith(".php") and "$" not in script:
            php = _php_location(server, script)
            if php is not None and not children(match.block, "fastcgi_pass"):
                return Obstacle(directive, match, php)
    return None


def _rules(match: LocationMatch) -> Iterator[Directive]:
    for block in (match.block, *children(match.block, "if")):
        if match.block.name == "location":
            yield from children(block, "rewrite")


def _prefix(server: Server, match: LocationMatch) -> Obstacle | None:
    """Return the location with "^~" that keeps the script, to which it leads itself."""
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    if pattern is None or pattern.modifier != "^~" or children(match.block, "location"):
        return None
    scripts = [
        script
        for name in ("try_files", "index")
        if (directive := match.directive(name)) and directive.args
        for script in (directive.args[-1:] if name == "try_files" else directive.args)
    ]
    for script in scripts:
        own_path = script.partition("?")[0]
        full_path = own_path if own_path.startswith("/") else f"{pattern.text}{own_path}"
        php = _php_location(server, full_path) if own_path.endswith(".php") else None
        if php is not None and match_location(server, full_path).block is match.block:
            return Obstacle(match.block, match, php)
    return None


def _without_pass(server: Server, path: str) -> Obstacle | None:
    """Return the location that gets the script of a path, and has settings for FastCGI alone."""
    match, script = final_request(server, path)
    block = match.block
    if block.name != "location" or not script.endswith(".php") or pass_directive_of(match):
        return None
    if any(line.name.startswith("fastcgi_") for line in block.block or ()):
        return Obstacle(block, match, block)
    return None


def _only_pass(nginx: Nginx) -> str:
    """Return the `fastcgi_pass` of all other locations, "" if there is none or they differ."""
    lines = {
        line.text + ";"
        for server in nginx.servers
        for line in walk((server.block,))
        if line.name == "fastcgi_pass"
    }
    return lines.pop() if len(lines) == 1 else ""


def _php_location(server: Server, script: str) -> Directive | None:
    """Return the first expression of the server block that a script matches, if it passes it on."""
    for location in children(server.block, "location"):
        pattern = location_pattern(location)
        if pattern is None or pattern.modifier not in {"~", "~*"}:
            continue
        if pcre_matches(pattern.text, script, pattern.modifier == "~*"):
            return location if children(location, "fastcgi_pass") else None
    return None
