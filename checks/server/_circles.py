"""Circles of redirects that lines of a web server make, and the edits that end them."""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    file_rows,
    indentation,
    line_edit,
    line_text,
    manual_fix,
    reload_steps,
)
from checks.server._redirect_lines import EVERY_PATH, RedirectLine, redirecting_line, target_fix
from diagnose.model import Applicability, Claim, Confidence, Edit, Fix, Severity, Subject, Target
from diagnose.model.http import Exchange
from diagnose.model.web_servers import SiteRedirect
from diagnose.parsers.redirects import follow_redirects, redirect_target
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import answering_sites, redirects_path

#: "Redirect [status] PATH TARGET" (mod_alias).
_PREFIX = re.compile(
    r"(?i)(\s*)Redirect(Permanent|Temp)?(\s+(?:30[12378]|permanent|temp|seeother))?"
    r"\s+(/[\w./-]{1,200})\s+(\"?[^\s\"$%]{1,300}\"?)\s*"
)
#: A condition that is true for a request over TLS, and its word for that.
_WITH_TLS = re.compile(r"(?i)(\s*RewriteCond\s+(?:%\{HTTPS\}\s+)\"?=?)(on)(\"?\s*(?:\[NC\]\s*)?)")
#: A condition on the name that visitors ask for.
_ABOUT_NAME = re.compile(r"(?i)\s*RewriteCond\s+\"?%\{(?:HTTP_HOST|SERVER_NAME)\}")


def circles(view: ServerView) -> Iterator[Claim]:
    """Yield a claim for each circle of the target's redirects, or of its redirects on port 80, in
    which a known line makes every step; and one for each line that leads into its own folder."""
    exchanges, reported = view.evidence.of(Exchange), set[tuple[str, ...]]()
    for start in view.evidence.good(Exchange):
        chain = follow_redirects(start, exchanges)
        if start.purpose not in {"target", "plain"} or chain.end != "loop":
            continue
        lines = [line for step in chain.cycle if (line := _line_of(view, step))]
        places = tuple(dict.fromkeys(line.place for line in lines))
        is_explained = len(lines) == len(chain.cycle) and 0 < len(places) < 3
        if is_explained and places not in reported:
            reported.add(places)
            yield _circle(view, chain.cycle, list({line.place: line for line in lines}.values()))
    if not reported:
        yield from _own_folders(view)


def _line_of(view: ServerView, step: Exchange) -> RedirectLine | None:
    """Return the line that redirects as this answer does, if the site that answers has it for the
    path, and asks for nothing else than the name; None if that is not known."""
    line, url = redirecting_line(view, step), parse_url(step.url)
    onward, written = parse_url(redirect_target(step) or ""), parse_url(line.target if line else "")
    if line is None or url is None or onward is None or view.config is None:
        return None
    if written is not None and "%" not in line.target and written.port != onward.port:
        return None
    before = line_text(view, line.file, line.number - 1)
    is_free = not before.strip().lower().startswith("rewritecond")
    for site in answering_sites(view.config, url.port, url.host):
        own = (
            redirect
            for redirect in site.redirects
            if not redirect.pattern and redirects_path(redirect, url.path)
            if not redirect.conditional or is_free or _ABOUT_NAME.match(before)
        )
        redirect = next(own, None)
        if redirect is None or (redirect.file, redirect.line) != (line.file, line.number):
            return None
    return line


def _circle(view: ServerView, cycle: tuple[Exchange, ...], lines: list[RedirectLine]) -> Claim:
    first, url = lines[0], parse_url(cycle[0].url)
    is_plain = len(lines) == 1 and url is not None and not url.secure
    fix = target_fix(view, first, "https", "") if is_plain and _has_tls(view) else None
    subjects = tuple(dict.fromkeys(Subject(port=step.port) for step in cycle))
    is_always = all(_is_for_every_request(view, line) for line in lines)
    return Claim(
        about=subjects[0],
        covers=subjects,
        because=(*cycle, *((view.config,) if view.config else ()), view.server),
        facts={
            **view.facts,
            "port": cycle[0].port,
            "place": first.place,
            "to": first.target,
            "prefix": "",
            "itself": False,
            "header": False,
            "plain": is_plain,
            "other": lines[1].place if len(lines) > 1 else "",
            "names": False,
            view.server.product: True,
        },
        confidence=Confidence.CERTAIN if is_always else Confidence.LIKELY,
        fix=fix or manual_fix(view, "one-name" if len(lines) > 1 else "remove"),
    )


def _is_for_every_request(view: ServerView, line: RedirectLine) -> bool:
    """Return whether a line redirects every request of its site: it is for every path, and no
    condition stands above it."""
    before = line_text(view, line.file, line.number - 1).strip().lower()
    is_every_path = line.path.strip("\"'") in {"/", *EVERY_PATH}
    return is_every_path and not before.startswith("rewritecond")


def _has_tls(view: ServerView) -> bool:
    """Return whether the same server has a site with TLS of the target's name on port 443."""
    sites = answering_sites(view.config, 443, view.evidence.target.host) if view.config else ()
    return any(socket.tls for site in sites for socket in site.sockets)


def _own_folders(view: ServerView) -> Iterator[Claim]:
    """Yield a claim for each line of Apache that redirects a folder into itself, where no other
    rule may take its requests before."""
    target = view.evidence.target
    if view.server.product != "apache" or view.config is None or view.config.loaded is False:
        return
    for site in view.answering_sites:
        file = view.config.file(site.file)
        own = "\n".join(file_rows(view, file)[site.line : site.end]) if file else ""
        for redirect in site.redirects:
            edit = exact_edit(view, redirect)
            is_first = not re.search(r"(?i)^\s*(?:RewriteRule|Include|Use)", own, re.MULTILINE)
            if edit is None or not is_first or redirect.file != site.file:
                continue
            if redirect.conditional or not leads_into_itself(redirect, target):
                continue
            yield Claim(
                about=Subject(port=target.port, path=redirect.path),
                because=(view.config, view.server),
                facts={
                    **view.facts,
                    "place": f"{redirect.file}:{redirect.line}",
                    "to": redirect.target,
                    "prefix": redirect.path,
                    "itself": False,
                    "header": False,
                    "plain": False,
                    "other": "",
                    view.server.product: True,
                },
                severity=Severity.WARNING,
                confidence=Confidence.LIKELY,
                fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW),
            )


def leads_into_itself(redirect: SiteRedirect, target: Target) -> bool:
    """Return whether a redirect of a folder leads to a path of the same site that it takes, too."""
    if redirect.pattern or redirect.path == "/" or redirect.exact:
        return False
    if redirect.target.startswith("/") and not redirect.target.startswith("//"):
        path = redirect.target
    else:
        url = parse_url(redirect.target)
        if url is None or (url.host, url.port) != (target.host, target.port):
            return False
        path = url.path
    return redirects_path(redirect, path.partition("?")[0])


def exact_edit(view: ServerView, redirect: SiteRedirect) -> Edit | None:
    """Return the edit by which a line of Apache redirects its path alone, and not what is below it:
    RedirectMatch compares a whole path (mod_alias). A line to its own path goes."""
    match = _PREFIX.fullmatch(line_text(view, redirect.file, redirect.line))
    if match is None:
        return None
    margin, kind, status, path, target = match.groups()
    word = status or {"permanent": " permanent", "temp": " temp"}.get((kind or "").lower(), "")
    url = parse_url(target.strip('"'))
    if (url.path if url else target.strip('"')) == path:
        return line_edit(view, redirect.file, {redirect.line: (f"{margin}# {match[0].strip()}",)})
    pattern = re.sub(r"([.])", r"\\\1", path.rstrip("/"))
    # A path that ends with a slash is not its own target only without it.
    end = "$" if target.strip('"').partition("?")[0].endswith(f"{path.rstrip('/')}/") else "/?$"
    line = f"{margin}RedirectMatch{word} ^{pattern}{end} {target}"
    return line_edit(view, redirect.file, {redirect.line: (line,)})


def scheme_condition_edit(view: ServerView, redirect: SiteRedirect) -> Edit | None:
    """Return the edit by which a RewriteRule that leads to https is for requests without TLS alone:
    its condition asks for the opposite, or an .htaccess has none. None if a person decides."""
    rule = line_text(view, redirect.file, redirect.line)
    before = line_text(view, redirect.file, redirect.line - 1)
    is_tls = any(
        socket.tls and socket.port == view.evidence.target.port
        for site in view.answering_sites
        for socket in site.sockets
    )
    if not is_tls or not rule.strip().lower().startswith("rewriterule"):
        return None
    changes: dict[int, tuple[str, ...]]
    if match := _WITH_TLS.fullmatch(before):
        changes = {redirect.line - 1: (f"{match[1]}off{match[3]}",)}
    elif not before.strip().lower().startswith("rewritecond") and not redirect.conditional:
        changes = {redirect.line: (f"{indentation(rule)}RewriteCond %{{HTTPS}} off", rule)}
    else:
        return None
    return line_edit(view, redirect.file, changes)
