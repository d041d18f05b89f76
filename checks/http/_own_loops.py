"""The lines of the visitors' own server blocks that make a circle of redirects: no application
takes part in it."""

from dataclasses import replace

from checks.http import _redirect_edits
from checks.http._loop_choices import choice_of_two
from checks.http._redirects import (
    NginxRedirect,
    own_redirects,
    request_values,
    selected_servers,
    with_query,
)
from checks.nginx import Nginx, _inner_blocks, file_line
from checks.nginx._edits import Changes
from diagnose.model import Fix
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.parsers.http import hops
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.conditions import condition_holds
from diagnose.parsers.nginx.locations import location_pattern
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_matches, pcre_search
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.variables import expand_variables
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import parse_url

#: The end of an expression that matches a path with a slash at its end, and without one.
_EITHER = "/?$"
_REGULAR = {"~", "~*"}


@frozen(eq=False)
class OwnLoop:
    """The redirects of a circle, those of https first; () if another program takes part. `path` is
    the path that redirects to itself, "" in a circle of several."""

    redirects: tuple[NginxRedirect, ...] = ()
    path: str = ""

    @property
    def directive(self) -> Directive | None:
        return self.redirects[0].directive if self.redirects else None

    def facts(self, nginx: Nginx) -> dict[str, object]:
        lines = [redirect.directive for redirect in self.redirects]
        lines = list(dict.fromkeys(lines))
        parts = self.redirects[0].parts if self.redirects else None
        return {
            "own": file_line(lines[0]) if lines else "",
            "own_line": _inner_blocks.written_line(nginx, lines[0]) if lines else "",
            "own_others": tuple(
                f"{_inner_blocks.written_line(nginx, line)} ({file_line(line)})"
                for line in lines[1:]
            ),
            "own_secure": bool(
                self.path and parts and parts[2].startswith(("$request_uri", "$uri"))
            ),
        }

    def fix(self, nginx: Nginx) -> Fix | None:
        """Return the remedy; None without such lines."""
        if not self.redirects:
            return None
        changes: Changes = {}
        redirect = self.redirects[0]
        if self.path and _match_other_form(nginx, redirect, self.path, changes):
            # A person looks whether the site has the page.
            return _redirect_edits.fix(nginx, changes, "own-rule", sure=False)
        if redirect.parts and (self.path or len(self.redirects) == 2):
            _redirect_edits.exempt_https(nginx, redirect, self.path or "/", changes)
        if not changes and (choice := choice_of_two(nginx, self.redirects)):
            return choice
        return _redirect_edits.fix(nginx, changes, "own-rule")


def own_loop(nginx: Nginx, cycle: tuple[Exchange, ...]) -> OwnLoop:
    """Return the redirects by which nginx leads visitors round. Each is the line that nginx comes
    to first for its URL, and leads where the response leads, with the same status."""
    steps = sorted(cycle, key=lambda step: not step.url.startswith("https:"))
    redirects = [own_redirect(nginx, step) for step in steps]
    known = tuple(redirect for redirect in redirects if redirect)
    if nginx.is_refused or len(known) < len(steps):
        return OwnLoop()
    url = parse_url(steps[0].url)
    return OwnLoop(known, url.path.partition("?")[0] if url and len(steps) == 1 else "")


def is_of_another_site(nginx: Nginx, cycle: tuple[Exchange, ...]) -> bool:
    """Return whether the block that answers with TLS has names, and not that of the site: its
    redirect is right there, and the site's own block is missed."""
    selected = [
        (server, url.host)
        for step in cycle
        if (url := parse_url(step.url)) and url.secure
        for _, server, _ in selected_servers(nginx, step)
    ]
    return bool(selected) and all(
        any("." in name and not name.startswith("~") for name in server.names)
        and not server_blocks.is_named([server], host)
        for server, host in selected
    )


def own_redirect(nginx: Nginx, step: Exchange) -> NginxRedirect | None:
    """Return the line of nginx that made a response; None if none did, or if that is not sure."""
    # A proxy in front may ask on another port than visitors do.
    if not nginx.listen_sockets(step.port) or hops(step.headers):
        return None
    redirects = [_redirect_of(server, step) for _, server, _ in selected_servers(nginx, step)]
    first = redirects[0] if redirects else None
    is_same = all(other and first and other.directive is first.directive for other in redirects)
    return first if is_same else None


def _redirect_of(server: Server, step: Exchange) -> NginxRedirect | None:
    """Return the redirect of a block that made a response; None if that is not sure."""
    url = parse_url(step.url)
    for redirect in own_redirects(server, url.path) if url else ():
        block = redirect.location_match.block
        values = request_values(server, step)
        if block.name == "if" and condition_holds(redirect.location_match, block, values) is False:
            continue
        location = _location(redirect, values)
        if location == "":
            continue
        written = replace(step, headers=(("Location", location or ""),))
        is_its = redirect.code == str(step.status) and location is not None
        return redirect if is_its and redirect_target(written) == redirect_target(step) else None
    return None


def _location(redirect: NginxRedirect, values: dict[str, str | None]) -> str | None:
    """Return where a redirect leads; "" if it is not made for this path, None if that cannot be
    known."""
    match, path = redirect.location_match, values["uri"] or ""
    if redirect.directive.name == "rewrite":
        pattern = redirect.directive.args[0]
        groups = pcre_search(pattern, path, ignore_case=False)
        if groups is None:
            return "" if is_supported_pcre(pattern) else None
    else:
        place = location_pattern(match.block) if match.block.name == "location" else None
        is_regular = place is not None and place.modifier in _REGULAR
        groups = (
            pcre_search(place.text, path, place.modifier == "~*") if place and is_regular else None
        )
    captures = groups.groups() if groups else ()
    numbered = {str(number): text or "" for number, text in enumerate(captures, 1)}
    named = {name: text or "" for name, text in groups.groupdict().items()} if groups else {}
    filled = expand_variables(match, redirect.target, {**values, **numbered, **named})
    return with_query(redirect, filled, values) if filled else filled


def _match_other_form(nginx: Nginx, redirect: NginxRedirect, path: str, changes: Changes) -> bool:
    """Let a rule for a path with and without the slash at its end apply to the other form alone,
    not to the one to which it leads. Return whether that was possible: the expression ends with
    "/?$", or a location that holds nothing else takes what its own text begins ("/app/" of
    "/app")."""
    block, directive = redirect.location_match.block, redirect.directive
    is_rewrite = directive.name == "rewrite" and directive.args[0].endswith(_EITHER)
    place = location_pattern(block) if block.name == "location" else None
    changed, stop = (directive, directive.stop) if is_rewrite else (block, block.opened)
    file = nginx.file(changed)
    if file is None or (place is None and not is_rewrite):
        return False
    header = file.text[changed.start : stop]
    text = directive.args[0] if is_rewrite else place.text if place else ""
    if is_rewrite or (place and place.modifier in _REGULAR):
        end = "$" if path.endswith("/") else "/$"
        other = path.rstrip("/") if path.endswith("/") else f"{path}/"
        narrowed = f"{text.removesuffix(_EITHER)}{end}"
        ignore_case = not is_rewrite and place is not None and place.modifier == "~*"
        is_other_only = pcre_matches(narrowed, other, ignore_case) and not pcre_matches(
            narrowed, path, ignore_case
        )
        if not text.endswith(_EITHER) or not is_other_only or header.count(text) != 1:
            return False
        line = header.replace(text, narrowed)
    elif f"{text}/" == path and len(block.block or ()) == 1:
        line = f"location = {text} {{"
    else:
        return False
    change = edits.TextEdit(changed.start, stop, line)
    changes.setdefault(file.path, []).append(change)
    return True
