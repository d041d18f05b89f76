from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit, Manual, Symptom, Target, Vantage
from diagnose.model.services import PlannedRestart, PlanSource
from diagnose.parsers.linux.planned_jobs import planned_ends
from diagnose.parsers.linux.planned_times import calendar_days, cron_days
from tests.support.check_evidence import SHOP, judge

CHECK = "host.planned-restart"


def told(text: str) -> Target:
    return replace(SHOP, symptom=Symptom("unusable", text))


def plan(
    command: str, *ended: str, minutes: tuple[int, ...] = (180,), interval: int = 86_400,
    source: PlanSource = "job", **more: object,
) -> PlannedRestart:  # fmt: skip
    file = "" if source in {"timer", "upgrades"} else "/etc/cron.d/site"
    made = PlannedRestart(
        vantage=Vantage.SERVER, command=command, source=source, ended=ended or ("nginx",),
        file=file, line=2 if file else 0, text=f"# a comment\n{command}\n" if file else "",
        plan="site.timer" if source == "timer" else "", minutes=minutes, interval=interval,
        is_alone=True,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def changed(fix) -> list[str]:  # type: ignore[no-untyped-def]
    lines = [line for step in fix.steps if isinstance(step, Edit) for line in step.diff.split("\n")]
    return [line for line in lines if line[:1] in "+-" and line[:3] not in {"+++", "---"} and line]


@pytest.mark.parametrize(
    "text",
    [
        "the site goes down for a few seconds every day at 3am",
        "Die Seite ist jede Nacht gegen 3 Uhr kurz weg",
        "每天凌晨三点网站打不开",
        "todas las noches a las 3:00 se cae la web",
    ],
)
def test_fires_where_cron_restarts_the_web_server_at_the_told_hour(text: str) -> None:
    (claim,) = judge(CHECK, plan("0 3 * * * root systemctl restart nginx"), target=told(text))
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    assert changed(claim.fix) == [
        "-0 3 * * * root systemctl restart nginx",
        "+0 3 * * * root systemctl reload nginx",
    ]
    assert (claim.facts["times"], claim.facts["reloads"]) == (("03:00",), True)


def test_fires_and_takes_out_the_line_of_a_program_or_a_timer() -> None:
    minutes = tuple(range(0, 1440, 60))
    target = told("jede Stunde werden alle WebSocket-Verbindungen getrennt")
    hourly = plan("0 * * * * root systemctl restart board", "board", minutes=minutes, interval=3600)
    (claim,) = judge(CHECK, hourly, target=target)
    assert claim.fix is not None
    assert changed(claim.fix)[1] == "+#0 * * * * root systemctl restart board"
    timer = plan("systemctl restart board", "board", minutes=(), interval=3600, source="timer")
    (claim,) = judge(CHECK, timer, target=target)
    assert claim.fix is not None
    shown = [" ".join(step.argv) for step in claim.fix.steps]  # type: ignore[union-attr]
    assert shown == ["systemctl disable site.timer", "systemctl stop site.timer"]


def test_only_the_verb_of_the_service_becomes_reload() -> None:
    line = "0 3 * * * root /root/restart.sh; systemctl try-restart nginx >>/var/log/restart.log"
    (claim,) = judge(CHECK, plan(line), target=told("down every day at 3am"))
    assert claim.fix is not None
    assert changed(claim.fix)[1] == f"+{line.replace('try-restart', 'reload')}"


@pytest.mark.parametrize(
    ("line", "days"),
    [
        ("0 3 * * * root systemctl restart nginx", 1),
        ("0 3 * * 1-5 root systemctl restart nginx", 1),
        ("0 3 */2 * * root systemctl restart nginx", 2),
        ("0 3 * * 0 root systemctl restart nginx", 7),
        ("@weekly root systemctl restart nginx", 7),
        ("0 3 1 * * root systemctl restart nginx", 28),
        ("0 3 1 1 * root systemctl restart nginx", 365),
    ],
)
def test_a_plan_of_some_days_is_no_daily_fault(line: str, days: int) -> None:
    assert cron_days(line) == days
    (end,) = planned_ends(f"unit 443 nginx.service\njob /etc/crontab:9:{line}")
    seen = plan(line, minutes=end.minutes, interval=end.interval)
    words = "the site is down every night" + " at 3am" * (not line.startswith("@"))
    assert len(judge(CHECK, seen, target=told(words))) == (days == 1)


@pytest.mark.parametrize(
    ("event", "days"),
    [
        ("*-*-* 03:00:00", 1), ("Mon..Fri *-*-* 03:00:00", 1), ("Sun *-*-* 03:00:00", 7),
        ("*-*-01 03:00:00", 28), ("*-01-01 00:00:00", 365), ("", 1), ("nonsense", 1),
    ],
)  # fmt: skip
def test_the_days_of_a_timer(event: str, days: int) -> None:
    assert calendar_days(event) == days


@pytest.mark.parametrize(
    "seen",
    [
        plan("0 3 * * * root systemctl stop nginx; certbot renew", is_alone=False, stops=True),
        plan("0 3 * * * root backup.sh && systemctl restart board", "board", is_alone=False),
        plan("Unattended-Upgrade::Automatic-Reboot", "machine", source="upgrades"),
        plan("0 3 * * * root systemctl restart nginx", text=""),
    ],
)
def test_fires_and_leaves_the_change_to_a_person(seen: PlannedRestart) -> None:
    (claim,) = judge(CHECK, seen, target=told("the site is gone every night at 3 am"))
    assert claim.fix is not None
    assert isinstance(claim.fix.steps[0], Manual)


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        (plan("0 5 * * * root systemctl restart nginx", minutes=(300,)), "down every day at 3am"),
        (plan("0 3 * * * root systemctl restart nginx"), "websockets drop every 10 minutes"),
        (plan("0 15 * * * root reboot", "machine", minutes=(900,)), "the site is down every night"),
        (plan("0 3 * * * root systemctl restart nginx"), "the site is slow"),
        (plan("0 3 * * * root systemctl restart nginx"), "connect() failed at 03:00:12"),
        (plan("0 3 * * * root systemctl restart nginx"), "the upload ends after 3h"),
    ],
)
def test_silent_for_another_time_and_without_one(seen: PlannedRestart, text: str) -> None:
    assert not judge(CHECK, seen, target=told(text))
    assert not judge(CHECK, seen)


def test_only_what_serves_the_site_is_read() -> None:
    text = """\
unit 443 nginx.service
unit 8080 board.service
job /etc/crontab:9:0 3 * * * root systemctl restart nginx
job /etc/cron.d/b:2:*/10 * * * * root /usr/local/bin/check.sh
script /usr/local/bin/check.sh:4:  service board restart
job /etc/cron.d/other:2:*/10 * * * * root systemctl restart mysql
job /etc/cron.d/c:1:0 0 * * * root certbot renew --deploy-hook "systemctl restart nginx"
job /etc/cron.d/d:1:0 0 * * * root docker restart app
rotate /etc/logrotate.d/nginx:14:    systemctl restart nginx
rotate /etc/logrotate.d/nginx:15:    systemctl reload nginx
at logrotate 00:00
timer board.timer|*-*-* *:00/30:00||systemctl restart board.service;
timer x.timer||10min|/usr/bin/systemctl restart board.service;
reboot 02:00
"""
    ends = planned_ends(text)
    assert [(end.ended, end.interval, len(end.minutes)) for end in ends] == [
        (("nginx",), 86_400, 1),
        (("board",), 600, 144),
        (("nginx",), 86_400, 1),
        (("board",), 1800, 48),
        (("board",), 600, 0),
        (("machine",), 86_400, 1),
    ]
