"""What certbot 2.11 and acme.sh 3.0 write, taken down by hand: neither can renew here."""

from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.linux.renewal_logs import (
    acme_sh,
    certbot,
    challenge_status,
    last_journal_line,
)

CERTBOT = """\
2026-11-25 03:12:01,101:DEBUG:certbot._internal.main:certbot version: 2.11.0
2026-11-25 03:12:04,310:ERROR:certbot._internal.auth_handler:
Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority \
reported these problems:
  Domain: shop.example.com
  Type:   connection
  Detail: 203.0.113.10: Fetching http://shop.example.com/.well-known/acme-challenge/x: \
Timeout during connect (likely firewall problem)
2026-11-25 03:12:04,501:ERROR:certbot._internal.renewal:Failed to renew certificate \
shop.example.com with error: Some challenges have failed.
2026-11-25 03:12:04,510:ERROR:certbot._internal.renewal:All renewals failed. The following \
certificates could not be renewed:
"""
LIMIT = (
    "2026-11-25 03:12:04,501:ERROR:certbot._internal.renewal:Failed to renew certificate a.test "
    "with error: urn:ietf:params:acme:error:rateLimited :: There were too many requests of a given "
    "type :: too many certificates already issued\n"
)
ACME = """\
[Tue Nov 24 00:32:01 UTC 2026] ===Starting cron===
[Tue Nov 24 00:32:01 UTC 2026] Renewing: 'old.example.com'
[Tue Nov 24 00:32:09 UTC 2026] Error renewing old.example.com.
[Wed Nov 25 00:32:01 UTC 2026] ===Starting cron===
[Wed Nov 25 00:32:01 UTC 2026] Renewing: 'blog.example.com'
[Wed Nov 25 00:32:04 UTC 2026] Skipping. Next renewal time is: 2026-12-30T00:00:00Z
[Wed Nov 25 00:32:04 UTC 2026] Renewing: 'shop.example.com'
[Wed Nov 25 00:32:09 UTC 2026] Invalid status. Verification error details: DNS problem: NXDOMAIN
[Wed Nov 25 00:32:09 UTC 2026] Please check log file for more details: /root/.acme.sh/acme.sh.log
[Wed Nov 25 00:32:09 UTC 2026] Error renewing shop.example.com.
[Wed Nov 25 00:32:09 UTC 2026] ===End cron===
"""


def test_certbots_reason_is_what_the_authority_met() -> None:
    run = certbot(CERTBOT)
    assert run
    assert run.names == ("shop.example.com",)
    assert run.message.startswith("203.0.113.10: Fetching http://shop.example.com/")
    limited = certbot(LIMIT)
    assert limited
    assert "rateLimited" in limited.message


def test_certbot_0_10_names_the_file_of_the_certificate_alone() -> None:
    """https://github.com/certbot/certbot/issues/5222"""
    run = certbot(
        "Attempting to renew cert from /etc/letsencrypt/renewal/danydc.ch.conf produced an "
        "unexpected error: The requested apache plugin does not appear to be installed. Skipping.\n"
    )
    assert run
    assert run.names == ("danydc.ch",)
    assert run.message == "The requested apache plugin does not appear to be installed"


def test_certbot_cannot_use_its_own_settings() -> None:
    """https://github.com/NginxProxyManager/nginx-proxy-manager/issues/3624 and certbot's source."""
    file = "certbot._internal.renewal:Renewal configuration file /etc/letsencrypt/renewal/shop.conf"
    run = certbot(
        f"2026-11-27 08:37:46,911:ERROR:{file} is broken.\n"
        "2026-11-27 08:37:46,911:ERROR:certbot._internal.renewal:The error was: expected "
        "/etc/letsencrypt/live/shop/cert.pem to be a symlink\nSkipping.\n"
    )
    assert run
    assert run.names == ("shop",)
    assert run.message == "expected /etc/letsencrypt/live/shop/cert.pem to be a symlink"
    run = certbot(f"2026-11-27 08:37:46,911:WARNING:{file} lacks renewalparams. Skipping.\n")
    assert run
    assert run.message == "lacks renewalparams"
    run = certbot(f"ERROR:{file} (cert: shop) produced an unexpected error: x. Skipping.\n")
    assert run
    assert (run.names, run.message) == (("shop",), "x")


def test_a_run_of_certbots_that_came_to_a_good_end_is_no_failure() -> None:
    assert (
        certbot("2026-11-25 03:12:01,1:DEBUG:certbot._internal.renewal:no renewal failures\n")
        is None
    )


def test_of_acme_sh_only_the_last_run_counts() -> None:
    run = acme_sh(ACME)
    assert run
    assert run.names == ("shop.example.com",)
    assert "NXDOMAIN" in run.message
    assert acme_sh(f"{ACME}[Thu Nov 26 00:32:01 UTC 2026] ===Starting cron===\n") is None


def test_of_another_unit_its_own_last_line_is_the_reason() -> None:
    text = "Starting lego.service - renew...\nacme: error: 403\nlego.service: Failed with result\n"
    assert last_journal_line(text).message == "acme: error: 403"
    assert last_journal_line("").message == ""


@given(st.text(st.sampled_from("Faildtorenwcth: []\n=Er'.")))
def test_nothing_breaks_them(text: str) -> None:
    for read in (certbot, acme_sh, last_journal_line):
        read(text)


def test_the_words_of_an_older_certbot() -> None:
    run = certbot(
        "2020-03-20 07:13:51,323:WARNING:certbot.renewal:Attempting to renew cert "
        "(shop.example.com) from /etc/letsencrypt/renewal/shop.example.com.conf produced an "
        "unexpected error: Problem binding to port 80: Could not bind to IPv4 or IPv6.. Skipping.\n"
    )
    assert run is not None
    assert run.names == ("shop.example.com",)
    assert run.message == "Problem binding to port 80: Could not bind to IPv4 or IPv6."


BY_HAND = """\
[Mon Apr  9 17:02:13 CEST 2018] Renew: 'shop.example.com'
[Mon Apr  9 17:02:14 CEST 2018] shop.example.com:Challenge error: {"status": 400}
[Mon Apr  9 17:02:15 CEST 2018] The dns manual mode can not renew automatically, you must issue it \
again manually. You'd better use the other modes instead.
"""


def test_of_acme_sh_a_run_by_hand_counts_too() -> None:
    """After issue 1504 of acme.sh."""
    run = acme_sh(BY_HAND)
    assert run
    assert run.names == ("shop.example.com",)
    assert run.message.startswith("The dns manual mode can not renew")
    without = "\n".join(BY_HAND.splitlines()[:2])
    run = acme_sh(without)
    assert run
    assert "Challenge error" in run.message


def test_of_acme_sh_a_run_that_succeeded_failed_nowhere() -> None:
    text = BY_HAND.splitlines()[0] + "\n[Mon] Cert success.\n[Mon] x: Verify error: 1\n"
    assert acme_sh(text) is None
    assert acme_sh(BY_HAND + f"{BY_HAND.splitlines()[0]}\n[Mon] Cert success.\n") is None


def test_the_reason_of_a_plugin_follows_on_its_own_line() -> None:
    """certbot issue 7278."""
    text = (
        "Failed to renew certificate shop.example.com with error: The nginx plugin is not working; "
        "there may be problems with your existing configuration.\n"
        "The error was: NoInstallationError(\"Could not find a usable 'nginx' binary. Ensure nginx "
        'exists, the binary is executable, and your PATH is set correctly.")\n'
    )
    failed = certbot(text)
    assert failed is not None
    assert "usable 'nginx' binary" in failed.message


def test_the_limit_of_zerossl() -> None:
    """As acme.sh 3 writes it."""
    text = (
        "[Thu 05 Nov 2026] Renew: 'shop.example.com'\n"
        "[Thu 05 Nov] The retryafter=86400 value is too large (> 600), will not retry anymore.\n"
        "[Thu 05 Nov 2026] Error renewing shop.example.com.\n"
    )
    failed = acme_sh(text)
    assert failed is not None
    assert failed.message.startswith("The retryafter=86400")


def test_the_status_that_the_authority_got() -> None:
    url = "https://shop.example.com/.well-known/acme-challenge/x"
    assert challenge_status(f"203.0.113.10: Invalid response from {url}: 403") == 403
    assert challenge_status(f"Invalid response from {url} : 404 Not Found") == 404
    assert challenge_status(f'Invalid response from {url} [203.0.113.10]: "401"') == 401
    assert challenge_status(f'Invalid response from {url}: "<!DOCTYPE html>') == 0
