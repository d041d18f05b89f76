from dataclasses import replace
from datetime import timedelta

import pytest

from diagnose.model import Applicability, Manual, Severity
from diagnose.model.nginx import CertificateFile
from diagnose.model.renewal import ChallengeFolder, RenewalFailure
from tests.support.certificates import leaf
from tests.support.check_evidence import NOW, judge
from tests.support.nginx_evidence import BUILD, RUNNING
from tests.support.nginx_evidence import config as nginx_config
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "certificate.renewal-failed"
URL = "http://shop.example.com/.well-known/acme-challenge/x"
REASONS = (
    "limited", "port_taken", "no_plugin", "no_link", "plugin_broken", "caa", "no_record", "no_name",
    "unreachable", "wrong_answer", "credentials", "no_authority", "no_binary", "no_folder",
)  # fmt: skip
LIVE = "/etc/letsencrypt/live/shop.example.com/fullchain.pem"
ACME = "/root/.acme.sh/shop.example.com/fullchain.cer"
WRITTEN = NOW.timestamp() - 85 * 86400


def file(days: float = 5, path: str = LIVE) -> CertificateFile:
    end = NOW + timedelta(days=days)
    chain = (leaf(not_before=end - timedelta(days=90), not_after=end),)
    return CertificateFile(path=path, chain=chain, changed=WRITTEN)


def failure(
    *names: str, tool: str = "certbot", when: float | None = WRITTEN + 86400 * 60
) -> RenewalFailure:
    return RenewalFailure(
        tool=tool, source="/var/log/letsencrypt/letsencrypt.log", names=names,
        message="Timeout during connect", when=when, unit="certbot.service",
    )  # fmt: skip


def test_fires_where_the_tool_could_not_renew_the_certificate_of_the_file() -> None:
    (claim,) = judge(CHECK, file(), failure("blog.example.com", "shop.example.com"))
    assert claim.facts["message"] == "Timeout during connect"
    assert claim.severity is None
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_as_an_error_once_it_has_expired() -> None:
    (claim,) = judge(CHECK, file(-1), failure())
    assert claim.severity is Severity.ERROR
    assert claim.facts["expired"]


def test_silent_about_other_certificates_and_other_tools() -> None:
    assert not judge(CHECK, file(), failure("blog.example.com"))
    assert not judge(CHECK, file(), failure(tool="acme.sh"))
    assert not judge(CHECK, file(path="/etc/nginx/ssl/shop.pem"), failure())


def test_silent_where_it_was_renewed_after_that() -> None:
    assert not judge(CHECK, file(), failure("shop.example.com", when=WRITTEN - 60))


def test_names_the_port_that_is_taken_and_the_plugin_that_is_missing() -> None:
    reasons = (
        "Problem binding to port 80: Could not bind to IPv4 or IPv6.",
        "The requested apache plugin does not appear to be installed",
        "Timeout during connect",
    )
    facts = [
        judge(CHECK, file(), replace(failure(), message=reason))[0].facts for reason in reasons
    ]
    assert [fact["port_taken"] for fact in facts] == [True, False, False]
    assert [each["no_plugin"] for each in facts] == [False, True, False]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (f"203.0.113.10: Fetching {URL}: Timeout during connect (likely firewall problem)",
         "unreachable"),
        (f"Fetching {URL}: Connection refused", "unreachable"),
        (f"2001:db8::9: Invalid response from {URL}: 404", "wrong_answer"),
        (f'Invalid response from {URL} [203.0.113.10]: "404"', "wrong_answer"),
        ("CAA record for shop.example.com prevents issuance", "caa"),
        ("DNS problem: NXDOMAIN looking up A for shop.example.com", "no_name"),
        ("Incorrect TXT record found at _acme-challenge.shop.example.com", "no_record"),
        ("DNS problem: NXDOMAIN looking up TXT for _acme-challenge.shop.example.com", "no_record"),
        ("Error determining zone_id: 9103 Unknown X-Auth-Key or X-Auth-Email", "credentials"),
        ("Error add txt for domain:_acme-challenge.shop.example.com", "credentials"),
        ("The nginx plugin is not working; there may be problems with your existing configuration.",
         "plugin_broken"),
        ("acme:error:rateLimited :: too many certificates already issued", "limited"),
        ("HTTPSConnectionPool(host='acme-v02.api.letsencrypt.org', port=443): Max retries exceeded"
         " with url: /directory (Caused by NewConnectionError: Connection timed out)",
         "no_authority"),
        ("Please refer to https://curl.haxx.se/libcurl/c/libcurl-errors.html for error code: 7",
         "no_authority"),
        ("/var/www/old does not exist or is not a directory", "no_folder"),
        ("Missing command line flag or config entry for this setting: Input the webroot for"
         " shop.example.com:. Skipping.", "no_folder"),
        ("An unexpected error occurred", ""),
    ],
)  # fmt: skip
def test_names_the_reason_by_the_words_of_the_log(message: str, reason: str) -> None:
    (claim,) = judge(CHECK, file(), replace(failure(), message=message))
    assert [name for name in REASONS if claim.facts[name]] == ([reason] if reason else [])
    assert claim.facts["known"] is bool(reason)


def test_names_the_ipv6_address_that_the_authority_asked() -> None:
    text = f"Fetching {URL}: Timeout during connect"
    (claim,) = judge(CHECK, file(), replace(failure(), message=f"2001:db8::9: {text}"))
    assert claim.facts["asked_ipv6"] == "2001:db8::9"
    (claim,) = judge(CHECK, file(), replace(failure(), message=f"203.0.113.10: {text}"))
    assert claim.facts["asked_ipv6"] == ""


def test_fires_for_a_copy_that_acme_sh_installed() -> None:
    copy = "/etc/nginx/ssl/shop.pem"
    failed = failure("shop.example.com", tool="acme.sh")
    (claim,) = judge(CHECK, file(path=copy), failed)
    assert (claim.facts["tool"], claim.facts["name"]) == ("acme.sh", "shop.example.com")
    assert not judge(CHECK, file(days=80, path=copy), failed), "it need not be renewed yet"
    assert not judge(CHECK, file(path=copy), failure("blog.example.com", tool="acme.sh"))


def test_a_record_that_a_person_wrote_is_not_renewed_by_trying_again() -> None:
    """After issue 1504 of acme.sh, and certbot's plugin "manual"."""
    reasons = (
        ("acme.sh", ACME, "The dns manual mode can not renew automatically, you must"),
        ("certbot", LIVE, "An authentication script must be provided with --manual-auth-hook when"),
    )
    for tool, path, message in reasons:
        failed = replace(failure(tool=tool), message=message)
        (claim,) = judge(CHECK, file(path=path), failed, masked=False)
        assert claim.facts["by_hand"]
        assert claim.fix
        assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["by-hand"]
        assert len(claim.fix.steps) == 1


@pytest.mark.parametrize(
    ("message", "cause", "other"),
    [
        (
            "CAA record for shop.example.com prevents issuance",
            "dns.caa-forbids",
            "http.port-closed",
        ),
        (
            "203.0.113.10: Fetching http://x: Timeout during connect",
            "http.port-closed",
            "dns.caa-forbids",
        ),
        (
            f"203.0.113.10: Invalid response from {URL}: 404",
            "http.acme-challenge-blocked",
            "http.port-closed",
        ),
        ("Some challenges have failed.", "http.port-closed", "dns.caa-forbids"),
        ("Invalid API token", "", "http.port-closed"),
    ],
)
def test_it_follows_from_what_the_log_tells(message: str, cause: str, other: str) -> None:
    (claim,) = judge(CHECK, file(), replace(failure("shop.example.com"), message=message))
    assert (cause in claim.consequence_of) is bool(cause)
    assert other not in claim.consequence_of


def test_an_old_ipv6_address_is_no_consequence_of_another_address() -> None:
    message = "2001:db8:9::9: Fetching http://x: Timeout during connect"
    (claim,) = judge(CHECK, file(), replace(failure("shop.example.com"), message=message))
    assert (claim.about.address, claim.about.port) == ("2001:db8:9::9", 80)


def test_fires_where_cron_does_not_find_the_web_server() -> None:
    message = 'The nginx plugin is not working; x. NoInstallationError("Could not find a usable'
    (claim,) = judge(CHECK, file(), replace(failure("shop.example.com"), message=message))
    assert [name for name in REASONS if claim.facts[name]] == ["no_binary"]


def test_a_failure_in_the_second_of_the_file_is_of_the_run_that_wrote_it() -> None:
    assert not judge(CHECK, file(), failure("shop.example.com", when=WRITTEN))
    assert judge(CHECK, file(), failure("shop.example.com", when=WRITTEN + 1))


def test_names_the_folder_and_the_plugin_of_the_web_server() -> None:
    refused = replace(
        failure("shop.example.com"), message=f"Invalid response from {URL}: 403", status=403
    )
    folder = ChallengeFolder(
        tool="certbot", source="renewal", name="shop.example.com", folder="/var/www/shop"
    )
    (claim,) = judge(CHECK, file(), refused, folder, APACHE, apache_config(HTTPS))
    assert (claim.facts["folder"], claim.facts["plugin"]) == ("/var/www/shop", "apache")
    assert claim.facts["apache"]
    assert claim.facts["refused"]
    (claim,) = judge(CHECK, file(), failure("shop.example.com"))
    assert (claim.facts["folder"], claim.facts["plugin"]) == ("", "nginx")
    assert not claim.facts["refused"]


SERVED = """\
server {
    listen 80;
    server_name shop.example.com;
    location ^~ /.well-known/acme-challenge/ { root /srv/acme; }
    location / { return 301 https://$host$request_uri; }
}
"""


def test_renews_by_the_files_that_nginx_serves_where_the_plugin_is_missing() -> None:
    missing = "The requested nginx plugin does not appear to be installed"
    failed = replace(failure("shop.example.com"), message=missing)
    (claim,) = judge(CHECK, file(), failed, nginx_config(SERVED), BUILD, RUNNING, masked=False)
    assert claim.facts["by_files"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "/srv/acme" in getattr(claim.fix.steps[0], "argv", ())
    passed_on = SERVED.replace("root /srv/acme", "proxy_pass http://127.0.0.1:3000")
    (claim,) = judge(CHECK, file(), failed, nginx_config(passed_on), BUILD, RUNNING)
    assert not claim.facts["by_files"]
    # A certificate for all names of the domain, which needs a plugin for DNS.
    leaf_for_all = replace(file().chain[0], dns_names=("shop.example.com", "*.shop.example.com"))
    for_all = replace(file(), chain=(leaf_for_all,))
    (claim,) = judge(CHECK, for_all, failed, nginx_config(SERVED), BUILD, RUNNING)
    assert not claim.facts["by_files"]


def test_silent_for_a_message_of_the_time_before_the_last_renewal() -> None:
    assert judge(CHECK, file(20), failure("shop.example.com", when=None))
    assert not judge(CHECK, file(80), failure("shop.example.com", when=None))
