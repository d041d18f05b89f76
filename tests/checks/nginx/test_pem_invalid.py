import pytest

from diagnose.model.nginx import CertificateFile
from tests.saying import judge
from tests.serving import STOPPED, config, nginx_says

CHECK = "nginx.pem-invalid"
NO_START = "(SSL: error:0480006C:PEM routines::no start line:Expecting: TRUSTED CERTIFICATE)"
PEM = 'cannot load certificate "/etc/nginx/shop.pem": PEM_read_bio_X509_AUX() failed'
KEY = 'cannot load certificate key "/etc/nginx/shop.key": PEM_read_bio_PrivateKey() failed'


def held(*labels: str) -> CertificateFile:
    return CertificateFile(path="/etc/nginx/shop.pem", labels=labels)


def test_fires_when_the_file_holds_nothing() -> None:
    (claim,) = judge(CHECK, nginx_says(f"{PEM} {NO_START}"), config(), STOPPED, held())
    assert claim.facts["nothing"]
    assert claim.location


def test_fires_when_the_two_are_swapped() -> None:
    (claim,) = judge(CHECK, nginx_says(f"{PEM} {NO_START}"), config(), held("PRIVATE KEY"))
    assert claim.facts["swapped"]


def test_fires_when_a_line_is_broken() -> None:
    said = f"{PEM} (SSL: error:04800066:PEM routines::bad end line)"
    (claim,) = judge(CHECK, nginx_says(said), config(), held("CERTIFICATE"))
    assert claim.facts["broken"]


def test_fires_for_a_key() -> None:
    said = f"{KEY} (SSL: error:1E08010C:DECODER routines::unsupported:No supported data)"
    (claim,) = judge(CHECK, nginx_says(said), config())
    assert claim.facts["key"]


@pytest.mark.parametrize(
    "why",
    [
        "error:80000002:system library::No such file or directory",
        "error:8000000D:system library::Permission denied",
        "error:0480006D:PEM routines::problems getting password",
        "error:1C800064:Provider routines::bad decrypt",
    ],
)
def test_silent_when_it_is_something_else(why: str) -> None:
    assert not judge(CHECK, nginx_says(f"{KEY} (SSL: {why})"), config())


def test_silent_when_nginx_is_content() -> None:
    assert not judge(CHECK, nginx_says(), config(), held())
