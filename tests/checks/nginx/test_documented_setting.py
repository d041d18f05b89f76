from dataclasses import replace

from checks.nginx import NO_PORT
from diagnose.model import Applicability, Confidence, Edit, Observation, Severity, Symptom
from diagnose.model.applications import KnownApplication
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "nginx.documented-setting"
PASSES = "        proxy_pass http://127.0.0.1:3000;\n"
TOO_LARGE = Symptom("status", "413 Request Entity Too Large", 413)


def known(application: str, folder: str = "/") -> KnownApplication:
    return KnownApplication(
        id=application, name=application, url="https://shop.example.com/", folder=folder
    )


def seen(application: str, lines: str = "", text: str = SITE) -> tuple[Observation, ...]:
    assert PASSES in text
    lined = text.replace(PASSES, PASSES + lines)
    return config(lined), BUILD, HOST, RUNNING, page(200), known(application)


def test_fires_as_one_note_with_the_lines_that_its_documentation_asks_for() -> None:
    (claim,) = judge(CHECK, *seen("nextcloud", "        proxy_set_header Host $host;\n"))
    assert (claim.severity, claim.confidence) == (None, Confidence.LIKELY)
    assert claim.covers == (NO_PORT,)
    assert claim.facts["lines"] == ("client_max_body_size 512m;",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        client_max_body_size 512m;" in edit.diff


def test_fires_as_a_warning_after_a_message_about_it() -> None:
    target = replace(SHOP, symptom=TOO_LARGE)
    limit = "        client_max_body_size 2m;\n"
    (claim,) = judge(CHECK, *seen("nextcloud", limit), target=target)
    assert claim.severity is Severity.WARNING
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-        client_max_body_size 2m;" in edit.diff


def test_fires_for_a_field_and_a_time() -> None:
    (claim,) = judge(CHECK, *seen("mattermost"))
    assert claim.facts["lines"] == ("client_max_body_size 50m;", "proxy_read_timeout 600s;")
    (claim,) = judge(CHECK, *seen("gitea", "        client_max_body_size 0;\n"))
    assert claim.facts["lines"] == ("proxy_set_header X-Forwarded-Proto $scheme;",)
    assert claim.facts["field"]


UPGRADE = (
    "        proxy_http_version 1.1;\n        proxy_set_header Upgrade $http_upgrade;\n"
    "        proxy_set_header Connection $connection_upgrade;\n"
)


def test_fires_for_an_upgrade_that_is_no_websocket() -> None:
    """Headscale's clients upgrade a POST; over HTTP/1.0 that is lost, too."""
    told = Symptom("application", "WRN No Upgrade header in TS2021 request.")
    for target in (SHOP, replace(SHOP, symptom=told)):
        (claim,) = judge(CHECK, *seen("headscale"), target=target)
        assert claim.facts["lines"] == (
            "proxy_set_header Upgrade $http_upgrade;",
            "proxy_http_version 1.1;",
            "proxy_set_header Connection upgrade;",
        )
        assert claim.facts["upgrade"]
        assert not claim.facts["field"]
        assert claim.fix
        edit = claim.fix.steps[0]
        assert isinstance(edit, Edit)
        assert edit.diff.count("\n+        proxy_") == 3


def test_silent_where_the_upgrade_is_passed_on() -> None:
    assert not judge(CHECK, *seen("headscale", UPGRADE))


def test_fires_only_for_what_a_message_is_about() -> None:
    target = replace(SHOP, symptom=Symptom("status", "504 Gateway Time-out", 504))
    (claim,) = judge(CHECK, *seen("mattermost"), target=target)
    assert claim.facts["lines"] == ("proxy_read_timeout 600s;",)
    assert claim.severity is Severity.WARNING


def test_silent_where_nginx_does_what_is_asked() -> None:
    lines = "        client_max_body_size 0;\n        proxy_set_header Host $http_host;\n"
    assert not judge(CHECK, *seen("nextcloud", lines))
    timeout = "        proxy_read_timeout 1h;\n"
    assert not judge(CHECK, *seen("mattermost", lines + timeout))


def test_silent_where_somebody_has_decided_and_nobody_misses_it() -> None:
    assert not judge(CHECK, *seen("nextcloud", "        client_max_body_size 20m;\n"))


def test_silent_for_an_application_that_asks_for_nothing_or_is_not_known() -> None:
    assert not judge(CHECK, *seen("n8n"))
    assert not judge(CHECK, *seen("none"))


def test_silent_beside_a_message_that_means_something_else() -> None:
    allowed = "        client_max_body_size 512m;\n"
    target = replace(SHOP, symptom=TOO_LARGE)
    assert judge(CHECK, *seen("nextcloud", ""), target=target)
    assert not judge(CHECK, *seen("chatwoot", "        client_max_body_size 0;\n"), target=target)
    assert not judge(CHECK, *seen("nextcloud", allowed), target=target)
    own = replace(
        SHOP,
        symptom=Symptom("application", "Must use https address in wwwroot when ssl proxy enabled!"),
    )
    assert not judge(CHECK, *seen("ntfy"), target=own)
    untold = replace(SHOP, symptom=Symptom("application", "The shop lost its mind"))
    assert judge(CHECK, *seen("nextcloud", ""))
    assert not judge(CHECK, *seen("nextcloud", ""), target=untold)


def test_fires_as_a_warning_where_the_access_log_has_such_a_failure() -> None:
    failed = FailedRequests(
        file="/var/log/nginx/access.log",
        method="PUT",
        path="/remote.php/dav/film",
        status=413,
        written="2026-11-24 11:59:00",
        times=3,
    )
    (claim,) = judge(CHECK, *seen("nextcloud"), failed)
    assert claim.severity is Severity.WARNING
    assert failed in claim.because
    assert any(subject.path == failed.path for subject in claim.covers)


def test_fires_for_the_location_of_the_script_and_for_the_block_behind() -> None:
    text = """server {
    listen 443 ssl;
    server_name shop.example.com;
    root /srv;
    location / {
        client_max_body_size 1g;
        try_files $uri /index.php;
    }
    location ~ \\.php$ {
        fastcgi_pass 127.0.0.1:9000;
    }
}
"""
    around = (BUILD, HOST, RUNNING, page(200), known("nextcloud"))
    (claim,) = judge(CHECK, config(text), *around)
    assert claim.facts["lines"] == ("client_max_body_size 512m;",)
    assert claim.facts["location"] == "location ~ \\.php$"
    front = SITE.replace("proxy_set_header", "client_max_body_size 1g; proxy_set_header")
    passed = "    location / { proxy_pass http://127.0.0.1:3001; %s }\n"
    behind = f"server {{\n    listen 127.0.0.1:3000;\n{passed}}}\n"
    (claim,) = judge(CHECK, config(front + behind % ""), *around)
    assert claim.facts["lines"] == ("client_max_body_size 512m;",)
    assert not judge(CHECK, config(front + behind % "client_max_body_size 1g;"), *around)


def test_silent_as_the_guide_for_a_proxy_in_front_of_a_discourse() -> None:
    """meta.discourse.org/t/17247: the nginx of its container has the lines for /message-bus/."""
    lines = (
        "        client_max_body_size 0;\n        proxy_set_header Host $http_host;\n"
        "        proxy_set_header X-Forwarded-Proto $scheme;\n"
    )
    assert not judge(CHECK, *seen("discourse", lines))
