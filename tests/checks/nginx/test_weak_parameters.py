from datetime import timedelta

import pytest

from checks.nginx.weak_parameters import GOOD_CIPHERS
from diagnose.model import Applicability, Edit
from diagnose.model.nginx import CertificateFile
from diagnose.model.tls import Certificate
from tests.support.check_evidence import NOW, judge
from tests.support.nginx_evidence import FILE, SITE, STOPPED, config, nginx_says

CHECK = "nginx.weak-parameters"
WHY = "failed (SSL: error:0A0000B9:SSL routines::no cipher match)"


def added(line: str) -> str:
    return SITE.replace("ssl;\n", f"ssl;\n    {line}\n", 1)


def test_fires_for_ciphers_and_writes_others() -> None:
    site = added("ssl_ciphers TLS_AES_128_GCM_SHA256;")
    said = f'SSL_CTX_set_cipher_list("TLS_AES_128_GCM_SHA256") {WHY}'
    (claim,) = judge(CHECK, nginx_says(said), config(site), STOPPED)
    assert claim.facts["suites"]
    assert claim.facts["place"] == f"{FILE}:4"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert f"+    ssl_ciphers {GOOD_CIPHERS};" in claim.fix.steps[0].diff


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "ssl_dhparam dh.pem;",
            'SSL_CTX_set_tmp_dh("/etc/nginx/dh.pem") failed (SSL: error:0A00018A:SSL routines::dh '
            "key too small)",
        ),
        ("ssl_ecdh_curve X25518;", 'SSL_CTX_set1_curves_list("X25518") failed'),
        ("ssl_ecdh_curve X25518;", 'Unknown curve name ("X25518") (SSL:)'),
        ("ssl_conf_command CipherString no;", f'SSL_CONF_cmd("CipherString", "no") {WHY}'),
    ],
)
def test_fires_for_what_can_be_left_out(line: str, said: str) -> None:
    (claim,) = judge(CHECK, nginx_says(said), config(added(line)), STOPPED)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert f"-    {line}" in claim.fix.steps[0].diff


@pytest.mark.parametrize(
    ("call", "weakness", "of"),
    [
        ("SSL_CTX_use_certificate", "ee key too small", "shop (RSA 1024)"),
        ("SSL_CTX_set0_chain", "ca key too small", "ca (RSA 1024)"),
        ("SSL_CTX_use_certificate", "ca md too weak", "ca (SHA1)"),
    ],
)
def test_fires_for_a_certificate_and_says_which(call: str, weakness: str, of: str) -> None:
    later = NOW + timedelta(days=9)
    leaf = Certificate(
        "CN=s", "CN=c", "1", NOW, later, "a", common_name="shop", key_type="RSA", key_bits=1024
    )
    ca = Certificate(
        "CN=c", "CN=r", "2", NOW, later, "b", common_name="ca", is_ca=True,
        signature_hash="sha1", key_type="RSA", key_bits=1024,
    )  # fmt: skip
    file = CertificateFile(path="/etc/nginx/shop.pem", chain=(leaf, ca))
    said = f'{call}("/etc/nginx/shop.pem") failed (SSL: error:0A00018F:SSL routines::{weakness})'
    (claim,) = judge(CHECK, nginx_says(said), config(), STOPPED, file)
    assert claim.facts["of"] == of
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert not judge("nginx.pem-invalid", nginx_says(said), config(), STOPPED, file)


@pytest.mark.parametrize(
    "said",
    [
        'BIO_new_file("/etc/nginx/dh.pem") failed (SSL: error:80000002:system library::No such '
        "file or directory)",
        'PEM_read_bio_DHparams("/etc/nginx/dh.pem") failed (SSL: error:0480006C:PEM routines::no '
        "start line)",
    ],
)
def test_silent_for_a_file_that_is_missing_or_another(said: str) -> None:
    assert not judge(CHECK, nginx_says(said), config(added("ssl_dhparam dh.pem;")), STOPPED)


def test_silent_when_nginx_is_content() -> None:
    assert not judge(CHECK, nginx_says(), config(added("ssl_dhparam dh.pem;")), STOPPED)
