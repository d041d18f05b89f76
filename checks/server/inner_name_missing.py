"""A web server on this machine passes the page on to another one, and that one has no site for the
name which it gets: Caddy answers with nothing, Apache with its first site or a refusal. Asked with
the name of its own site, it shows the page.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.server import ServerView, place_text, reload_steps
from checks.server._site_names import address_edit, alias_edit
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.backends import InnerSiteAnswer
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.inner_sites import PassedName, is_without_site, passed_names, site_meant


@check(
    severity=Severity.ERROR,
    needs=[InnerSiteAnswer, WebServer, WebServerConfig, Exchange],
    explains=[
        "server.own-answer",
        "server.application-answers",
        "upstream.own-answer",
        "upstream.wrong-path",
        "http.answer-says-why",
        "http.blank-page",
        "http.not-the-site",
        "http.page-refused",
        "http.server-error",
        "websocket.*",
    ],
)
def inner_name_missing(evidence: Evidence) -> Iterator[Claim]:
    target, pages = evidence.target, page_exchanges(evidence)
    if not pages or not all(map(is_without_site, pages)):
        return
    configs = evidence.good(WebServerConfig)
    servers = {server.product: server for server in evidence.good(WebServer) if not server.foreign}
    holders = [c for c in configs if _has_port(servers.get(c.product), target.port)]
    nginx = () if holders else evidence.good(NginxConfig)
    for passed in passed_names(target, nginx, holders):
        for config in configs:
            server = servers.get(config.product)
            if server is None or passed.port not in server.ports or config in holders:
                continue
            meant = site_meant(config, passed)
            answers = _answers(evidence, passed, meant[1]) if meant else None
            if meant is None or answers is None:
                continue
            view = ServerView(evidence, server, config, None)
            yield _claim(view, passed, meant, answers)
            return


def _has_port(server: WebServer | None, port: int) -> bool:
    return server is not None and port in server.ports


def _answers(
    evidence: Evidence, passed: PassedName, name: str
) -> tuple[InnerSiteAnswer, ...] | None:
    """Return the answers to both names if the page comes with the site's own alone, and the other
    answer is the same before and after."""
    answers = [
        each
        for each in evidence.good(InnerSiteAnswer)
        if each.place.endswith(f":{passed.port}") and each.name in {passed.name, name}
    ]
    shown = [each for each in answers if each.name == name]
    lost = [each for each in answers if each.name == passed.name]
    is_shown = bool(shown) and all(each.is_page for each in shown)
    is_lost = len(lost) > 1 and not any(each.is_page for each in lost)
    statuses = {each.status for each in lost}
    is_same = statuses == {page.status for page in page_exchanges(evidence)}
    return (*lost, *shown) if is_shown and is_lost and is_same and len(statuses) == 1 else None


def _claim(
    view: ServerView,
    passed: PassedName,
    meant: tuple[WebSite, str],
    answers: tuple[InnerSiteAnswer, ...],
) -> Claim:
    evidence, (site, name) = view.evidence, meant
    pages, port = page_exchanges(evidence), evidence.target.port
    titles = {str(each.product): each.title for each in evidence.good(WebServer)}
    edit = None
    if passed.name == evidence.target.host:
        edit = address_edit(view, site, name) or alias_edit(view, site)
    step = edit or Manual("take-the-name", Where.SERVER)
    return Claim(
        about=Subject(port=port, path=evidence.target.path.partition("?")[0]),
        covers=(Subject(port=port), *endpoint_subjects(list(pages))),
        because=(*pages, *answers, view.server),
        facts={
            "server": view.server.title,
            "front": titles.get(passed.product, "nginx"),
            "front_place": place_text(passed.file, passed.line),
            "name": passed.name,
            "inner_port": passed.port,
            "site_name": name,
            "place": place_text(site.file, site.line),
            "status": pages[0].status,
            "blank": pages[0].status == 200 and not pages[0].body,
            "caddy": view.server.product == "caddy",
            "apache": view.server.product == "apache",
        },
        fix=Fix(
            (step, *reload_steps(view.server)),
            Applicability.REVIEW if edit else Applicability.MANUAL,
        ),
    )
