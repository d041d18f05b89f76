import pytest

from tests.support.check_evidence import judge
from tests.support.nginx_evidence import SITE, STOPPED, config, nginx_says

CHECK = "nginx.key-encrypted"
ASKED = (
    'cannot load certificate key "/etc/nginx/shop.key": PEM_read_bio_PrivateKey() failed (SSL: '
    "error:1400006B:UI routines::processing error:while reading strings error:0480006D:PEM "
    "routines::problems getting password error:07880109:common libcrypto routines::interrupted or "
    "cancelled error:04800068:PEM routines::bad password read)"
)
WRONG = (
    'cannot load certificate key "/etc/nginx/shop.key": PEM_read_bio_PrivateKey() failed (SSL: '
    "error:1C800064:Provider routines::bad decrypt error:11800074:PKCS12 routines::pkcs12 "
    "cipherfinal error:maybe wrong password)"
)
#: nginx 1.12 with OpenSSL 1.0.2
EARLIER = (
    'SSL_CTX_use_PrivateKey_file("/etc/nginx/shop.key") failed (SSL: error:0906406D:PEM '
    "routines:PEM_def_callback:problems getting password error:0906A068:PEM "
    "routines:PEM_do_header:bad password read)"
)


@pytest.mark.parametrize("said", [ASKED, EARLIER])
def test_fires_when_nobody_answers(said: str) -> None:
    (claim,) = judge(CHECK, nginx_says(said), config(), STOPPED)
    assert claim.facts["file"] == "/etc/nginx/shop.key"
    assert not claim.facts["passwords"]
    assert claim.location


def test_fires_when_the_passphrase_is_wrong() -> None:
    site = SITE.replace("listen", "ssl_password_file passwords; listen", 1)
    (claim,) = judge(CHECK, nginx_says(WRONG), config(site), STOPPED)
    assert claim.facts["passwords"] == "/etc/nginx/passwords"


def test_silent_when_the_file_is_broken() -> None:
    said = ASKED.partition("(SSL:")[0] + "(SSL: error:0480006C:PEM routines::no start line)"
    assert not judge(CHECK, nginx_says(said), config(), STOPPED)


def test_silent_when_nginx_has_the_passphrase() -> None:
    assert not judge(CHECK, nginx_says(), config(), STOPPED)
