"""Sentences that tell what was before, what it is not, and what fails beside what works."""

import pytest

from diagnose.cli.operands import parse_targets
from diagnose.parsers.clauses import failing_name
from diagnose.parsers.symptoms import symptom_of
from diagnose.parsers.told_now import told_now


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("no 502 anymore but now the page is blank", "blank", None),
        ("worked until I enabled HSTS, now it redirects in a loop", "redirects", None),
        ("we fixed the redirect loop, now uploads fail with 413", "status", 413),
        ("the certificate expired, I renewed it, now nginx won't start", "nginx-start", None),
        ("it used to be 404, since I changed the root it is 403", "status", 403),
        ("antes daba 502, ahora la página sale en blanco", "blank", None),
        ("раньше была ошибка 404, теперь 500", "status", 500),
        ("以前是502，现在变成504了", "status", 504),
        ("不是证书的问题，浏览器提示连接被拒绝", "refused", None),
        ("no es lento, simplemente no carga", "unusable", None),
        ("it's not slow, it just never loads", "unusable", None),
        ("Login geht, aber der Chat verbindet nicht", "websocket", None),
        # What is vague now is told by what was before
        ("the certificate expired, now the site cannot be opened", "certificate-expired", None),
        ("You cannot visit shop.acme.net right now because the website uses HSTS", "hsts", None),
    ],
)
def test_what_is_wrong_now_is_read(text: str, kind: str, number: int | None) -> None:
    symptom = symptom_of(text)
    assert symptom
    assert (symptom.kind, symptom.number or None) == (kind, number)
    assert symptom.text == text


@pytest.mark.parametrize("text", ["", "it works now", "502 right now", "now it fails", "x" * 500])
def test_a_sentence_without_a_time_before_tells_nothing(text: str) -> None:
    assert not told_now(text)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("only shop.acme.net fails with 502, blog.acme.net works", "shop.acme.net"),
        ("shop.acme.net works but www.shop.acme.net does not", "www.shop.acme.net"),
        ("shop.acme.net上传失败，而blog.acme.net正常", "shop.acme.net"),
    ],
)
def test_of_several_names_that_which_fails_is_the_site(text: str, host: str) -> None:
    (target,) = parse_targets([text], (), "en")
    assert target.host == host


def test_several_names_that_fail_are_none() -> None:
    assert not failing_name("a.acme.net fails, b.acme.net fails", ("a.acme.net", "b.acme.net"))
    assert not failing_name("a.acme.net and b.acme.net", ("a.acme.net", "b.acme.net"))
