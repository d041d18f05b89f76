"""http.application-setting: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Edit, Severity, Symptom
from diagnose.model.applications import KnownApplication, ReadSetting
from diagnose.model.http import Upgrade
from diagnose.parsers.applications import application_ids, application_of
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.page_evidence import answered, loads, script

CHECK = "http.application-setting"
MOODLE = KnownApplication(id="moodle", name="Moodle", url="https://shop.example.com/")
OTHER = KnownApplication(id="ntfy", name="ntfy", url="https://shop.example.com/")
WWWROOT = "Coding error: Must use https address in wwwroot when ssl proxy enabled!"


@pytest.mark.parametrize(
    ("text", "topic", "setting"),
    [
        (WWWROOT, "public_url", "$CFG->wwwroot"),
        (
            "For security reasons only https connections are allowed, sorry.",
            "trusted_proxy",
            "$CFG->sslproxy",
        ),
    ],
)
def test_fires_with_the_setting_that_the_message_means(text: str, topic: str, setting: str) -> None:
    target = replace(SHOP, symptom=Symptom("application", text))
    (claim,) = judge(CHECK, MOODLE, target=target)
    assert claim.confidence is Confidence.LIKELY
    assert claim.severity in {None, Severity.WARNING}
    assert setting in str(claim.facts["setting"])
    assert claim.facts[topic]
    assert str(claim.facts["message"]) in text


def test_silent_without_a_message_of_the_sites_own_application() -> None:
    target = replace(SHOP, symptom=Symptom("application", WWWROOT))
    assert not judge(CHECK, OTHER, target=target)
    assert not judge(CHECK, target=target)
    assert not judge(CHECK, MOODLE, target=SHOP)
    foreign = replace(SHOP, symptom=Symptom("other", "Something else"))
    assert not judge(CHECK, MOODLE, target=foreign)


def test_silent_where_the_files_of_the_page_come() -> None:
    """Grafana has the message in every page, for the case that its files do not come."""
    grafana = KnownApplication(id="grafana", name="Grafana", url="https://shop.example.com/")
    words = "If you're seeing this Grafana has failed to load its application files"
    target = replace(SHOP, symptom=Symptom("application", words))
    assert judge(CHECK, grafana, target=target)
    page = loads(script())
    assert judge(CHECK, grafana, page, answered(script(), 404), target=target)
    assert not judge(CHECK, grafana, page, answered(script()), target=target)


def test_silent_where_the_message_means_the_proxy() -> None:
    target = replace(SHOP, symptom=Symptom("websocket", "Connection Lost"))
    n8n = KnownApplication(id="n8n", name="n8n", url="https://shop.example.com/")
    assert not judge(CHECK, n8n, target=target)


def test_silent_where_the_refusal_of_the_origin_is_seen() -> None:
    cockpit = KnownApplication(id="cockpit", name="Cockpit", url="https://shop.example.com/")
    target = replace(SHOP, symptom=Symptom("csrf", "received request from bad Origin"))
    refused = Upgrade(
        url="wss://shop.example.com/cockpit/socket", path="/cockpit/socket", address="203.0.113.10",
        port=443, origin="https://shop.example.com", fault="status", status=403,
    )  # fmt: skip
    accepted = replace(refused, variant="other-scheme", status=101, accepted=True)
    assert judge(CHECK, cockpit, target=target)
    assert not judge(CHECK, cockpit, refused, accepted, target=target)


def test_every_setting_that_a_message_means_is_there() -> None:
    for name in application_ids():
        application = application_of(name)
        assert application is not None
        for message in application.messages:
            if message.means.startswith(("public_", "trusted_", "allowed_")):
                assert message.means in application.settings, name


def test_fires_with_the_line_by_which_the_application_sees_another_host() -> None:
    """Matomo's message shows the name in proxy_pass: its own setting is right."""
    matomo = KnownApplication(id="matomo", name="Matomo", url="https://shop.example.com/")
    words = (
        "You are now accessing Matomo from https://127.0.0.1:3000/index.php, but Matomo has been "
        "configured to run at this address: https://shop.example.com/index.php."
    )
    target = replace(SHOP, symptom=Symptom("application", words))
    bare = SITE.replace("        proxy_set_header Host $host;\n", "")
    seen = matomo, page(200), RUNNING, BUILD
    (claim,) = judge(CHECK, *seen, config(bare), target=target, masked=False)
    assert claim.facts["seen"] == "127.0.0.1:3000"
    assert claim.location
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_set_header Host $host;\n" in edit.diff
    # nginx tells the visitors' name: the message is about the setting.
    (claim,) = judge(CHECK, *seen, config(SITE), target=target, masked=False)
    assert claim.facts["seen"] == ""


def test_fires_for_a_page_that_names_the_host_that_the_application_saw() -> None:
    """Matomo's own warning; nginx passes no Host, so that it sees the name of the upstream."""
    words = (
        "Warning: You are now accessing Matomo from https://matomo-app/index.php, but Matomo has "
        "been configured to run at this address: https://shop.example.com/index.php."
    )
    shown = replace(page(200), body=f"<title>Matomo</title>{words}", purpose="target")
    matomo = KnownApplication(id="matomo", name="Matomo", url="https://shop.example.com/")
    site = SITE.replace("        proxy_set_header Host $host;\n", "")
    nginx = config(site.replace("http://127.0.0.1:3000", "http://matomo-app"))
    # The name stands in the page and in the configuration: stand-ins are not compared.
    (claim,) = judge(CHECK, matomo, shown, RUNNING, BUILD, nginx, masked=False)
    assert claim.facts["shown"]
    assert claim.facts["seen"] == "matomo-app"
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix is not None
    assert isinstance(claim.fix.steps[0], Edit)
    assert not judge(CHECK, matomo, replace(shown, body="<title>Matomo</title>"), nginx)


def test_silent_for_a_message_that_the_page_has_in_any_case() -> None:
    grafana = KnownApplication(id="grafana", name="Grafana", url="https://shop.example.com/")
    words = "If you're seeing this Grafana has failed to load its application files"
    assert not judge(CHECK, grafana, replace(page(200), body=words, purpose="target"))


@pytest.mark.parametrize(("value", "fires"), [("10.99.0.201:8443", True), (SHOP.host, False)])
def test_the_address_of_jitsi_is_named_unless_it_fits(value: str, fires: bool) -> None:
    """Issue 2035 of docker-jitsi-meet. Where it fits, the connection is lost for another reason."""
    read = ReadSetting(
        application="jitsi-meet", topic="public_url", key="PUBLIC_URL", source="variable",
        values=(f"https://{value}",), wanted=SHOP.origin,
    )  # fmt: skip
    seen = KnownApplication(id="jitsi-meet", name="Jitsi Meet", url=SHOP.url)
    target = replace(SHOP, symptom=Symptom("application", "You have been disconnected"))
    assert bool(judge(CHECK, seen, read, target=target, masked=False)) is fires
