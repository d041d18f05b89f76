from diagnose.model import Confidence
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, FILE, WITHOUT_SSL, config, nginx_says

REFUSED = f'the "ssl" parameter requires ngx_http_ssl_module in {FILE}:3'


def test_fires_when_nginx_refuses_for_want_of_it() -> None:
    (claim,) = judge("nginx.ssl-module-missing", WITHOUT_SSL, config(), nginx_says(REFUSED))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["configure"] == (
        "./configure --prefix=/usr/local/nginx --with-http_ssl_module"
    )


def test_silent_when_it_is_there() -> None:
    assert not judge("nginx.ssl-module-missing", BUILD, config(), nginx_says())


def test_silent_when_the_configuration_loads_all_the_same() -> None:
    assert not judge("nginx.ssl-module-missing", WITHOUT_SSL, config(), nginx_says())


def test_silent_when_nobody_needs_it() -> None:
    assert not judge("nginx.ssl-module-missing", WITHOUT_SSL, config("server { listen 80; }\n"))
