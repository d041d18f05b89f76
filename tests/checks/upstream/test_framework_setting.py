"""upstream.framework-setting: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.checking.registry import load_check
from diagnose.model import Applicability, Confidence, Edit, Manual, Severity, Symptom, Where
from diagnose.model.applications import ReadSetting
from diagnose.model.backends import BackendAnswer
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import PageFileResponse, PageFileTrial
from diagnose.model.processes import Starter
from diagnose.model.program_commands import restart_by
from diagnose.model.steps import Command
from tests.support.check_evidence import SHOP, judge
from tests.support.redirect_evidence import config
from tests.support.summaries import summary_text

CHECK = "upstream.framework-setting"
FLASK = ReadSetting(
    application="flask", topic="trusted_proxy", key="ProxyFix", source="nowhere",
    file="/srv/shop/app.py", number=3, new="app.wsgi_app = ProxyFix(app.wsgi_app)", added=True,
    proxy="127.0.0.1", process="python3", unit="shop.service",
)  # fmt: skip
PLAIN = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=302,
    headers=(("Location", "http://shop.example.com/login"),),
)  # fmt: skip
HEEDING = BackendAnswer(
    target="http://127.0.0.1:5000", host="shop.example.com", path="/", proto="https", status=302,
    location="https://shop.example.com/login",
)  # fmt: skip
NEXT = ReadSetting(
    application="nextjs", topic="base_path", key="basePath", source="nowhere", folder="/help",
    file="/srv/help/next.config.js", number=1, new="  basePath: '/help',", added=True,
    build=("npm", "--prefix", "/srv/help", "run", "build"), unit="help.service",
)  # fmt: skip
MISSING = PageFileResponse(
    page="https://shop.example.com/help", file_kind="script", address="203.0.113.10", port=443,
    url="https://shop.example.com/_next/main.js", status=404,
)  # fmt: skip


def nginx(*lines: str) -> NginxConfig:
    block = f"proxy_pass http://127.0.0.1:5000; {' '.join(lines)}"
    return config(
        f"server {{ listen 443 ssl; server_name shop.example.com; location / {{ {block} }} }}"
    )


TELLING = nginx("proxy_set_header X-Forwarded-Proto $scheme;")


def test_fires_for_a_redirect_of_a_program_that_is_told_https() -> None:
    (claim,) = judge(CHECK, FLASK, PLAIN, TELLING)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    assert claim.fix is not None
    edit, restart = claim.fix.steps
    assert isinstance(edit, Edit)
    assert edit.diff.endswith("@@ -3,0 +4,1 @@\n+app.wsgi_app = ProxyFix(app.wsgi_app)\n")
    assert isinstance(restart, Command)
    assert restart.argv == ("systemctl", "restart", "shop")


def test_a_missing_line_is_shown_as_missing() -> None:
    assert summary_text(FLASK, "en") == ("/srv/shop/app.py:3", "ProxyFix is not set")
    assert replace(FLASK, source="file", values=("a",)).summary()[1] == "ProxyFix = ['a']"


def test_fires_for_a_page_that_leads_to_itself() -> None:
    circle = replace(PLAIN, headers=(("Location", "https://shop.example.com/"),))
    (claim,) = judge(CHECK, FLASK, circle, TELLING)
    assert claim.severity is None


def test_fires_for_a_refused_signature() -> None:
    target = replace(
        SHOP, path="/livewire/upload-file?expires=1&signature=0c0b",
        symptom=Symptom(text="401 Unauthorized", kind="status"),
    )  # fmt: skip
    laravel = replace(FLASK, application="laravel", key="$proxies")
    answer = replace(PLAIN, status=405, headers=())
    assert judge(CHECK, laravel, answer, TELLING, target=target)
    assert not judge(CHECK, laravel, answer, TELLING)
    assert not judge(CHECK, laravel, answer, nginx(), target=target)


def test_fires_for_a_file_outside_of_the_folder() -> None:
    (claim,) = judge(CHECK, NEXT, MISSING, PLAIN)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix is not None
    assert [step.argv for step in claim.fix.steps if isinstance(step, Command)] == [
        ("npm", "--prefix", "/srv/help", "run", "build"),
        ("systemctl", "restart", "help"),
    ]
    trial = PageFileTrial(
        page=MISSING.page, file=MISSING.url, url="https://shop.example.com/help/_next/main.js",
        prefix="/help", address="203.0.113.10", port=443, is_absolute=True, is_used=True,
    )  # fmt: skip
    (claim,) = judge(CHECK, NEXT, MISSING, PLAIN, trial)
    assert claim.confidence is Confidence.CERTAIN


def test_fires_with_the_restart_alone_where_the_source_is_right() -> None:
    (claim,) = judge(CHECK, replace(FLASK, stale=True, new=""), PLAIN, TELLING)
    assert claim.fix is not None
    (restart,) = claim.fix.steps
    assert isinstance(restart, Command)


def test_fires_with_an_edit_of_the_unit() -> None:
    unit = replace(
        FLASK, application="uvicorn", key="FORWARDED_ALLOW_IPS", new='Environment="A=B"',
        file="/etc/systemd/system/shop.service",
    )  # fmt: skip
    (claim,) = judge(CHECK, unit, PLAIN, TELLING)
    assert claim.fix is not None
    reload, restart = (step for step in claim.fix.steps if isinstance(step, Command))
    assert (reload.argv[1], restart.argv[1]) == ("daemon-reload", "restart")


BY_HAND = Starter(
    "command", "3000", "7-9", user="app", group="33", folder="/srv",
    words=("uvicorn", "app:app", "--forwarded-allow-ips", "10.0.0.1"),
)  # fmt: skip


def test_fires_with_a_restart_of_a_program_that_no_service_has() -> None:
    by_hand = replace(FLASK, unit="", starter=BY_HAND)
    (claim,) = judge(CHECK, by_hand, PLAIN, TELLING)
    assert claim.fix is not None
    edit, *restart, note = claim.fix.steps
    assert isinstance(edit, Edit)
    assert tuple(restart) == restart_by(BY_HAND)
    assert note == Manual("started-by-hand", Where.APPLICATION)
    assert claim.fix.applicability is Applicability.REVIEW
    managed = replace(FLASK, unit="", starter=Starter("openrc", "3000", "7-9", "shop"))
    (claim,) = judge(CHECK, managed, PLAIN, TELLING)
    assert claim.fix is not None
    assert [step for step in claim.fix.steps if isinstance(step, Manual)] == []


def test_fires_with_a_variable_for_a_program_that_no_service_has() -> None:
    lacking = replace(
        FLASK, application="uvicorn", key="FORWARDED_ALLOW_IPS", wanted="127.0.0.1", new="",
        file="", number=0, added=False, unit="", starter=BY_HAND,
    )  # fmt: skip
    (claim,) = judge(CHECK, lacking, PLAIN, TELLING)
    assert claim.fix is not None
    *restart, note = claim.fix.steps
    assert tuple(restart) == restart_by(BY_HAND, "FORWARDED_ALLOW_IPS=127.0.0.1", "")
    assert note == Manual("started-with-a-setting", Where.APPLICATION)
    option = replace(lacking, key="--forwarded-allow-ips", source="argument", values=("10.0.0.1",))
    (claim,) = judge(CHECK, option, PLAIN, TELLING)
    assert claim.fix is not None
    assert claim.fix.steps[:-1] == restart_by(BY_HAND, "--forwarded-allow-ips=127.0.0.1")
    for starter in (None, Starter("signal", "3000", "7-9", "HUP")):
        (claim,) = judge(CHECK, replace(lacking, starter=starter), PLAIN, TELLING)
        assert claim.fix is not None
        assert isinstance(claim.fix.steps[0], Manual)


def test_fires_by_hand_where_the_file_is_in_an_image() -> None:
    image = replace(FLASK, new="", container="shop", engine="docker", unit="")
    (claim,) = judge(CHECK, image, PLAIN, TELLING)
    assert claim.fix is not None
    assert isinstance(claim.fix.steps[0], Manual)


def test_silent_where_the_program_heeds_the_field() -> None:
    assert not judge(CHECK, FLASK, PLAIN, TELLING, HEEDING)


def test_silent_where_the_web_server_tells_it_nothing() -> None:
    assert not judge(CHECK, FLASK, PLAIN, nginx())


def test_silent_for_another_program_and_for_files_in_the_folder() -> None:
    assert not judge(CHECK, replace(FLASK, application="grafana"), PLAIN, TELLING)
    inside = replace(MISSING, url="https://shop.example.com/help/_next/main.js")
    assert not judge(CHECK, NEXT, inside, PLAIN)
    assert not judge(CHECK, replace(NEXT, strips=True), MISSING, PLAIN)


def test_the_edit_of_a_last_line_without_an_end_applies() -> None:
    read = replace(
        NEXT, line="  a: 1,\n  b: 2", new="  a: 1,\n  b: 3", added=False, unended=True,
    )  # fmt: skip
    (claim,) = judge(CHECK, read, MISSING, PLAIN)
    assert claim.fix is not None
    edit = next(step for step in claim.fix.steps if isinstance(step, Edit))
    assert edit.diff.endswith("-  b: 2\n\\ No newline at end of file\n+  b: 3\n")


def test_a_name_that_nginx_does_not_pass_on_is_not_the_settings_fault() -> None:
    """Of a WebSocket's address the application was not asked with nginx's Host and the visitor's:
    nginx's own line decides."""
    django = replace(FLASK, application="django", topic="allowed_host", key="ALLOWED_HOSTS")
    refused = replace(
        PLAIN, url="https://shop.example.com/ws", status=400, headers=(),
        body="DisallowedHost at /ws. Invalid HTTP_HOST header. You may need to add it to "
        "ALLOWED_HOSTS.",
    )  # fmt: skip
    target = replace(SHOP, scheme="wss", path="/ws", websockets=("/ws",))
    own = nginx("proxy_set_header Host $host;")
    (claim,) = judge(CHECK, django, refused, own, target=target)
    assert claim.confidence is Confidence.CERTAIN
    assert not judge(CHECK, django, refused, nginx(), target=target)


EXPRESS = replace(
    FLASK, application="express", topic="session_cookie", key="trust proxy",
    file="/srv/shop/app.js", new="app.set('trust proxy', 1);",
)  # fmt: skip
LOGIN = replace(
    PLAIN, status=200, headers=(("X-Powered-By", "Express"),), body='<input type="password">'
)


def test_fires_for_a_session_cookie_that_is_left_out() -> None:
    (claim,) = judge(CHECK, EXPRESS, LOGIN, TELLING)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    told = replace(SHOP, symptom=Symptom(text="the session cookie is not set", kind="cookie"))
    (claim,) = judge(CHECK, EXPRESS, replace(LOGIN, headers=()), TELLING, target=told)
    assert claim.severity is None


def test_silent_for_a_session_cookie_that_is_set_or_not_told_https() -> None:
    kept = replace(LOGIN, headers=(*LOGIN.headers, ("Set-Cookie", "connect.sid=a; Secure")))
    assert not judge(CHECK, EXPRESS, kept, TELLING)
    assert not judge(CHECK, EXPRESS, LOGIN, nginx())


def test_explains_the_loop_of_a_program_that_forces_https() -> None:
    for check in ("upstream.framework-setting", "upstream.setting-mismatch"):
        explained = load_check(check).explains
        assert {"upstream.forces-https", "server.forces-https"} <= set(explained)
