"""nginx.request-buffered: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence
from diagnose.parsers.symptoms import symptom_of
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "nginx.request-buffered"
PAUSED = "nginx反向代理后，大文件上传不能分片上传。上传过程中，暂停后重新启动有会重新上传"
OFF = "proxy_request_buffering off; proxy_set_header"


def told(message: str, text: str = SITE) -> list[Claim]:
    target = replace(SHOP, symptom=symptom_of(message))
    return judge(CHECK, RUNNING, config(text), page(200), target=target)


@pytest.mark.parametrize(
    ("message", "again"),
    [
        (PAUSED, True),
        ("Uploads are not resumable behind nginx: the upload starts over after a pause", True),
        ("Behind nginx the upload progress bar jumps to 100% and then the upload hangs", False),
    ],
)
def test_fires_after_a_message(message: str, again: bool) -> None:
    (claim,) = told(message)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["again"] is again
    assert "proxy_request_buffering off;" in str(claim.fix)
    assert "proxy_http_version 1.1;" in str(claim.fix)


def test_silent_without_such_words_or_where_it_is_off() -> None:
    assert not told("Uploading a file fails")
    assert not told("502 Bad Gateway")
    assert not told(PAUSED, SITE.replace("proxy_set_header", OFF, 1))
    assert not judge(CHECK, RUNNING, config(SITE), page(200))
