from dataclasses import replace

from diagnose.model.web_servers import ServerRequestError
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.apache-rewrite-recursion"
RECURSION = ServerRequestError(
    product="apache",
    log="/var/log/apache2/error.log",
    reason="recursion",
    message="AH00124: Request exceeded the limit of 10 internal redirects",
)


def test_fires_for_the_line_of_this_request() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), RECURSION, replace(ANSWER, status=500))
    assert claim.facts["log"] == "/var/log/apache2/error.log"


def test_silent_when_a_page_came() -> None:
    assert not judge(CHECK, APACHE, apache_config(), RECURSION, ANSWER)
