from dataclasses import replace

from diagnose.model import Confidence, Edit, Severity
from diagnose.model.logs import FailedRequests, LoggedRequestError
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.request-timed-out"
FAILED = FailedRequests(
    server="apache", file="/var/log/apache2/access.log", method="MOVE", path="/dav/file",
    status=502, written="[28/Nov/2026:18:01:00 +0000]", is_from_page=True,
)  # fmt: skip
ERROR = LoggedRequestError(
    server="apache", log="/var/log/apache2/error.log", method="MOVE", path="/dav/file",
    status=502, message="AH01102: error reading status line", reason="timeout",
    backend="127.0.0.1:3000", waited_s=60.0,
)  # fmt: skip
CADDYFILE = """\
shop.example.com {
	reverse_proxy 127.0.0.1:3000 {
		transport http {
			response_header_timeout 30s
		}
	}
}
"""
OF_CADDY = replace(FAILED, server="caddy", status=504, lasted_s=30.01)


def patch(site: str, error: LoggedRequestError = ERROR) -> tuple[str, str]:
    (claim,) = judge(CHECK, APACHE, apache_config(site), FAILED, error)
    assert claim.fix
    edits = [step for step in claim.fix.steps if isinstance(step, Edit)]
    return str(claim.facts["setting"]), edits[0].diff if edits else ""


def test_fires_and_lets_the_site_wait_longer() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), FAILED, ERROR)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, None)
    assert (claim.facts["waited"], claim.facts["application"]) == (60, "127.0.0.1:3000")
    setting, diff = patch(HTTPS)
    assert setting == ""
    assert " <VirtualHost *:443>\n+    ProxyTimeout 300\n" in diff


def test_fires_with_the_setting_that_has_the_seconds() -> None:
    assert patch(f"{HTTPS}Timeout 60\n")[0] == "Timeout 60"
    own = HTTPS.replace("    ProxyPass / ", "    ProxyTimeout 60\n    ProxyPass / ")
    setting, diff = patch(own)
    assert (setting, "+    ProxyTimeout 300\n" in diff) == ("ProxyTimeout 60", True)
    worker = HTTPS.replace("3000/\n", "3000/ timeout=60\n")
    setting, diff = patch(worker)
    assert (setting, "127.0.0.1:3000/ timeout=300\n" in diff) == ("timeout=60", True)


def test_fires_without_an_edit_where_another_parameter_would_count() -> None:
    assert patch(HTTPS.replace("3000/\n", "3000/ timeout=5\n")) == ("", "")


def test_fires_as_a_note_for_a_single_request_of_no_page() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), replace(FAILED, is_from_page=False), ERROR)
    assert claim.severity is Severity.NOTE


def test_fires_with_less_certainty_where_no_line_names_the_path() -> None:
    error = replace(ERROR, names_path=False)
    (claim,) = judge(CHECK, APACHE, apache_config(), FAILED, error)
    assert claim.confidence is Confidence.LIKELY


def test_fires_for_caddy_after_its_own_time() -> None:
    (claim,) = judge(CHECK, CADDY, caddy_config(CADDYFILE), OF_CADDY)
    assert (claim.facts["setting"], claim.facts["waited"]) == ("response_header_timeout 30s", 30)
    assert claim.fix
    assert any("response_header_timeout 300s" in getattr(s, "diff", "") for s in claim.fix.steps)


def test_silent_without_a_line_or_for_another_request() -> None:
    assert not judge(CHECK, APACHE, apache_config(), FAILED)
    assert not judge(CHECK, APACHE, apache_config(), FAILED, replace(ERROR, path="/dav"))
    assert not judge(CHECK, APACHE, apache_config(), replace(FAILED, status=500), ERROR)
    early = replace(OF_CADDY, lasted_s=3.0)
    assert not judge(CHECK, CADDY, caddy_config(CADDYFILE), early)
    assert not judge(CHECK, CADDY, caddy_config(), OF_CADDY)
