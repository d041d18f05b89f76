"""PHP-FPM answers in its own words that it does not find the script, or may not run it, behind
Caddy (php_fastcgi; PHP's sapi/fpm/fpm/fpm_main.c: "File not found.", "Access denied."). Caddy sends
it only files that Caddy itself finds, so PHP-FPM sees other files: in another container, below
another root, or its user may not read them. `reverse_proxy` with `transport fastcgi` is less than
php_fastcgi: it adds no index.php to the path of a folder, so that PHP-FPM gets the folder.

Behind Apache it is named where ProxyPassMatch sends PHP-FPM another folder than the site's
DocumentRoot (AH01071, "Primary script unknown"; mod_proxy_fcgi), or where its container was looked
into and lacks the script."""

from collections.abc import Iterator

from checks.server import (
    ServerView,
    line_edit,
    line_text,
    place_text,
    reload_steps,
    server_on_port,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.containers import ScriptContainer
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig, WebSite

#: What PHP-FPM itself answers, by the status.
_WORDS = {404: "File not found.", 403: "Access denied."}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "http.answer-says-why",
        "server.own-answer",
        "server.page-missing",
        "server.request-logged",
    ],
)
def script_not_found(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    is_known = view is not None and view.server.product in {"caddy", "apache"}
    if view is None or not is_known:
        return
    pages = [
        page
        for page in page_exchanges(evidence)
        if page.status in _WORDS and _bare(page.body) == _WORDS[page.status]
    ]
    routes = [
        (site, route)
        for site in view.answering_sites
        for route in site.routes
        if route.scheme == "fcgi"
        if view.server.product == "caddy"
        or _other_folder(site, route)
        or _container(evidence, route)
    ]
    if not pages or not routes:
        return
    site, route = routes[0]
    other = _other_folder(site, route) if view.server.product == "apache" else ""
    edit = _edit(view, site, route, other) if other else None
    lacks_index = pages[0].status == 403 and _is_bare_transport(view, route)
    container = None if other else _container(evidence, route)
    yield Claim(
        about=Subject(port=target.port, path=target.path_without_query),
        covers=(Subject(port=target.port),),
        because=(
            *([container] if container else []),
            *pages,
            view.server,
            *evidence.good(WebServerConfig),
        ),
        facts={
            **view.facts,
            "status": pages[0].status,
            "words": _WORDS[pages[0].status or 404],
            "missing": pages[0].status == 404,
            "application": route.socket or route.target,
            "root": site.root,
            "sent": other,
            "lacks_index": lacks_index,
            "dial": (route.socket or route.target).removeprefix("fcgi://"),
            "place": place_text(route.file, route.line),
            "url": pages[0].url,
            **_container_facts(container),
        },
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else Fix(
            (Manual(_step(other, lacks_index, container), Where.SERVER),), Applicability.MANUAL
        ),
    )


def _container(evidence: Evidence, route: SiteRoute) -> ScriptContainer | None:
    """Return the container of PHP-FPM, if it lacks the script."""
    return next(
        (
            container
            for container in evidence.good(ScriptContainer)
            if container.endpoint == route.authority and not container.is_there
        ),
        None,
    )


def _container_facts(container: ScriptContainer | None) -> dict[str, object]:
    names = ("container", "script", "source", "seen", "compose", "service")
    if container is None:
        return dict.fromkeys(names, "")
    values = (
        container.name or container.endpoint, container.path, container.source,
        container.seen_at, container.compose, container.service,
    )  # fmt: skip
    return dict(zip(names, values, strict=True))


def _step(other: str, lacks_index: bool, container: ScriptContainer | None) -> str:
    if other:
        return "own-folder"
    if container is not None:
        return "path-inside" if container.seen_at else "mount-the-site"
    return "php-fastcgi" if lacks_index else "same-files"


def _is_bare_transport(view: ServerView, route: SiteRoute) -> bool:
    """Return whether Caddy passes on by `reverse_proxy`, and not by php_fastcgi."""
    line = line_text(view, route.file, route.line)
    return view.server.product == "caddy" and "reverse_proxy" in line.split()


def _other_folder(site: WebSite, route: SiteRoute) -> str:
    """Return the folder that a pattern sends PHP-FPM in the place of the site's own; "" if it is
    the same, or not known."""
    folder, dollar, rest = route.backend_path.partition("$")
    root = site.root.rstrip("/")
    is_folder = bool(dollar) and rest.isdigit() and folder.strip("/") and root
    return folder.rstrip("/") if is_folder and folder.rstrip("/") != root else ""


def _edit(view: ServerView, site: WebSite, route: SiteRoute, other: str) -> Edit | None:
    """Send the site's own folder. PHP-FPM may have other folders, in a container."""
    line = line_text(view, route.file, route.line)
    # An example's "/path/to/root/$1" is often shortened to "/var/www//$1".
    before, folder, after = line.partition(f"{other}/")
    if not folder or not after.lstrip("/").startswith("$") or other in after or '"' in line:
        return None
    new = f"{before}{site.root.rstrip('/')}/{after.lstrip('/')}"
    return line_edit(view, route.file, {route.line: (new,)})


def _bare(body: str) -> str:
    """Return a body without blanks, and without the mark of a masked record."""
    return body.strip().removeprefix("*** ")
