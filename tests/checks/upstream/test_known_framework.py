"""The setting of the framework in the place of a list of programs, where the program itself is not
known."""

from dataclasses import replace

from checks.http._known_application import own_setting
from diagnose.model import Edit, Manual
from diagnose.model.applications import KnownApplication, ReadSetting
from diagnose.model.processes import RunningProgram, RunningPrograms
from diagnose.parsers.frameworks import frameworks
from tests.support.check_evidence import evidence, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_evidence import loads
from tests.support.upstream_evidence import page

FORM = loads(insecure_forms=("http://shop.example.com/login",))
TOLD = config(
    "server {\n  listen 443 ssl;\n  server_name shop.example.com;\n  location / {\n"
    "    proxy_pass http://127.0.0.1:3000;\n    proxy_set_header Host $host;\n"
    "    proxy_set_header X-Forwarded-Proto https;\n  }\n}\n"
)
EXPRESS = replace(page(200), headers=(("X-Powered-By", "Express"),))
LACKING = ReadSetting(
    application="express", topic="trusted_proxy", key="trust proxy", source="nowhere",
    file="/srv/shop/app.js", number=2, added=True, new="app.set('trust proxy', 1);",
    wanted="app.set('trust proxy', 1);", unit="shop.service",
)  # fmt: skip


def test_the_setting_of_the_framework_is_named() -> None:
    (claim,) = judge("http.form-over-http", FORM, EXPRESS, RUNNING, TOLD)
    (step,) = claim.fix.steps if claim.fix else ()
    assert isinstance(step, Manual)
    assert step.step == "documented-setting"
    assert "trust proxy" in str(claim.facts["its_documented"])


def test_the_line_that_its_source_lacks_is_written() -> None:
    (claim,) = judge("http.form-over-http", FORM, EXPRESS, RUNNING, TOLD, LACKING)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert edit.path == "/srv/shop/app.js"


def test_source_that_has_the_line_is_started_anew() -> None:
    stale = replace(LACKING, source="file", stale=True, new="", added=False)
    (claim,) = judge("http.form-over-http", FORM, EXPRESS, RUNNING, TOLD, stale)
    assert claim.fix
    assert not any(isinstance(step, Edit) for step in claim.fix.steps)


def test_the_framework_of_a_known_program_is_no_setting_of_it() -> None:
    known = KnownApplication(id="gotify", name="Gotify", url="https://shop.example.com/")
    facts = own_setting(evidence(known, EXPRESS), "trusted_proxy")
    assert facts == {"known": "", "setting": ""}


def test_a_process_tells_its_server() -> None:
    programs = (RunningProgram(pid=1, name="uvicorn", started=0, command="uvicorn main:app"),)
    running = RunningPrograms(endpoint="8000", programs=programs)
    facts = own_setting(evidence(running), "base_path")
    assert facts["known"] == "uvicorn"
    assert "--root-path" in str(facts["setting"])


def test_a_list_shrinks_to_the_framework_that_answers() -> None:
    """Every framework that answers with a field of its own takes the place of the list."""
    for framework in frameworks():
        for field in framework.recognized.get("header", ())[:1]:
            if "trusted_proxy" not in framework.settings:
                continue
            name, _, value = field.partition(":")
            answer = replace(page(200), headers=((name, value.strip() or "1"),))
            (claim,) = judge("http.form-over-http", FORM, answer, RUNNING, TOLD, masked=False)
            assert claim.facts["its_name"] == framework.name
            assert claim.facts["its_documented"] == framework.settings["trusted_proxy"]


def test_a_server_of_which_nothing_was_read_is_named_with_its_unit() -> None:
    run = ReadSetting(
        application="gunicorn", topic="trusted_proxy", key="--forwarded-allow-ips",
        source="unread", process="gunicorn", unit="shop.service",
    )  # fmt: skip
    (claim,) = judge("http.form-over-http", FORM, page(200), RUNNING, TOLD, run)
    assert claim.facts["its_name"] == "gunicorn"
    assert claim.facts["its_unit"] == "shop.service"
    assert not judge("upstream.framework-setting", FORM, page(200), RUNNING, TOLD, run)


def test_the_trust_of_a_framework_is_not_about_the_visitors_address() -> None:
    known = evidence(EXPRESS)
    assert own_setting(known, "trusted_proxy")["known"] == "Express"
    assert own_setting(known, "trusted_proxy", of_frameworks=False)["known"] == ""
