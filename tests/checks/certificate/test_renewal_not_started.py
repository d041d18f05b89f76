"""certificate.renewal-not-started: when it fires, and when it is silent."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from diagnose.model import Applicability, Claim, Command, Confidence, Severity, Vantage
from diagnose.model.nginx import CertificateFile
from diagnose.model.renewal import (
    RenewalAuthority,
    RenewalFailure,
    RenewalSchedule,
    RenewalStart,
    StartFault,
)
from tests.support.certificates import leaf
from tests.support.check_evidence import NOW, judge

CHECK = "certificate.renewal-not-started"
LIVE = "/etc/letsencrypt/live/shop.example.com/fullchain.pem"
DAY = 86400.0
SCHEDULE = RenewalSchedule(
    vantage=Vantage.SERVER, tool="certbot", last_run=NOW.timestamp() - 85 * DAY,
    booted=NOW.timestamp() - 100 * DAY, program="/usr/bin/certbot", has_cron=True,
)  # fmt: skip
TIMER = RenewalStart(vantage=Vantage.SERVER, tool="certbot", source="certbot.timer")
LINE = RenewalStart(
    vantage=Vantage.SERVER, tool="certbot", source="/etc/cron.d/renew", line=3, mode=0o664
)


def file(days: float = 5, path: str = LIVE) -> CertificateFile:
    end = NOW + timedelta(days=days)
    chain = (leaf(not_before=end - timedelta(days=90), not_after=end),)
    return CertificateFile(path=path, chain=chain, changed=NOW.timestamp() - 85 * DAY)


def argvs(claim: Claim) -> list[str]:
    assert claim.fix
    return [" ".join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]


def test_fires_where_the_timer_is_off() -> None:
    (claim,) = judge(CHECK, SCHEDULE, replace(TIMER, fault="timer-off"), file(-1))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.severity is Severity.ERROR
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert argvs(claim)[:2] == [
        "systemctl enable --now certbot.timer",
        "certbot renew --cert-name shop.example.com",
    ]
    (claim,) = judge(CHECK, SCHEDULE, replace(TIMER, fault="timer-masked"), file())
    assert argvs(claim)[0] == "systemctl unmask certbot.timer"


def test_fires_where_nothing_is_there_and_writes_what_starts_it() -> None:
    (claim,) = judge(CHECK, SCHEDULE, file())
    assert claim.confidence is Confidence.CERTAIN
    assert "/etc/cron.d/certbot-renew" in argvs(claim)[0]
    (claim,) = judge(CHECK, replace(SCHEDULE, has_cron=False, has_systemd=True), file())
    assert argvs(claim)[2] == "systemctl enable --now certbot-renew.timer"
    (claim,) = judge(CHECK, replace(SCHEDULE, has_cron=False), file())
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_acme_sh_and_what_it_installed() -> None:
    schedule = replace(SCHEDULE, tool="acme.sh", last_run=None, program="")
    home = "/root/.acme.sh"
    kept = f"{home}/shop.example.com_ecc"
    settings = RenewalAuthority(
        tool="acme.sh", source=f"{kept}/shop.example.com.conf", name="shop.example.com", host="x"
    )
    copied = (file(path="/etc/nginx/ssl/a.pem"), settings)
    for seen in ((file(path=f"{kept}/fullchain.cer"),), copied):
        (claim,) = judge(CHECK, schedule, *seen, masked=False)
        assert argvs(claim)[0] == f"{home}/acme.sh --home {home} --install-cronjob"
        assert claim.confidence is Confidence.LIKELY


def test_the_commands_mend_the_line(tmp_path: Path) -> None:
    """As `sed` does it."""
    import subprocess

    faulty: tuple[tuple[StartFault, str, str], ...] = (
        ("no-user", "0 3 * * * certbot renew", "0 3 * * * root certbot renew"),
        ("no-user", "@daily certbot renew", "@daily root certbot renew"),
        ("no-user", "\t0  */12 *\t* * certbot renew", "\t0  */12 *\t* * root certbot renew"),
        ("user", "0 3 * * * root certbot renew", "0 3 * * * certbot renew"),
        ("path", "0 3 * * * root certbot renew", "0 3 * * * root /snap/bin/certbot renew"),
    )
    for fault, text, mended in faulty:
        table = tmp_path / "table"
        table.write_text(f"# certbot\n\n{text}\n")
        start = replace(LINE, source=str(table), fault=fault, program="/snap/bin/certbot")
        (claim,) = judge(CHECK, SCHEDULE, start, file(), masked=False)
        assert claim.fix
        assert isinstance(claim.fix.steps[0], Command)
        subprocess.run(claim.fix.steps[0].argv, check=True)
        assert table.read_text() == f"# certbot\n\n{mended}\n"


def test_fires_and_names_what_else_is_wrong() -> None:
    faulty: tuple[tuple[StartFault, str], ...] = (
        ("dotted", "mv -n /etc/cron.d/renew.sh /etc/cron.d/renew-sh"),
        ("mode", "chmod go-w /etc/cron.d/renew.sh"),
        ("not-executable", "chmod +x /etc/cron.d/renew.sh"),
        ("newline", "sed -i -e $a\\ /etc/cron.d/renew.sh"),
        ("no-daemon", "systemctl enable --now cron"),
        ("gone", "certbot renew --cert-name shop.example.com"),
        ("rare", "certbot renew --cert-name shop.example.com"),
    )
    for fault, command in faulty:
        start = replace(LINE, source="/etc/cron.d/renew.sh", fault=fault, unit="cron")
        (claim,) = judge(CHECK, SCHEDULE, start, file(), masked=False)
        assert argvs(claim)[0] == command


def test_fires_where_a_person_proves_the_name() -> None:
    schedule = replace(SCHEDULE, by_hand=("shop.example.com",), is_complete=False)
    (claim,) = judge(CHECK, schedule, TIMER, file(), masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_not_certain_without_the_control() -> None:
    now = NOW.timestamp()
    off = replace(TIMER, fault="timer-off")
    (claim,) = judge(CHECK, replace(SCHEDULE, last_run=now - DAY), off, file())
    assert claim.confidence is Confidence.LIKELY
    (claim,) = judge(CHECK, replace(SCHEDULE, booted=now - DAY), off, file())
    assert claim.confidence is Confidence.CERTAIN
    (claim,) = judge(CHECK, replace(SCHEDULE, booted=now - DAY), file())
    assert claim.confidence is Confidence.LIKELY
    (claim,) = judge(CHECK, replace(SCHEDULE, last_run=None), off, file())
    assert claim.confidence is Confidence.LIKELY
    # What was not found may start it every week, or every month.
    (claim,) = judge(CHECK, replace(SCHEDULE, last_run=now - 20 * DAY), file())
    assert claim.confidence is Confidence.LIKELY
    (claim,) = judge(CHECK, replace(SCHEDULE, last_run=now - DAY), file())
    assert claim.confidence is Confidence.POSSIBLE


def test_silent_where_something_starts_it_or_may() -> None:
    assert not judge(CHECK, SCHEDULE, TIMER, file())
    assert not judge(CHECK, SCHEDULE, replace(TIMER, fault="timer-off"), LINE, file())
    assert not judge(CHECK, replace(SCHEDULE, is_complete=False), file())
    assert not judge(CHECK, SCHEDULE, file(60))
    # Nothing shows that certbot has ever run here: it may do so elsewhere.
    assert not judge(CHECK, replace(SCHEDULE, last_run=None), file())
    assert not judge(CHECK, SCHEDULE, file(path="/etc/nginx/ssl/bought.pem"))


def test_silent_where_the_tool_ran_and_failed() -> None:
    failure = RenewalFailure(tool="certbot", source="x", message="Timeout during connect")
    assert not judge(CHECK, SCHEDULE, failure, file())
