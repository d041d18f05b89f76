import pytest

from diagnose.model import Applicability, Edit
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
