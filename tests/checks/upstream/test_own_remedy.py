"""The known program's own setting in the place of a list of programs."""

from dataclasses import replace

from diagnose.model import Edit, Manual
from diagnose.model.applications import KnownApplication, ReadSetting
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_evidence import loads
from tests.support.upstream_evidence import page

FORM = loads(insecure_forms=("http://shop.example.com/login",))
TOLD = config(
    "server {\n  listen 443 ssl;\n  server_name shop.example.com;\n  location / {\n"
    "    proxy_pass http://127.0.0.1:3000;\n    proxy_set_header Host $host;\n"
    "    proxy_set_header X-Forwarded-Proto https;\n  }\n}\n"
)
SNIPE = KnownApplication(id="snipe-it", name="Snipe-IT", url="https://shop.example.com/")
READ = ReadSetting(
    application="snipe-it", topic="trusted_proxy", key="APP_TRUSTED_PROXIES",
    values=("10.0.0.5",), wanted="127.0.0.1", file="/var/www/snipeit/.env", number=7,
    line="APP_TRUSTED_PROXIES=10.0.0.5", new="APP_TRUSTED_PROXIES=10.0.0.5,127.0.0.1",
    proxy="127.0.0.1", needs_restart=False,
)  # fmt: skip


def test_the_documented_setting_is_named_where_nothing_was_read() -> None:
    (claim,) = judge("http.form-over-http", FORM, page(200), RUNNING, TOLD, SNIPE)
    (step,) = claim.fix.steps if claim.fix else ()
    assert isinstance(step, Manual)
    assert step.step == "documented-setting"
    assert claim.facts["its_documented"] == "APP_TRUSTED_PROXIES in .env"
    assert "/var/www/snipeit/.env" in str(claim.facts["its_files"])


def test_a_setting_that_was_read_is_edited() -> None:
    (claim,) = judge("http.form-over-http", FORM, page(200), RUNNING, TOLD, SNIPE, READ)
    (step,) = claim.fix.steps if claim.fix else ()
    assert isinstance(step, Edit)
    assert step.path == "/var/www/snipeit/.env"


def test_a_setting_that_fits_is_not_named() -> None:
    right = replace(READ, values=("127.0.0.1",))
    address = replace(
        READ, topic="public_url", key="APP_URL", values=("https://shop.example.com",),
        wanted="https://shop.example.com",
    )  # fmt: skip
    (claim,) = judge("http.form-over-http", FORM, page(200), RUNNING, TOLD, SNIPE, right, address)
    (step,) = claim.fix.steps if claim.fix else ()
    assert isinstance(step, Manual)
    assert step.step == "https-addresses"


def test_an_unknown_program_keeps_the_list() -> None:
    (claim,) = judge("http.form-over-http", FORM, page(200), RUNNING, TOLD)
    (step,) = claim.fix.steps if claim.fix else ()
    assert isinstance(step, Manual)
    assert step.step == "https-addresses"


def test_the_words_of_a_check_leave_a_right_setting_out() -> None:
    (claim,) = judge("http.form-over-http", FORM, page(200), SNIPE)
    assert claim.facts["setting"] == "APP_TRUSTED_PROXIES in .env"
    right = replace(READ, values=("127.0.0.1",))
    (claim,) = judge("http.form-over-http", FORM, page(200), SNIPE, right)
    assert claim.facts["setting"] == "APP_URL in .env"


def test_a_line_that_was_read_comes_before_a_documented_setting() -> None:
    wordpress = KnownApplication(id="wordpress", name="WordPress", url="https://shop.example.com/")
    line = ReadSetting(
        application="wordpress", topic="trusted_proxy", key="HTTP_X_FORWARDED_PROTO",
        file="/var/www/blog/wp-config.php", number=9, added=True, source="nowhere",
        new="if ( 1 ) {}", wanted="if ( 1 ) {}", needs_restart=False,
    )  # fmt: skip
    seen = (FORM, page(200), RUNNING, TOLD, wordpress)
    (claim,) = judge("http.form-over-http", *seen)
    (step,) = claim.fix.steps if claim.fix else ()
    assert isinstance(step, Manual)
    (claim,) = judge("http.form-over-http", *seen, line)
    (step,) = claim.fix.steps if claim.fix else ()
    assert isinstance(step, Edit)
    assert step.path == "/var/www/blog/wp-config.php"
