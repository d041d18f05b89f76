"""A site redirects its requests to itself, so the browser never gets a page: the https site all of
them, the http site to http, a line those of a folder to a path in that folder. Or two lines
redirect to each other, as one to the name with "www." and one to that without.
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import route_to_application
from checks.server._circles import circles, exact_edit, leads_into_itself, scheme_condition_edit
from checks.server._haproxy import redirect_without_tls
from checks.server._name_redirects import other_names_edit
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.backends import BackendAnswer
from diagnose.model.http import Exchange
from diagnose.model.web_servers import SiteRedirect, WebServer, WebServerConfig, WebSite
from diagnose.parsers.redirects import REDIRECTS, follow_redirects
from diagnose.parsers.web_sites import redirect_of, takes

#: A redirect's target: scheme, host or a variable for it, port.
_TARGET = re.compile(
    r"(https?)://(%\{\w{1,40}\}|%\[[\w.()]{1,40}\]|\{host\}|[^/:?#%{]{1,255})(?::(\d{1,5}))?(?=[/?#$%{]|$)"
)


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "server.application-answers",
        "http.redirect-loop",
        "websocket.redirected",
        "websocket.not-upgraded",
    ],
)
def redirect_loop(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None:
        return
    # Of an http site the target of its line decides, which may be http by mistake.
    plain = [] if evidence.target.uses_tls else list(circles(view))
    own = None if plain else _own_redirect(view, view.config)
    yield from plain or ([own] if own else circles(view))


def _own_redirect(view: ServerView, config: WebServerConfig) -> Claim | None:
    """Return the claim about the line that redirects the target to itself."""
    evidence, target = view.evidence, view.evidence.target
    answers = [exchange for exchange in evidence.good(Exchange) if exchange.is_page_of(target)]
    chains = [follow_redirects(answer, evidence.of(Exchange)) for answer in answers]
    if not chains or not all(chain.end == "loop" or chain.is_endless for chain in chains):
        return None
    redirects = [redirect_of(site, target.path) for site in view.answering_sites]
    certain = [redirect for redirect in redirects if redirect and _leads_back(evidence, redirect)]
    redirect = next(iter(certain or _conditional(view)), None)
    if redirect is None:
        return None
    htaccess = redirect.file.endswith("/.htaccess")
    return Claim(
        about=Subject(port=target.port),
        because=(*answers, config, view.server),
        facts={
            **view.facts,
            "place": place_text(redirect.file, redirect.line),
            "to": redirect.target,
            "prefix": redirect.path if _is_within(evidence, redirect) else "",
            "itself": redirect.exact or redirect.target == redirect.path,
            "header": redirect.conditional and not htaccess,
            "plain": not target.uses_tls,
            "other": "",
            "names": other_names_edit(view, redirect) is not None,
            view.server.product: True,
        },
        confidence=Confidence.LIKELY if redirect.conditional else Confidence.CERTAIN,
        fix=_conditional_fix(view, redirect, htaccess)
        if redirect.conditional or htaccess
        else _fix(view, redirect),
    )


def _conditional(view: ServerView) -> list[SiteRedirect]:
    """Return the redirects to the same site that depend on a header or an .htaccess, where nobody
    else redirects: no application is asked, or it answers a page."""
    route = route_to_application(view)
    answers = [
        backend_answer
        for backend_answer in view.evidence.good(BackendAnswer)
        if backend_answer.status
    ]
    redirects = not answers or any(answer.status in REDIRECTS for answer in answers)
    if route is not None and route.target and redirects:
        return []
    return [
        redirect
        for site in view.answering_sites
        for redirect in site.redirects
        if redirect.conditional and not redirect.pattern and _leads_back(view.evidence, redirect)
        if redirect.file.endswith("/.htaccess") or _asks_for_the_scheme(view, site)
    ]


def _asks_for_the_scheme(view: ServerView, site: WebSite) -> bool:
    """Return whether a line of the site asks for the header that a proxy in front would send."""
    lines = (line_text(view, site.file, number) for number in range(site.line, site.end + 1))
    return any("x-forwarded-proto" in line.lower() for line in lines)


def _conditional_fix(view: ServerView, redirect: SiteRedirect, htaccess: bool) -> Fix:
    """Return the edit of a rule's condition on TLS, or what a person changes; an .htaccess counts
    at once."""
    edit = scheme_condition_edit(view, redirect)
    if edit is not None:
        steps = () if htaccess else reload_steps(view.server)
        return Fix((edit, *steps), Applicability.REVIEW)
    if htaccess and _is_within(view.evidence, redirect):
        return Fix((Manual("own-folder", Where.SERVER),), Applicability.MANUAL)
    if htaccess:
        return Fix((Manual("condition-of-htaccess", Where.SERVER),), Applicability.MANUAL)
    return manual_fix(view, "condition")


def _leads_back(evidence: Evidence, redirect: SiteRedirect) -> bool:
    """Return whether a redirect of every path leads to the same site, or that of a folder to the
    path itself."""
    if _is_within(evidence, redirect):
        return True
    target = evidence.target
    hosts = {target.host, "%{http_host}", "%{server_name}", "%[hdr(host)]", "{host}"}
    match = _TARGET.match(redirect.target)
    scheme = "https" if target.uses_tls else "http"
    if match is None or redirect.path != "/" or match[1] != scheme:
        return False
    port = int(match[3]) if match[3] else 443 if scheme == "https" else 80
    return match[2].lower() in hosts and port == target.port


def _is_within(evidence: Evidence, redirect: SiteRedirect) -> bool:
    """Return whether the target of a redirect, a path, is the requested one: the redirect of
    /app* to /app/ takes that too."""
    path = evidence.target.path_without_query
    if redirect.path == "/" or redirect.conditional or redirect.pattern:
        return False
    return redirect.target == path or (
        takes(redirect.path, path) and leads_into_itself(redirect, evidence.target)
    )


def _own_path_edit(view: ServerView, redirect: SiteRedirect) -> Edit | None:
    """Return the edit of a line that redirects one path to itself: to the same with a slash, where
    the site has something below it, else it goes. None if the line does not end with the target."""
    text = line_text(view, redirect.file, redirect.line)
    match = re.match(
        rf"(.*?\s){re.escape(redirect.target)}(\s+(?:\d{{3}}|permanent|temporary))?\s*$", text
    )
    path = f"{redirect.path}/"
    if match is None or redirect.target != redirect.path or redirect.path.endswith("/"):
        return None
    places = (
        place
        for site in view.answering_sites
        for place in (*(route.path for route in site.routes), *(a.prefix for a in site.aliases))
    )
    written = f"{match[1]}{path}{match[2] or ''}" if path in places else f"# {text}"
    return line_edit(view, redirect.file, {redirect.line: (written,)})


def _whole_path_fix(view: ServerView, redirect: SiteRedirect) -> Fix:
    """Let HAProxy's redirect of a path to the one with a slash take that path alone."""
    line = line_text(view, redirect.file, redirect.line)
    own = re.compile(rf"(?<!\S)path_beg(?=(?:\s+-i)?\s+{re.escape(redirect.path)}\s+\}})")
    written, number = own.subn("path", line)
    edit = line_edit(view, redirect.file, {redirect.line: (written,)}) if number == 1 else None
    if edit is None:
        return manual_fix(view, "own-path")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _fix(view: ServerView, redirect: SiteRedirect) -> Fix:
    """Turn the line into a comment. In HAProxy it may serve the plain port as well, and stays."""
    if view.server.product == "haproxy":
        if _is_within(view.evidence, redirect):
            return _whole_path_fix(view, redirect)
        edit = redirect_without_tls(view, redirect)
        return Fix((edit, *reload_steps(view.server))) if edit else manual_fix(view, "remove")
    line = line_text(view, redirect.file, redirect.line)
    if _is_within(view.evidence, redirect) and view.server.product == "apache":
        edit = exact_edit(view, redirect)
        return (
            Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
            if edit
            else manual_fix(view, "own-folder")
        )
    if edit := other_names_edit(view, redirect):
        return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
    if view.server.product == "caddy" and (own := _own_path_edit(view, redirect)):
        return Fix((own, *reload_steps(view.server)), Applicability.REVIEW)
    if _is_within(view.evidence, redirect):
        written = f" {redirect.path}* "
        edit = (
            line_edit(
                view, redirect.file, {redirect.line: (line.replace(written, f" {redirect.path} "),)}
            )
            if view.server.product == "caddy" and line.count(written) == 1
            else None
        )
        if edit is None:
            return manual_fix(view, "own-path")
        return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
    before = line_text(view, redirect.file, redirect.line - 1).strip().lower()
    # A condition belongs to the rule that follows it.
    is_alone = re.match(r"(?i)\s*(?:Redirect|RewriteRule)", line) and not before.startswith(
        "rewritecond"
    )
    if view.server.product == "apache" and is_alone:
        edit = line_edit(view, redirect.file, {redirect.line: (f"# {line}",)})
        if edit:
            return Fix((edit, *reload_steps(view.server)), Applicability.AUTOMATIC)
    if view.server.product == "apache" and (edit := scheme_condition_edit(view, redirect)):
        return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
    return manual_fix(view, "remove")
