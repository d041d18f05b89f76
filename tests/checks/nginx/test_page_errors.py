from dataclasses import replace

import pytest

from checks.nginx import Nginx
from checks.nginx._page_errors import PageError, failed_sockets, page_directive, page_error
from diagnose.model import Confidence, Observation, Subject, Target
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from tests.support.check_evidence import SHOP, TIMEOUT, evidence
from tests.support.nginx_evidence import LOADED, RUNNING, config, direct, front
from tests.support.page_errors import LOG, LOG_READ, RUN_BEGAN, logged, page

LINE = logged('"/srv/shop/" is forbidden')
PAGE = page(403)


def error(*observations: Observation, target: Target = SHOP) -> PageError | None:
    return page_error(evidence(*observations, target=target), r'"(\S+)" is forbidden', {403, 404})


def test_an_error_about_the_page_is_found_with_the_responses_that_it_explains() -> None:
    found = error(PAGE, LINE, LOG_READ, RUNNING)
    assert found is not None
    assert (found.match[1], found.because) == ("/srv/shop/", (LINE, PAGE))
    assert found.facts["status"] == 403
    assert found.facts["log"] == LOG
    assert found.subjects == (
        Subject(address="203.0.113.10", port=443),
        Subject(address="203.0.113.10", port=80),
    )


@pytest.mark.parametrize(
    "observation", [page(200), replace(PAGE, purpose="plain"), replace(PAGE, failure=TIMEOUT)]
)
def test_without_such_a_response_of_the_page_it_is_no_fault(observation: Exchange) -> None:
    assert error(observation, LINE, LOG_READ, RUNNING) is None


@pytest.mark.parametrize(
    "line",
    [
        logged('open() "/srv/shop/" is forbidden'),
        logged(LINE.text, host="blog.example.com"),
        logged(LINE.text, path="/other"),
        logged(LINE.text, when=LOADED - 1),
    ],
    ids=["another beginning", "another site", "another path", "an earlier configuration"],
)
def test_a_line_about_something_else_explains_nothing(line: LogLine) -> None:
    assert error(PAGE, line, LOG_READ, RUNNING) is None


def test_the_last_of_several_lines_counts() -> None:
    earlier = logged('"/srv/old/" is forbidden', when=RUN_BEGAN)
    found = error(PAGE, LINE, earlier, LOG_READ, RUNNING)
    assert found is not None
    assert found.line is LINE


def test_it_is_certain_only_of_a_line_that_this_run_caused() -> None:
    """The log has whole seconds."""
    log = replace(LOG_READ, until=RUN_BEGAN + 2.9)
    for when, certain in ((RUN_BEGAN, True), (RUN_BEGAN - 1, False)):
        found = error(PAGE, logged(LINE.text, when=when), log, RUNNING)
        assert found is not None
        assert (found.confidence is Confidence.CERTAIN) is certain
    for other in ((), (replace(LOG_READ, file="/var/log/other.log"),)):
        found = error(PAGE, LINE, *other, RUNNING)
        assert found is not None
        assert found.confidence is Confidence.LIKELY


def test_sockets_that_visitors_are_refused_for_the_same_reason() -> None:
    seen = evidence(front(403), front(101, "/chat"), direct(403))
    assert failed_sockets(seen, {403}) == (Subject(address="203.0.113.10", port=443, path="/ws"),)
    assert failed_sockets(seen, {404}) == ()


def test_the_directive_in_force_is_that_of_the_pages_location() -> None:
    text = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /srv/all;
    location /app/ {
        root /srv/app;
    }
}
"""
    for path, root in (("/app/x", "/srv/app"), ("/", "/srv/all")):
        directive = page_directive(
            Nginx.of(evidence(config(text), target=replace(SHOP, path=path))), "root"
        )
        assert directive is not None
        assert directive.args == (root,)
    assert page_directive(Nginx.of(evidence(config(text))), "index") is None
    assert page_directive(Nginx.of(evidence()), "root") is None
