import pytest

from diagnose.model import Applicability, Edit
from diagnose.model.files import StoredCertificate
from tests.support.certificates import LEAF
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import FILE, SITE, STOPPED, config, nginx_says

CHECK = "nginx.certificate-file-missing"
WHY = "(SSL: error:80000002:system library::No such file or directory:calling fopen(x, r))"


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (f'cannot load certificate "/etc/nginx/shop.pem": BIO_new_file() failed {WHY}', 5),
        (f'cannot load certificate key "/etc/nginx/shop.key": BIO_new_file() failed {WHY}', 6),
        (f'BIO_new_file("/etc/nginx/shop.pem") failed {WHY}', 5),
    ],
    ids=["certificate", "key", "old"],
)
def test_fires_with_the_place_that_names_it(message: str, line: int) -> None:
    (claim,) = judge(CHECK, nginx_says(message), config(), STOPPED)
    assert claim.facts["place"] == f"{FILE}:{line}"
    assert claim.facts["key"] is (line == 6)


def test_silent_when_the_file_is_there_and_may_not_be_read() -> None:
    said = (
        'cannot load certificate "/etc/nginx/shop.pem": BIO_new_file() failed '
        "(SSL: error:8000000D:system library::Permission denied)"
    )
    assert not judge(CHECK, nginx_says(said), config(), STOPPED)


def test_silent_when_another_file_is_missing() -> None:
    said = f'BIO_new_file("/etc/nginx/dhparam.pem") failed {WHY}'
    assert not judge(CHECK, nginx_says(said), config(), STOPPED)


def test_fires_and_takes_the_file_that_other_blocks_pair_with_the_same_key() -> None:
    www = SITE.replace("shop.example.com", "www.shop.example.com")
    said = nginx_says(f'cannot load certificate "/etc/nginx/sohp.pem": BIO_new_file() failed {WHY}')
    slip = SITE.replace("ssl_certificate shop.pem", "ssl_certificate sohp.pem")
    (claim,) = judge(CHECK, said, config(slip + www), STOPPED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-    ssl_certificate sohp.pem;\n+    ssl_certificate shop.pem;\n" in edit.diff
    # Two of them have it with different certificates: nobody knows which is meant.
    third = www.replace("shop.pem", "old.pem")
    (claim,) = judge(CHECK, said, config(slip + www + third), STOPPED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


MISSING = nginx_says(f'cannot load certificate "/etc/nginx/shop.pem": BIO_new_file() failed {WHY}')
BESIDE = StoredCertificate(path="/etc/ssl/shop.crt", chain=(LEAF,), key="/etc/ssl/shop.key")


def test_fires_and_names_the_pair_that_lies_beside() -> None:
    (claim,) = judge(CHECK, MISSING, config(), STOPPED, BESIDE)
    assert claim.fix
    assert claim.facts["stored"] == BESIDE.path


@pytest.mark.parametrize(
    "text",
    [
        # The other pair is of the other kind of key.
        SITE.replace(
            "    ssl_certificate shop.pem;",
            "    ssl_certificate /etc/ssl/shop.crt;\n    ssl_certificate_key /etc/ssl/shop.key;\n"
            "    ssl_certificate shop.pem;",
        ),
        # The certificate is not valid for www.tea.example.com.
        SITE.replace("server_name shop.example.com", "server_name shop.example.com .tea.example"),
    ],
    ids=["two-pairs", "more-names"],
)
def test_fires_without_a_pair_that_the_block_cannot_use(text: str) -> None:
    (claim,) = judge(CHECK, MISSING, config(text), STOPPED, BESIDE)
    assert not claim.facts["stored"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
