from dataclasses import replace

from diagnose.model import Claim
from diagnose.model.web_servers import WebServerTest
from tests.support.check_evidence import judge as put
from tests.support.haproxy_evidence import CONFIG, PEM, SERVER

MESSAGE = "'bind :443' in section 'frontend' : No Private Key found in '{}'."
TEST = WebServerTest(
    product="haproxy", passed=False, message=MESSAGE.format(f"{PEM}.key"), file=CONFIG, line=6
)


def judge(test: WebServerTest) -> list[Claim]:
    return put("server.haproxy-key-missing", replace(SERVER, product=test.product), test)


def test_fires_where_haproxy_finds_no_key() -> None:
    (claim,) = judge(TEST)
    assert (claim.facts["file"], claim.facts["place"]) == (PEM, f"{CONFIG}:6")
    assert not claim.facts["live"]


def test_fires_with_certbots_words_for_its_own_file() -> None:
    path = "/etc/letsencrypt/live/shop.example.com/fullchain.pem"
    (claim,) = judge(replace(TEST, message=MESSAGE.format(path)))
    assert claim.facts["live"]


def test_silent_for_another_error_or_none() -> None:
    assert not judge(replace(TEST, message="unknown keyword 'x'"))
    assert not judge(replace(TEST, passed=True))
    assert not judge(replace(TEST, product="apache"))
