"""What Apache's rules make of a request that a message is about, and that this run does not send:
by another program, or with another method."""

import posixpath
from collections.abc import Iterator

from checks.server import ServerView
from diagnose.model.http import page_exchanges
from diagnose.model.server_rules import AnsweringRule
from diagnose.model.web_servers import WebSite
from diagnose.parsers.apache.config import Directive
from diagnose.parsers.apache.loading import ConfigSource, LoadedConfig, load
from diagnose.parsers.apache.target_rules import site_rules
from diagnose.parsers.server_request import ServerRequest, requests_of


def plain_request(view: ServerView) -> ServerRequest | None:
    """Return the request of this run, if it got the page from Apache; None if not: then the page
    itself is the fault."""
    pages = page_exchanges(view.evidence)
    has_page = bool(pages) and all(0 < (page.status or 0) < 400 for page in pages)
    if view.config is None or view.server.product != "apache" or not has_page:
        return None
    return next(requests_of(view.evidence.target))


def refusing_rule(
    view: ServerView, request: ServerRequest, refused: ServerRequest
) -> AnsweringRule | None:
    """Return the rule that surely refuses the request `refused`, and not `request`."""
    for site in view.answering_sites:
        loaded, htaccess = _loaded(view, site)
        passed = set(site_rules(loaded, site, request, htaccess))
        for rule in site_rules(loaded, site, refused, htaccess):
            if rule.is_certain and rule.file:
                return rule if rule not in passed else None
    return None


def _loaded(view: ServerView, site: WebSite) -> tuple[LoadedConfig, tuple[Directive, ...]]:
    """Return the directives of the site's file, and of the .htaccess of its folder."""
    main = tuple(_directives(view, site.file))
    modules = view.config.modules if view.config else ()
    own = posixpath.join(site.root, ".htaccess")
    htaccess = tuple(_directives(view, own)) if site.reads_htaccess else ()
    return LoadedConfig(main, modules, True), htaccess


def _directives(view: ServerView, path: str) -> Iterator[Directive]:
    file = view.config.file(path) if view.config else None
    if file and view.config:
        source = ConfigSource({path: file.text}, {})
        yield from load(path, source, "/", {}, view.config.modules).main
