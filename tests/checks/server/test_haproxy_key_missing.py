from dataclasses import replace

from diagnose.model import Applicability, Claim, Command, Edit
from diagnose.model.files import StoredCertificate
from diagnose.model.web_servers import WebServerConfig, WebServerTest
from tests.support.certificates import LEAF
from tests.support.check_evidence import judge as put
from tests.support.haproxy_evidence import CONFIG, PEM, SERVER, TEXT, config

MESSAGE = "'bind :443' in section 'frontend' : No Private Key found in '{}'."
TEST = WebServerTest(
    product="haproxy", passed=False, message=MESSAGE.format(f"{PEM}.key"), file=CONFIG, line=6
)


def judge(test: WebServerTest, *more: WebServerConfig | StoredCertificate) -> list[Claim]:
    server = replace(SERVER, product=test.product)
    return put("server.haproxy-key-missing", server, test, *more, masked=False)


def test_fires_where_haproxy_finds_no_key() -> None:
    (claim,) = judge(TEST)
    assert (claim.facts["file"], claim.facts["place"]) == (PEM, f"{CONFIG}:6")
    assert not claim.facts["live"]


def test_fires_with_certbots_words_for_its_own_file() -> None:
    path = "/etc/letsencrypt/live/shop.example.com/fullchain.pem"
    (claim,) = judge(replace(TEST, message=MESSAGE.format(path)))
    assert claim.facts["live"]
    assert not claim.facts["joined"]


def test_fires_with_a_file_of_both_where_the_line_is_known() -> None:
    path = "/etc/letsencrypt/live/shop.example.com/fullchain.pem"
    test = replace(TEST, message=MESSAGE.format(path))
    (claim,) = judge(test, config(TEXT.replace(PEM, path)))
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = next(step for step in claim.fix.steps if isinstance(step, Edit))
    assert "+    bind :443 ssl crt /etc/haproxy/shop.example.com.pem" in edit.diff
    (claim,) = judge(test, config())
    assert not claim.facts["joined"], "the line names another file"


def test_fires_with_a_link_to_the_key_that_lies_beside() -> None:
    folder = PEM.rpartition("/")[0]
    key = f"{folder}/shop.key"
    (claim,) = judge(TEST, StoredCertificate(path=PEM, chain=(LEAF,), key=key))
    assert claim.facts["key"] == key
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    link = claim.fix.steps[0]
    assert isinstance(link, Command)
    assert link.argv[-2:] == (key, f"{PEM}.key")
    for path, lies in ((PEM, "/root/shop.key"), (PEM, f"{PEM}.key"), (f"{folder}/a.pem", key)):
        (claim,) = judge(TEST, StoredCertificate(path=path, chain=(LEAF,), key=lies))
        assert not claim.facts["key"]
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


def test_silent_for_another_error_or_none() -> None:
    assert not judge(replace(TEST, message="unknown keyword 'x'"))
    assert not judge(replace(TEST, passed=True))
    assert not judge(replace(TEST, product="apache"))
