"""A web server on this machine passes the page on to another one, and that one has no site for the
name which it gets: Caddy answers with nothing, Apache with its first site, nginx with the
default block. Asked with
the name of its own site, it shows the page.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps as nginx_reload_steps
from checks.nginx._edits import config_edit
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
from diagnose.parsers.inner_sites import (
    PassedName,
    block_meant,
    is_without_site,
    passed_names,
    site_meant,
)
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children


@check(
    severity=Severity.ERROR,
    needs=[InnerSiteAnswer, WebServer, WebServerConfig, Exchange],
    explains=[
        "server.own-answer",
        "server.application-answers",
        "upstream.own-answer",
        "upstream.wrong-path",
        "nginx.own-answer",
        "nginx.rule-refuses",
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
        if passed.product != "nginx" and (claim := _nginx_claim(evidence, passed)):
            yield claim
            return


def _nginx_claim(evidence: Evidence, passed: PassedName) -> Claim | None:
    """Return the claim about nginx behind another server."""
    nginx = Nginx.of(evidence)
    meant = block_meant(nginx.config, passed) if nginx.config else None
    answers = _answers(evidence, passed, meant[1]) if meant else None
    if meant is None or answers is None:
        return None
    block, name = meant
    line = next(line for line in children(block.block, "server_name") if name in line.args)
    change = edits.replace_directive(line, f"server_name {' '.join((*line.args, passed.name))};")
    edit = config_edit(nginx, line.file, change) if passed.name == evidence.target.host else None
    step = edit or Manual("take-the-name", Where.SERVER)
    facts = _facts(evidence, passed, name, file_line(block.block))
    return Claim(
        about=_subject(evidence),
        covers=_covers(evidence),
        because=(*page_exchanges(evidence), *answers, *nginx.configs),
        facts={**facts, "server": "nginx", "caddy": False, "apache": False, "nginx": True},
        fix=Fix(
            (step, *nginx_reload_steps(nginx)),
            Applicability.REVIEW if edit else Applicability.MANUAL,
        ),
    )


def _has_port(server: WebServer | None, port: int) -> bool:
    return server is not None and port in server.ports


def _answers(
    evidence: Evidence, passed: PassedName, name: str
) -> tuple[InnerSiteAnswer, ...] | None:
    """Return the answers to both names if the page comes with the site's own alone, and the other
    answer is the same before and after."""
    answers = [
        answer
        for answer in evidence.good(InnerSiteAnswer)
        if answer.place.endswith(f":{passed.port}") and answer.name in {passed.name, name}
    ]
    shown = [answer for answer in answers if answer.name == name]
    lost = [answer for answer in answers if answer.name == passed.name]
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
    edit = None
    if passed.name == evidence.target.host:
        edit = address_edit(view, site, name) or alias_edit(view, site)
    step = edit or Manual("take-the-name", Where.SERVER)
    return Claim(
        about=_subject(evidence),
        covers=_covers(evidence),
        because=(*page_exchanges(evidence), *answers, view.server),
        facts={
            **_facts(evidence, passed, name, place_text(site.file, site.line)),
            "server": view.server.title,
            "caddy": view.server.product == "caddy",
            "apache": view.server.product == "apache",
            "nginx": False,
        },
        fix=Fix(
            (step, *reload_steps(view.server)),
            Applicability.REVIEW if edit else Applicability.MANUAL,
        ),
    )


def _subject(evidence: Evidence) -> Subject:
    target = evidence.target
    return Subject(port=target.port, path=target.path_without_query)


def _covers(evidence: Evidence) -> tuple[Subject, ...]:
    pages = list(page_exchanges(evidence))
    return (Subject(port=evidence.target.port), *endpoint_subjects(pages))


def _facts(evidence: Evidence, passed: PassedName, name: str, place: str) -> dict[str, object]:
    titles = {str(web_server.product): web_server.title for web_server in evidence.good(WebServer)}
    first = page_exchanges(evidence)[0]
    return {
        "front": titles.get(passed.product, "nginx"),
        "front_place": place_text(passed.file, passed.line),
        "name": passed.name,
        "inner_port": passed.port,
        "site_name": name,
        "place": place,
        "status": first.status,
        "blank": first.status == 200 and not first.body,
    }
