"""nginx.variable-certificate: when it fires, and when it is silent."""

import pytest

from diagnose.model import Confidence, Manual, Where
from diagnose.model.nginx import NginxConfig
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import SITE, config
from tests.support.tls_evidence import alerted, shake
from tests.support.upstream_evidence import logged

CHECK = "nginx.variable-certificate"
FILE = "/etc/nginx/certs/shop.example.com.crt"
MISSING = "error:80000002:system library::No such file or directory:calling fopen"
DENIED = "error:8000000D:system library::Permission denied:calling fopen"
MISMATCH = (
    f'SSL_use_PrivateKey("{FILE}") failed (SSL: error:05800074:x509 certificate routines::'
    "key values mismatch) while SSL handshaking"
)


def site(certificate: str = "certs/$ssl_server_name.crt") -> NginxConfig:
    return config(SITE.replace("ssl_certificate shop.pem", f"ssl_certificate {certificate}"))


def not_loaded(reason: str = MISSING, file: str = FILE, what: str = "certificate") -> str:
    text = f'cannot load {what} "{file}": BIO_new_file() failed (SSL: {reason}({file}, r))'
    return f"{text} while SSL handshaking"


@pytest.mark.parametrize(
    ("text", "step"),
    [
        (not_loaded(), "make-the-file"),
        (not_loaded(DENIED), "let-workers-read"),
        (not_loaded("error:0480006C:PEM routines::no start line"), "mend-the-file"),
        (MISMATCH, "mend-the-file"),
    ],
)
def test_fires_with_the_reason(text: str, step: str) -> None:
    (claim,) = judge(CHECK, site(), alerted(80), logged(text))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix is not None
    assert claim.fix.steps == (Manual(step, Where.SERVER),)
    assert claim.location


def test_fires_for_the_key() -> None:
    text = not_loaded(DENIED, "/etc/nginx/shop.example.com.key", "certificate key")
    key = config(SITE.replace("shop.key", "${ssl_server_name}.key"))
    (claim,) = judge(CHECK, key, alerted(80), logged(text))
    assert claim.facts["key"] is True


def test_is_less_sure_about_another_variable() -> None:
    (claim,) = judge(CHECK, site("certs/$tenant.crt"), alerted(80), logged(not_loaded()))
    assert claim.confidence is Confidence.LIKELY


def test_silent_about_the_file_of_another_name() -> None:
    other = not_loaded(file="/etc/nginx/certs/nothing.invalid.crt")
    assert not judge(CHECK, site(), alerted(80), logged(other))


def test_silent_without_a_variable_or_a_failure() -> None:
    assert not judge(CHECK, site("certs/shop.example.com.crt"), alerted(80), logged(not_loaded()))
    assert not judge(CHECK, site(), shake(), logged(not_loaded()))
    assert not judge(CHECK, site(), alerted(40), logged(not_loaded()))
    assert not judge(CHECK, site(), alerted(80), logged("connect() failed"))
