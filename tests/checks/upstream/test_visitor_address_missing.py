"""upstream.visitor-address-missing: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Target
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config

CHECK = "upstream.visitor-address-missing"
GIVEN = (RUNNING, BUILD)
WORDS = "nginx反向代理后, 后台日志打印的ip全为 127.0.0.1"


def told(words: str) -> Target:
    return replace(SHOP, symptom=Symptom("other", words))


@pytest.mark.parametrize(
    "words",
    [
        WORDS,
        "加了nginx代理，获取不到真实的ip",
        "How to get real IP when running nginx? all I see is 127.0.0.1",
        "the client IP is always the proxy's",
        "every visitor has the ip 127.0.0.1 in the log",
        "Tomcat access log use proxy ip instead of real client ip",
        "使用nginx反向代理后后端只能获取到nginx的IP地址",
        "request.remote_addr always returns 127.0.0.1",
        "nginx 反代之后拿到的客户端ip是docker网关地址",
    ],
)
def test_fires_after_a_message(words: str) -> None:
    (claim,) = judge(CHECK, *GIVEN, config(), target=told(words))
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+        proxy_set_header X-Real-IP $remote_addr;" in str(claim.fix.steps[0])


def test_silent_without_a_message_about_it() -> None:
    assert not judge(CHECK, *GIVEN, config())
    for words in (
        "connect() to 127.0.0.1:3000 failed", "wrong ip address in DNS", "502",
        "域名解析到真实IP后打不开", "connect to real ip works but not the domain",
        "all requests fail, proxy_pass http://127.0.0.1:8080", "Access denied for your IP",
    ):  # fmt: skip
        assert not judge(CHECK, *GIVEN, config(), target=told(words))


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_silent_where_the_address_is_sent(name: str) -> None:
    line = f"proxy_set_header {name} $remote_addr; proxy_set_header"
    text = SITE.replace("proxy_set_header", line, 1)
    assert text != SITE
    assert not judge(CHECK, *GIVEN, config(text), target=told(WORDS))
