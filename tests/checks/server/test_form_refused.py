"""server.form-refused: an application behind another server than nginx refuses forms."""

from dataclasses import replace

from diagnose.model import Claim, Confidence, Observation, Severity, Vantage
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange
from diagnose.model.logs import AcceptedForm, FailedRequests
from diagnose.model.program_logs import ProgramRefusal
from diagnose.parsers.symptoms import symptom_of
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import SHOP, judge
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


# By the log, and by a person's words

LOGIN = FailedRequests(
    vantage=Vantage.SERVER,
    file="/var/log/apache2/access.log",
    method="POST",
    path="/login",
    status=403,
    written="29/Nov/2026:08:00:00 +0000",
    times=2,
    is_from_page=True,
    server="apache",
)
DJANGO_PAGE = replace(ANSWER, body='<input name="csrfmiddlewaretoken" value="a">')


def told(words: str, *observations: Observation, page: Exchange = ANSWER) -> list[Claim]:
    target = replace(SHOP, symptom=symptom_of(words))
    return judge(CHECK, page, *observations, target=target, masked=False)


def test_fires_for_forms_of_the_log() -> None:
    (claim,) = claims(APACHE, apache_config(), DJANGO_PAGE, LOGIN)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["log"] == LOGIN.file
    (claim,) = claims(APACHE, apache_config(), ANSWER, LOGIN)
    assert (claim.confidence, claim.severity) == (Confidence.POSSIBLE, Severity.NOTE)
    (claim,) = claims(APACHE, TOLD, DJANGO_PAGE, LOGIN)
    assert claim.facts["own"]


def test_silent_for_forms_of_the_log_that_are_refused_for_another_reason() -> None:
    once = replace(LOGIN, times=1)
    assert not claims(APACHE, apache_config(), ANSWER, once)
    assert not claims(APACHE, TOLD, DJANGO_PAGE, once)
    assert not claims(APACHE, TOLD, ANSWER, LOGIN)
    assert not claims(APACHE, apache_config(), ANSWER, replace(LOGIN, is_from_page=False))
    assert not claims(APACHE, apache_config(), ANSWER, replace(LOGIN, server="nginx"))
    others = replace(LOGIN, forms_accepted=True)
    assert not claims(APACHE, apache_config(), DJANGO_PAGE, others)


def test_fires_where_a_person_tells_of_a_refused_login() -> None:
    for words in ("login 403 Forbidden", "登录报错 403", "POST /login 403"):
        (claim,) = told(words, APACHE, apache_config())
        assert claim.confidence is Confidence.LIKELY
        assert claim.facts["guess"]


def test_silent_where_a_person_tells_of_something_else() -> None:
    for words in ("403 Forbidden", "GET /login 403", "login 502 Bad Gateway"):
        assert not told(words, APACHE, apache_config())
    assert not told("login 403", APACHE, TOLD)
    assert not told("login 403", APACHE, apache_config(), page=replace(ANSWER, status=403))


SAID = ProgramRefusal(
    vantage=Vantage.SERVER, endpoint="3000", process="python3", method="POST", path="/login",
    status=403, message="Forbidden (Origin checking failed - https://shop.example.com does not"
    " match any trusted origins.): /login", equivalent="journalctl -u shop.service",
)  # fmt: skip


def test_fires_certain_where_the_applications_log_names_the_origin() -> None:
    once = replace(LOGIN, times=1)
    (claim,) = judge(CHECK, APACHE, TOLD, ANSWER, once, SAID)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["own"], claim.facts["django"]) == (True, True)
    assert not judge(CHECK, APACHE, TOLD, ANSWER, once)


def test_words_of_a_person_do_not_weaken_what_the_log_proves() -> None:
    (claim,) = told("login 403 Forbidden", APACHE, TOLD, replace(LOGIN, times=1), SAID)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["words"] == SAID.message


def test_fires_where_the_server_keeps_no_log_and_the_application_names_the_origin() -> None:
    (claim,) = claims(CADDY, caddy_config(), ANSWER, SAID)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, None)
    assert (claim.facts["own"], claim.facts["words"]) == (True, SAID.message)
    assert claim.about.path == "/login"
    (claim,) = told("CSRF verification failed. Request aborted.", CADDY, caddy_config(), SAID)
    assert (claim.confidence, claim.facts["words"]) == (Confidence.LIKELY, SAID.message)


def test_silent_where_the_application_names_a_token() -> None:
    token = replace(SAID, message="Forbidden (CSRF token missing.): /login")
    assert not claims(CADDY, caddy_config(), ANSWER, token)
    assert not claims(CADDY, caddy_config(), ANSWER, replace(SAID, method="PUT"))


ACCEPTED = AcceptedForm(file="/a.log", path="/login", status=200, written="12:00:10")


def test_silent_where_the_form_of_the_message_is_accepted_since() -> None:
    words = "Forbidden (Origin checking failed - https://shop.example.com does not match): /login"
    assert told(words, APACHE, TOLD)
    assert not told(words, APACHE, TOLD, ACCEPTED)
    assert told(words, APACHE, apache_config(), ACCEPTED), "a field is wrong"


def test_silent_where_the_source_of_django_trusts_the_origin() -> None:
    read = ReadSetting(
        vantage=Vantage.SERVER, application="django", topic="allowed_origin", source="file",
        key="CSRF_TRUSTED_ORIGINS", file="/srv/shop/shop/settings.py",
    )  # fmt: skip
    words = "CSRF verification failed. Request aborted."
    for config in (TOLD, apache_config()):
        assert told(words, APACHE, config)
        assert not told(words, APACHE, config, read)
        assert told(words, APACHE, config, replace(read, stale=True))


def test_silent_where_rails_is_told_all_and_may_miss_a_token() -> None:
    words = "Security verification failed. Are you blocking cookies?"
    assert told(words, APACHE, apache_config())
    assert not told(words, APACHE, TOLD)
