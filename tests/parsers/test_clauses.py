"""What the clauses of a sentence say: a failing part, a contrast, or something else than a site."""

import pytest

from diagnose.parsers.clauses import contrast, failing_part, is_foreign
from diagnose.parsers.symptoms import symptom_of


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("login not possible when behind a reverse proxy", "login"),
        ("authentication failed", "login"),
        ("内网能正常登录，外网反向代理后显示密码错误", "login"),
        ("large files are usually stopped and then restarted", "upload"),
        ("the incorrect port number in a redirect", "wrong-address"),
        ("the terminal stays stuck", "websocket"),
        ("终端一直连接中", "websocket"),
        ("1Panel 申请证书一直显示申请中", "acme"),
        ("renewal of the certificate fails", "acme"),
        # The nearest part counts, and the clause that fails.
        ("login works fine, the upload fails", "upload"),
        ("图片可以显示，上传失败", "upload"),
        # What was done before is not what fails.
        ("after enabling SSL the images are missing", "page-files"),
        ("配置证书后，图片不显示", "page-files"),
    ],
)
def test_a_failing_part(words: str, kind: str) -> None:
    told = failing_part(words)
    assert told
    assert told.kind == kind


@pytest.mark.parametrize(
    "words",
    [
        "",
        "the upload works fine",
        "login without any problem",
        "登录没有问题",
        "配置证书后打不开",
        "how to enable websockets",
        "password " + "x " * 60 + "fails",
        "The certificate does not expire until March",
        "the upload is not limited",
        "It's not the certificate",
        "I lost my password to the VPS",
        "the login is not blocked",
    ],
)
def test_no_part_fails(words: str) -> None:
    assert failing_part(words) is None


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("works on the LAN, not from the internet", "not-outside"),
        ("from outside, it never opens", "not-outside"),
        ("内网可以，外网打不开", "not-outside"),
        ("localhost 可以访问，公网不行", "not-outside"),
        ("works by ip, fails by domain name", "not-by-name"),
        ("ip可以访问域名不行", None),
        ("ip可以访问，域名不行", "not-by-name"),
        ("only works with the IP", "not-by-name"),
        ("http is fine but https fails", "not-over-https"),
        ("只能用http访问", "not-over-https"),
        ("directly it works, through Caddy I get an error", "not-through-proxy"),
        ("直接访问正常，通过nginx就不行", "not-through-proxy"),
        ("works in Firefox, but not in Safari", "some-visitors"),
        ("I can open it in the browser, but the app fails", "some-visitors"),
        ("电脑正常，手机打不开", "some-visitors"),
        ("it works", None),
        ("it fails", None),
        ("works in Chrome and in Firefox", None),
        ("fails in Chrome and in Firefox", None),
        ("behind nginx it fails", None),
        ("https fails", "not-over-https"),
        ("it fails since the page of the campaign that I started last week has SSL", None),
        ("", None),
    ],
)
def test_a_contrast(words: str, kind: str | None) -> None:
    told = contrast(words)
    assert (told.kind if told else None) == kind


def test_a_circumstance_alone_is_no_contrast_for_a_program() -> None:
    assert contrast("https failed", is_alone=False) is None
    message = "curl: (7) Failed to connect to shop.example.com port 443"
    symptom = symptom_of(message)
    assert symptom
    assert symptom.kind == "not-connected"
    symptom = symptom_of("无法连接终端")
    assert symptom
    assert symptom.kind == "websocket"


@pytest.mark.parametrize(
    "words",
    [
        "printer prints blank pages after changing the toner",
        "git push is rejected because the remote contains work that I do not have locally",
        "postfix relay access denied for outgoing mail",
        "mysql 主从同步延迟很大",
        "打印机打印出来是空白页",
    ],
)
def test_something_else_than_a_site(words: str) -> None:
    assert is_foreign(words)
    assert symptom_of(words) is None


@pytest.mark.parametrize(
    "words", ["the site is slow, is it MySQL?", "网站很慢，mysql 正常", "a blank page", ""]
)
def test_a_site_beside_something_else(words: str) -> None:
    assert not is_foreign(words)


@pytest.mark.parametrize(
    "words",
    ["not " * 1500, "works, " * 900, "不" * 6000, "when " * 1200, "a" * 6000, "https " * 1000],
)
def test_any_words_are_read(words: str) -> None:
    failing_part(words)
    contrast(words)


def test_home_and_the_phone_are_a_contrast_of_visitors() -> None:
    symptom = symptom_of("works on my phone but not at home")
    assert symptom
    assert symptom.kind == "some-visitors"
