"""upstream.read-timeout: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Claim, Edit, Observation, Symptom
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, LOADED, RUNNING, SITE, config
from tests.support.upstream_evidence import logged, page

CHECK = "upstream.read-timeout"
REPORTED = Symptom("status", "504 Gateway Time-out", 504)
PASS = "proxy_pass http://127.0.0.1:3000;"


def judged(
    *more: Observation, text: str = SITE, symptom: Symptom | None = REPORTED, status: int = 200
) -> list[Claim]:
    target = replace(SHOP, symptom=symptom)
    return judge(CHECK, config(text), BUILD, RUNNING, page(status), *more, target=target)


def with_patience(words: str) -> str:
    return SITE.replace(
        "        proxy_set_header Host", f"        {words}\n        proxy_set_header Host", 1
    )


def test_fires_on_a_message_about_504() -> None:
    (claim,) = judged()
    assert (claim.facts["patience"], claim.facts["set"]) == ("60", "")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_read_timeout 300s;\n" in edit.diff


def test_fires_and_changes_the_time_that_is_set() -> None:
    (claim,) = judged(text=with_patience("proxy_read_timeout 90s;"))
    assert (claim.facts["patience"], claim.facts["set"]) == ("90", "proxy_read_timeout 90s")


PAGED = SITE.replace("    location / {", "    error_page 502 504 = @sorry;\n    location / {", 1)


def test_fires_on_405_where_the_page_for_the_failure_refuses_a_post() -> None:
    """http://muratknecht.de/tech/why-nginx-returns-405-post-504-gateway-timeout-other-gotchas-error-page-directive/."""
    told = Symptom("status", "POST 405 Not Allowed", 405)
    text = "upstream timed out (110: Connection timed out) while reading response header"
    line = logged(text, request="POST / HTTP/1.1")
    (claim,) = judged(line, text=PAGED, symptom=told, status=404)
    assert (claim.facts["refused"], claim.facts["refusing"]) == (
        "POST /",
        "error_page 502 504 = @sorry",
    )
    assert claim.fix
    assert not judged(line, symptom=told)
    assert not judged(text=PAGED, symptom=told)
    assert not judged(logged(text), text=PAGED, symptom=told)
    assert not judged(replace(line, when=LOADED - 60), text=PAGED, symptom=told)
    assert not judged(line, text=PAGED, symptom=replace(told, number=403))


def test_fires_on_a_line_of_the_error_log() -> None:
    assert judged(symptom=Symptom("upstream-timeout", "upstream timed out (110: …)"))


def test_silent_without_such_a_message() -> None:
    assert not judged(symptom=None)
    assert not judged(symptom=Symptom("status", "502 Bad Gateway", 502))


def test_silent_where_somebody_has_decided() -> None:
    assert not judged(text=with_patience("proxy_read_timeout 10m;"))


def test_silent_where_the_page_fails_or_a_log_has_it() -> None:
    assert not judged(status=504)
    failed = FailedRequests(
        file="/var/log/nginx/access.log",
        method="GET",
        path="/report",
        status=504,
        written="at 18:01",
    )
    assert not judged(failed)


def test_silent_where_a_cdn_may_have_given_up() -> None:
    behind = replace(page(200), headers=(("Via", "1.1 varnish"),))
    target = replace(SHOP, symptom=REPORTED)
    assert not judge(CHECK, config(SITE), BUILD, RUNNING, behind, target=target)
    own = replace(target, symptom=Symptom("status", "504 Gateway Time-out nginx/1.24.0", 504))
    assert judge(CHECK, config(SITE), BUILD, RUNNING, behind, target=own)


def test_silent_where_the_log_has_it_only_from_before_the_time_was_raised() -> None:
    text = "upstream timed out (110: Connection timed out) while reading response header"
    old = logged(text, when=LOADED - 60)
    raised = with_patience("proxy_read_timeout 120s;")
    assert not judged(old, text=raised)
    # A reload for another reason: nobody has decided.
    assert judged(old)


def test_fires_on_the_very_time_that_a_message_tells() -> None:
    for words in (
        "the export fails after 60 s",
        "报表导出超过60秒就失败",
        "bricht nach einer Minute ab",
    ):
        (claim,) = judged(symptom=Symptom("other", words))
        assert claim.facts["timed"] is True
    assert not judged(symptom=Symptom("other", "the export fails after 30 s"))
    assert not judged(symptom=Symptom("other", "the cache expires after 60 s"))
    assert not judged(
        symptom=Symptom("other", "the export fails after 60 s"),
        text=with_patience("proxy_read_timeout 300s;"),
    )
