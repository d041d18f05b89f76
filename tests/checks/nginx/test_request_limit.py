from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit, Manual, Severity
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import CHAT, SHOP, judge
from tests.support.nginx_evidence import LOADED, RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page
from tests.support.page_evidence import absolute, answered, loads, script
from tests.support.websocket_evidence import upgrade

SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    limit_req zone=web;
}
"""
LIMITED = logged('limiting requests, excess: 0.960 by zone "web"')


def test_fires_and_names_the_rule_that_has_no_burst() -> None:
    (claim,) = judge("nginx.request-limit", RUNNING, config(SITE), LOG_READ, LIMITED, page(503))
    assert (claim.facts["rule"], claim.facts["zone"]) == ("limit_req zone=web", "web")
    assert claim.facts["burst"]
    assert claim.facts["ours"]


def test_fires_with_a_status_of_its_own_and_for_connections() -> None:
    line = logged('limiting connections by zone "addr"')
    site = SITE.replace("limit_req zone=web", "limit_conn addr 1")
    (claim,) = judge("nginx.request-limit", RUNNING, config(site), LOG_READ, line, page(429))
    assert (claim.facts["kind"], claim.facts["burst"]) == ("limit_conn", False)


def test_fires_for_a_websocket_that_is_refused_also_alone() -> None:
    site = SITE.replace("limit_req zone=web;", "location /ws { limit_conn all 1; }")
    line = logged('limiting connections by zone "all"', path="/ws")
    observations = (RUNNING, config(site), LOG_READ, line, page(200), upgrade(503))
    (claim,) = judge("nginx.request-limit", *observations, upgrade(503, "again"), target=CHAT)
    assert (claim.about.path, claim.facts["rule"]) == ("/ws", "limit_conn all 1")
    opened = upgrade(101, "again", accepted=True)
    assert not judge("nginx.request-limit", *observations, opened, target=CHAT)


def test_fires_where_a_limit_without_a_burst_refuses_the_files_of_the_page() -> None:
    line = logged('limiting requests, excess: 0.960 by zone "web"', path="/app.js")
    observations = (RUNNING, LOG_READ, line, page(200), answered(script(), 503))
    (claim,) = judge("nginx.request-limit", config(SITE), *observations)
    assert (claim.facts["url"], claim.confidence) == (absolute("/app.js"), Confidence.LIKELY)
    burst = SITE.replace("zone=web", "zone=web burst=5")
    assert not judge("nginx.request-limit", config(burst), *observations)


@pytest.mark.parametrize(
    "symptom", [Symptom("status", "status of 503", 503), Symptom("limit", "limiting requests")]
)
def test_fires_after_a_message_where_it_refused_other_visitors(symptom: Symptom) -> None:
    """A page whose script loads fifty files, after issue 18183 of AspNetCore.Docs."""
    burst = config(SITE.replace("zone=web", "zone=web burst=10 nodelay"))
    line = logged('limiting requests, excess: 10.300 by zone "web"', path="/_framework/9.dll")
    earlier = replace(line, when=LOADED + 1)
    target = replace(SHOP, symptom=symptom)
    (claim,) = judge("nginx.request-limit", RUNNING, burst, earlier, page(200), target=target)
    assert claim.facts["url"] == absolute("/_framework/9.dll")
    assert (claim.facts["status"], claim.facts["burst"]) == (503, False)
    assert claim.confidence is Confidence.LIKELY
    assert not judge("nginx.request-limit", RUNNING, burst, earlier, page(200))


def test_fires_where_the_page_of_a_maintenance_takes_the_refusals() -> None:
    """Question 554682 of serverfault: the limit stays, and gets a status of its own."""
    line = replace(logged('limiting requests, excess: 2.8 by zone "web"'), when=LOADED + 1)
    target = replace(SHOP, symptom=Symptom("status", "503 is our maintenance page", 503))

    def claims(more: str) -> list[Claim]:
        site = config(SITE.replace("limit_req zone", f"{more}\n    limit_req zone"))
        return judge("nginx.request-limit", RUNNING, site, line, page(200), target=target)

    for more in ("error_page 503 @maintenance;", "error_page 503 =200 /down.html;"):
        (claim,) = claims(more)
        assert claim.facts["caught"] == more.rstrip(";")
        assert claim.fix
        assert "+    limit_req_status 429;" in str(claim.fix.steps[0]).replace("\\n", "\n")
        assert "burst=" not in str(claim.fix.steps)
    (claim,) = claims("error_page 503 429 @maintenance;")
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["own-status"]
    told = target
    target = replace(SHOP, symptom=Symptom("other", "the page of the maintenance, at random"))
    assert claims("error_page 503 @maintenance;")
    assert not claims("error_page 404 @other;")
    target = told
    for more in ("error_page 500 503 /50x.html;", "error_page 404 @other;"):
        (claim,) = claims(more)
        assert not claim.facts["caught"]


def test_silent_when_the_page_answers() -> None:
    assert not judge("nginx.request-limit", RUNNING, config(SITE), LOG_READ, LIMITED, page(200))


def test_silent_when_requests_were_only_delayed() -> None:
    line = logged('delaying request, excess: 0.9, by zone "web"', level="warn")
    assert not judge("nginx.request-limit", RUNNING, config(SITE), LOG_READ, line, page(503))


def test_only_a_note_where_a_request_alone_is_answered() -> None:
    again = replace(page(200), purpose="again")
    observations = (RUNNING, config(SITE), LOG_READ, LIMITED, page(503), again)
    (claim,) = judge("nginx.request-limit", *observations)
    assert claim.severity is Severity.NOTE
    assert not judge("http.server-error", *observations)


def test_a_warning_where_a_request_alone_is_refused_too() -> None:
    again = replace(page(503), purpose="again")
    (claim,) = judge(
        "nginx.request-limit", RUNNING, config(SITE), LOG_READ, LIMITED, page(503), again
    )
    assert claim.severity is None


def test_after_a_message_the_own_requests_of_the_run_do_not_hide_the_others() -> None:
    """All have the address of a server in front, after issue 44 of Magento-nginx-config."""
    text = 'limiting requests, excess: 4.061 by zone "web"'
    earlier = replace(logged(text, path="/a"), when=LOADED + 1, client="127.0.0.1")
    own = replace(logged(text, path="/a"), client="127.0.0.1")
    target = replace(SHOP, symptom=Symptom("limit", "limiting requests"))
    observations = (RUNNING, config(SITE), LOG_READ)
    (claim,) = judge("nginx.request-limit", *observations, earlier, own, page(200), target=target)
    assert claim.facts["proxy"] == "127.0.0.1"
    assert not judge("nginx.request-limit", *observations, own, page(200), target=target)
    other = replace(earlier, client="198.51.100.9")
    (claim,) = judge("nginx.request-limit", *observations, other, own, page(200), target=target)
    assert claim.facts["proxy"] == ""


ZONE = "limit_req_zone $binary_remote_addr zone=web:10m rate=1r/s;\n"
FILES = [f"/assets/{number}.js" for number in range(9)]
PARTS = loads(*(script(src) for src in FILES))


def refused_file(burst: int, path: str = FILES[7]) -> list[Claim]:
    site = ZONE + SITE.replace("zone=web", f"zone=web burst={burst}")
    text = f'limiting requests, excess: {burst}.960 by zone "web"'
    earlier = replace(logged(text, path=path), when=LOADED + 1)
    return judge("nginx.request-limit", RUNNING, config(site), LOG_READ, earlier, page(200), PARTS)


def test_fires_without_a_message_where_it_refused_files_of_the_page() -> None:
    """After issue 397 of dcrstakepool: 24 files, and `burst=5`."""
    (claim,) = refused_file(5)
    assert (claim.facts["requests"], claim.facts["url"]) == (10, absolute(FILES[7]))
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    limit_req zone=web burst=20 nodelay;\n" in edit.diff


SHOP_PAGE = "https://shop.example.com/films"


def refused_images(
    number: int, path: str = "", referrer: str = SHOP_PAGE, symptom: Symptom | None = None
) -> list[Claim]:
    site = config(ZONE + SITE.replace("zone=web", "zone=web burst=5 nodelay"))
    text = 'limiting requests, excess: 5.960 by zone "web"'
    images = [
        replace(
            logged(text, path=path or f"/poster/{each}.jpg"),
            when=LOADED + 1 + each / 10,
            referrer=referrer,
        )
        for each in range(number)
    ]
    target = replace(SHOP, symptom=symptom)
    return judge("nginx.request-limit", RUNNING, site, LOG_READ, *images, page(200), target=target)


def test_fires_without_a_message_where_it_refused_many_images_of_a_page_at_once() -> None:
    """After issue 181 of nginx-badbot-blocker: forty images, and a limit for floods."""
    (claim,) = refused_images(8)
    assert (claim.facts["requests"], claim.confidence) == (8 + 7, Confidence.LIKELY)
    assert claim.facts["page"] == SHOP_PAGE
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    limit_req zone=web burst=30 nodelay;\n" in edit.diff


def test_fires_after_a_message_about_images_where_the_log_names_no_page() -> None:
    """After issue 2 of drupal-with-nginx."""
    missing = Symptom("page-files", "several pictures are missing")
    (claim,) = refused_images(8, referrer="", symptom=missing)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["page"], claim.facts["requests"]) == ("", 8 + 7)
    assert not refused_images(4, referrer="", symptom=missing)
    assert not refused_images(8, referrer="", symptom=Symptom("login", "cannot log in"))


def test_silent_for_few_images_and_for_programs() -> None:
    assert not refused_images(4)
    assert not refused_images(8, referrer="")
    assert not refused_images(8, referrer="https://other.example.org/")
    assert not refused_images(8, path="/poster/1.jpg")
    assert not refused_images(8, path="/films")


def test_silent_where_the_limit_permits_the_page_or_refused_other_paths() -> None:
    assert not refused_file(9)
    assert not refused_file(5, "/login")


def test_fires_where_a_limit_of_connections_refused_files_of_the_page() -> None:
    """Over HTTP/2 each request counts."""
    site = SITE.replace("limit_req zone=web", "limit_conn addr 3")
    line = logged('limiting connections by zone "addr"', path=FILES[7])
    observations = (RUNNING, LOG_READ, replace(line, when=LOADED + 1), page(200), PARTS)
    (claim,) = judge("nginx.request-limit", config(site), *observations)
    assert claim.facts["requests"] == 10
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    limit_conn addr 20;\n" in edit.diff
    assert not judge(
        "nginx.request-limit", config(site.replace("addr 3", "addr 10")), *observations
    )


def typed(claim: Claim) -> str:
    """The edit that a person chooses."""
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    return "".join(each.diff for each in step.commands if isinstance(each, Edit))


def test_a_person_may_choose_the_line_that_permits_more() -> None:
    (claim,) = judge("nginx.request-limit", RUNNING, config(SITE), LOG_READ, LIMITED, page(503))
    assert "+    limit_req zone=web burst=20 nodelay;\n" in typed(claim)
    line = logged('limiting connections by zone "addr"')
    site = SITE.replace("limit_req zone=web", "limit_conn addr 15")
    (claim,) = judge("nginx.request-limit", RUNNING, config(site), LOG_READ, line, page(429))
    assert "+    limit_conn addr 30;\n" in typed(claim)


def test_no_line_is_written_where_all_visitors_have_the_address_of_this_machine() -> None:
    local = replace(LIMITED, client="127.0.0.1")
    (claim,) = judge("nginx.request-limit", RUNNING, config(SITE), LOG_READ, local, page(503))
    assert not typed(claim)


def test_fires_after_a_message_of_a_browser_about_another_site() -> None:
    """After issue 387 of beatsaver-main: the refusal of the limit is reported as CORS."""
    text = (
        "Access to fetch at 'https://shop.example.com/maps' from origin 'https://app.example.org'"
        " has been blocked by CORS policy net::ERR_FAILED 429 (Too Many Requests)"
    )
    line = replace(logged('limiting requests, excess: 2.8 by zone "web"'), when=LOADED + 1)
    site = SITE.replace("limit_req zone=web;", "location / {\n        limit_req zone=web;\n    }")
    observations = (RUNNING, config(site), LOG_READ, line, page(200))
    target = replace(SHOP, symptom=Symptom("cors", text))
    (claim,) = judge("nginx.request-limit", *observations, target=target, masked=False)
    assert claim.facts["status"] == 429
    assert claim.fix
    last = claim.fix.steps[-1]
    assert isinstance(last, Manual)
    (edit,) = [step for step in last.commands if isinstance(step, Edit)]
    assert "error_page 429 @limited;" in edit.diff
    assert "add_header Access-Control-Allow-Origin https://app.example.org always;" in edit.diff
    other = replace(SHOP, symptom=Symptom("cors", text.replace("429 (Too Many Requests)", "")))
    assert not judge("nginx.request-limit", *observations, target=other, masked=False)
    taken = site.replace("        limit", "        error_page 404 /404.html;\n        limit")
    observations = (RUNNING, config(taken), LOG_READ, line, page(200))
    (claim,) = judge("nginx.request-limit", *observations, target=target, masked=False)
    assert claim.fix
    last = claim.fix.steps[-1]
    assert isinstance(last, Manual)
    assert last.commands == ()
