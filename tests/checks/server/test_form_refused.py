"""server.form-refused: an application behind another server than nginx refuses forms."""

from dataclasses import replace

from diagnose.model import Claim, Confidence, Observation
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.form-refused"
DJANGO = "<h1>Forbidden</h1><p>CSRF verification failed. Request aborted.</p>"
REFUSED = replace(ANSWER, method="POST", status=403, body=DJANGO)
SVELTE = replace(REFUSED, body="Cross-site POST form submissions are forbidden")
LINES = "    ProxyPreserveHost On\n    RequestHeader set X-Forwarded-Proto https\n"
TOLD = apache_config(HTTPS.replace("    ProxyPass /ws", f"{LINES}    ProxyPass /ws"))


def claims(*observations: Observation) -> list[Claim]:
    return judge(CHECK, *observations, masked=False)


def test_fires_where_apache_tells_another_origin() -> None:
    (claim,) = claims(APACHE, apache_config(), REFUSED)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["told"] == "http://127.0.0.1:3000"
    assert (claim.facts["scheme"], claim.facts["host"]) == (True, True)


def test_fires_where_all_is_told_and_the_origin_is_refused() -> None:
    (claim,) = claims(APACHE, TOLD, SVELTE)
    assert claim.facts["own"]
    assert claims(CADDY, caddy_config(), SVELTE)


def test_silent_where_a_token_may_be_missing() -> None:
    assert not claims(APACHE, TOLD, REFUSED)
    cookie = f"{DJANGO}<p>this site requires a CSRF cookie when submitting forms.</p>"
    assert not claims(APACHE, apache_config(), replace(REFUSED, body=cookie))


def test_silent_without_a_refused_form() -> None:
    assert not claims(APACHE, apache_config(), replace(REFUSED, status=200))
    assert not claims(APACHE, apache_config(), replace(REFUSED, method="GET"))


def test_the_scheme_may_be_told_by_a_variable_of_apache() -> None:
    def told(value: str) -> object:
        lines = LINES.replace("X-Forwarded-Proto https", value)
        text = HTTPS.replace("    ProxyPass /ws", f"{lines}    ProxyPass /ws")
        (claim,) = claims(APACHE, apache_config(text), SVELTE)
        return claim.facts["told"]

    for value in (
        "X-Forwarded-Proto expr=%{REQUEST_SCHEME}",
        '"X-Forwarded-Proto" "https"',
        "X-Forwarded-Proto %{REQUEST_SCHEME}s",
        "X-Forwarded-Proto https env=HTTPS",
    ):
        assert str(told(value)).startswith("https://")
    for value in ("X-Forwarded-Proto http", "X-Forwarded-Proto https env=other", "X-Proto https"):
        assert str(told(value)).startswith("http://")
