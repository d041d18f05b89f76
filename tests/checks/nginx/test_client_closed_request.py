"""nginx.client-closed-request: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Symptom
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "nginx.client-closed-request"
CLOSED = FailedRequests(
    file="/var/log/nginx/access.log", method="POST", path="/api/data", status=499,
    written="at 18:01", times=3, is_from_page=True,
)  # fmt: skip
TOLD = replace(SHOP, symptom=Symptom("status", "大量 499", 499))


def test_fires_on_clients_that_gave_up_again_and_again() -> None:
    (claim,) = judge(CHECK, RUNNING, config(), page(200), CLOSED)
    assert claim.about.path == "/api/data"
    assert claim.facts["application"] == "http://127.0.0.1:3000"


def test_fires_on_a_single_one_that_somebody_tells_of() -> None:
    assert judge(CHECK, RUNNING, config(), page(200), replace(CLOSED, times=1), target=TOLD)


def test_silent_on_a_few_and_on_other_statuses() -> None:
    assert not judge(CHECK, RUNNING, config(), page(200), replace(CLOSED, times=2))
    assert not judge(CHECK, RUNNING, config(), page(200), replace(CLOSED, status=502))


def test_silent_where_no_application_is_asked() -> None:
    text = SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /var/www;")
    assert not judge(CHECK, RUNNING, config(text), page(200), CLOSED)


def test_other_requests_are_not_said_to_get_it() -> None:
    assert not judge("nginx.other-requests-failed", RUNNING, config(), page(200), CLOSED)
