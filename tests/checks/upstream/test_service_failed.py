import shlex
from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Command, Confidence, Edit, Failure, Severity
from diagnose.model.applications import ReadSetting
from diagnose.model.program_logs import FailedUnit
from diagnose.model.server import Listeners
from diagnose.model.services import StartNeed, UnitCorrection
from diagnose.model.upstream import Permissions, UpstreamSocket
from tests.support.check_evidence import judge, texts
from tests.support.nginx_evidence import BUILD, SITE, config
from tests.support.nginx_evidence import RUNNING as NGINX_RUNS
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import LISTENING

CHECK = "upstream.service-failed"
PAGE = replace(ANSWER, status=502)
UNIT = FailedUnit(
    unit="shop", state="failed", endpoint="3000", message="Error: Cannot find module 'x'",
    is_local=True, equivalent="journalctl -b -n 60 -u shop",
)  # fmt: skip
MAIL = replace(UNIT, unit="mail", is_local=False)
IDLE = replace(
    UNIT, state="inactive", sub_state="dead", message="", names_endpoint=True, file_state="disabled"
)
RUNNING = replace(IDLE, state="active", sub_state="running", file_state="enabled", age=3600.0)


def test_fires_for_the_only_one_of_the_administrators() -> None:
    (claim,) = judge(CHECK, PAGE, UNIT)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["message"] == UNIT.message


def test_fires_for_the_one_that_names_the_port_and_is_certain() -> None:
    (claim,) = judge(CHECK, PAGE, MAIL, replace(UNIT, names_endpoint=True))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["unit"] == "shop"


def test_fires_for_a_program_of_pm2_with_its_commands() -> None:
    program = replace(UNIT, manager="pm2", state="", equivalent="tail -n 60 /root/x-error.log")
    (claim,) = judge(CHECK, PAGE, program)
    assert (claim.facts["manager"], claim.facts["restart"]) == ("pm2", "pm2 restart shop")
    (claim,) = judge(CHECK, PAGE, replace(program, manager="supervisor"))
    assert claim.facts["state_command"] == "supervisorctl status shop"
    (claim,) = judge(CHECK, PAGE, UNIT)
    assert claim.facts["manager"] == ""


def test_silent_when_several_failed_or_another_ones() -> None:
    assert not judge(CHECK, PAGE, UNIT, MAIL)
    assert not judge(CHECK, PAGE, MAIL)


def test_silent_when_the_application_answers() -> None:
    assert not judge(CHECK, ANSWER, replace(UNIT, names_endpoint=True))
    assert not judge(CHECK, replace(ANSWER, status=500), UNIT)


def test_a_note_where_nothing_listens_on_the_sites_own_port() -> None:
    own = replace(UNIT, endpoint="443")
    (claim,) = judge(CHECK, Listeners(), own)
    assert (claim.severity, claim.confidence) == (Severity.NOTE, Confidence.POSSIBLE)
    (claim,) = judge(CHECK, Listeners(), replace(own, names_endpoint=True))
    assert claim.confidence is Confidence.LIKELY
    assert not judge(CHECK, LISTENING, own)
    assert not judge(CHECK, Listeners(), replace(own, is_local=False))


def _shown(claim: Claim) -> list[str]:
    assert claim.fix
    return [shlex.join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]


def test_fires_for_one_that_nobody_started() -> None:
    (claim,) = judge(CHECK, PAGE, IDLE)
    assert claim.facts["not_enabled"]
    assert claim.confidence is Confidence.LIKELY
    assert _shown(claim) == ["systemctl enable --now shop"]
    (claim,) = judge(CHECK, PAGE, replace(IDLE, file_state="enabled"))
    assert claim.facts["stopped"]
    assert claim.confidence is Confidence.CERTAIN
    assert _shown(claim) == ["systemctl start shop"]
    (claim,) = judge(CHECK, PAGE, replace(IDLE, file_state="masked"))
    assert claim.facts["masked"]
    assert _shown(claim)[0] == "systemctl unmask shop"


def test_fires_for_one_that_systemd_left_out() -> None:
    words = "The shop was skipped because of an unmet condition check (ConditionPathExists=/x)."
    (claim,) = judge(CHECK, PAGE, replace(IDLE, message=words))
    assert claim.facts["left_out"]
    assert claim.facts["message"] == words


def test_fires_for_one_that_runs_and_does_not_listen() -> None:
    (claim,) = judge(CHECK, PAGE, replace(RUNNING, ports=(3001,)))
    assert claim.facts["deaf"]
    assert claim.facts["running"]
    assert claim.facts["ports"] == (3001,)
    assert claim.confidence is Confidence.LIKELY
    (claim,) = judge(CHECK, PAGE, replace(RUNNING, age=8.0))
    assert claim.facts["starting"]
    (claim,) = judge(CHECK, PAGE, replace(RUNNING, sub_state="exited"))
    assert claim.facts["ended"]
    assert not claim.facts["running"]
    (claim,) = judge(CHECK, PAGE, replace(RUNNING, has_own_network=True))
    assert claim.facts["own_network"]
    assert claim.confidence is Confidence.CERTAIN


def test_a_failed_one_comes_before_one_that_does_not_run() -> None:
    (claim,) = judge(CHECK, PAGE, IDLE, replace(UNIT, unit="api", names_endpoint=True))
    assert claim.facts["unit"] == "api"
    (claim,) = judge(CHECK, PAGE, IDLE, replace(IDLE, unit="api", file_state="enabled"))
    assert claim.facts["unit"] == "api"


def test_the_only_enabled_one_that_does_not_run_is_likely() -> None:
    idle = replace(IDLE, names_endpoint=False, file_state="enabled")
    (claim,) = judge(CHECK, PAGE, idle)
    assert claim.confidence is Confidence.LIKELY
    assert not judge(CHECK, PAGE, idle, replace(idle, unit="other"))
    assert not judge(CHECK, PAGE, replace(idle, file_state="disabled"))
    assert not judge(CHECK, PAGE, replace(idle, is_local=False))


def test_silent_where_a_program_listens_all_the_same() -> None:
    assert not judge(CHECK, PAGE, replace(UNIT, names_endpoint=True, is_open=True))


def test_the_setting_that_systemd_could_not_apply() -> None:
    words = "shop.service: Failed at step CHDIR spawning /usr/bin/node: No such file or directory"
    (claim,) = judge(CHECK, PAGE, replace(UNIT, message=words))
    assert claim.facts["setting"] == "WorkingDirectory="
    (claim,) = judge(CHECK, PAGE, replace(UNIT, message="code=killed, status=31/SYS"))
    assert claim.facts["seccomp"]
    (claim,) = judge(CHECK, PAGE, UNIT)
    assert claim.facts["setting"] == ""


def test_a_unit_with_a_mistake() -> None:
    (claim,) = judge(CHECK, PAGE, replace(IDLE, file_state="invalid"))
    assert claim.facts["invalid"]


def test_the_service_that_it_requires_is_the_one_that_failed() -> None:
    left_out = replace(IDLE, message="Dependency failed for shop.service - The shop.")
    (claim,) = judge(CHECK, PAGE, left_out, replace(UNIT, unit="database"))
    assert claim.facts["unit"] == "database"
    (claim,) = judge(CHECK, PAGE, left_out)
    assert claim.facts["left_out"]


def test_the_setting_of_the_unit_that_forbids_what_failed() -> None:
    message = "shop.service: Failed at step CHDIR spawning /usr/bin/node: No such file"
    (claim,) = judge(CHECK, PAGE, replace(UNIT, message=message, setting="ProtectHome=yes"))
    assert (claim.facts["rule"], claim.facts["setting"]) == ("ProtectHome=yes", "")


def test_fires_for_the_only_one_that_was_started_and_does_not_listen_yet() -> None:
    young = replace(RUNNING, names_endpoint=False, age=20.0)
    (claim,) = judge(CHECK, PAGE, young)
    assert claim.facts["starting"]
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_two_were_started_or_one_long_ago() -> None:
    young = replace(RUNNING, names_endpoint=False, age=20.0)
    assert not judge(CHECK, PAGE, young, replace(young, unit="worker"))
    assert not judge(CHECK, PAGE, replace(young, age=400.0))
    assert not judge(CHECK, PAGE, replace(young, is_local=False))


@pytest.mark.parametrize(
    ("message", "holder"),
    [
        ("Error: listen EADDRINUSE: address already in use 0.0.0.0:443", "apache2"),
        ("Error: listen EADDRINUSE :::443", "apache2"),
        ("OSError: [Errno 98] Address already in use: ('0.0.0.0', 443)", "apache2"),
        ("Web server failed to start. Port 443 was already in use.", "apache2"),
        ("Error: listen EADDRINUSE :::8088", ""),
        ("Error: listen EADDRINUSE: address already in use 127.0.0.1:3000", ""),
        ("Error: connect ECONNREFUSED 127.0.0.1:443", ""),
    ],
)
def test_fires_and_says_who_has_the_port_that_it_wants(message: str, holder: str) -> None:
    (claim,) = judge(CHECK, PAGE, LISTENING, replace(UNIT, message=message))
    assert claim.facts["holder"] == holder


CORRECTION = UnitCorrection(
    unit="shop", wrong="WorkingDirectory=/srv/shp", lines=("WorkingDirectory=/srv/shop",)
)


def test_fires_and_writes_what_the_unit_needs_beside_it() -> None:
    (claim,) = judge(CHECK, PAGE, UNIT, CORRECTION)
    shown = _shown(claim)
    assert shown[0] == "mkdir -p /etc/systemd/system/shop.service.d"
    lines = "'[Service]' WorkingDirectory=/srv/shop"
    assert shown[1].endswith(f"zz-diagnose-WorkingDirectory.conf {lines}")
    assert shown[2:] == [
        "systemctl daemon-reload", "systemctl reset-failed shop", "systemctl restart shop",
    ]  # fmt: skip
    assert claim.facts["corrected"] == "WorkingDirectory=/srv/shop"


def test_what_the_unit_lacks_is_no_empty_setting() -> None:
    lines = ("Environment=NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt",)
    (claim,) = judge(CHECK, PAGE, UNIT, replace(CORRECTION, wrong="", lines=lines))
    assert all("``" not in text for text in texts(CHECK, claim))


def test_fires_and_lets_a_program_be_run() -> None:
    program = replace(CORRECTION, lines=(), program="/srv/shop/start.sh", mode=0o644)
    (claim,) = judge(CHECK, PAGE, UNIT, program)
    assert _shown(claim)[0] == "chmod a+x /srv/shop/start.sh"
    assert claim.facts["not_executable"] == "/srv/shop/start.sh"


def test_fires_and_leaves_other_units_as_they_are() -> None:
    (claim,) = judge(CHECK, PAGE, UNIT, replace(CORRECTION, unit="mail"))
    assert not _shown(claim)
    # One that nobody started has not failed by its unit.
    (claim,) = judge(CHECK, PAGE, IDLE, CORRECTION)
    assert not any("mkdir" in line for line in _shown(claim))


def test_the_folder_of_its_socket_is_made_at_each_start() -> None:
    path = "/run/shop/shop.sock"
    unit = replace(
        UNIT, unit="shop", endpoint=path, names_endpoint=True, is_local=True, state="failed",
        message=f"FileNotFoundError: [Errno 2] No such file or directory: '{path}'",
    )  # fmt: skip
    run = Permissions(path="/run", mode="drwxr-xr-x", owner=0, group=0)
    socket = UpstreamSocket(
        path=path, above=(run,), failure=Failure("missing", "No such file or directory")
    )
    (claim,) = judge(CHECK, PAGE, unit, socket)
    assert claim.facts["run_folder"] == "/run/shop"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "RuntimeDirectory=shop" in str(claim.fix.steps[1])
    for other in (
        replace(socket, above=(replace(run, path="/run/shop"), run)),
        replace(socket, path="/run/other.sock"),
        replace(socket, above=()),
    ):
        (claim,) = judge(CHECK, PAGE, unit, other)
        assert not claim.facts["run_folder"]
    (claim,) = judge(CHECK, PAGE, replace(unit, is_local=False), socket)
    assert not claim.facts["run_folder"], "the package's own unit"


NEED = StartNeed(
    unit="shop", name="express", installer="npm", tool="/usr/bin/npm", folder="/srv/shop",
    file="package-lock.json", owner="www-data",
)  # fmt: skip


@pytest.mark.parametrize(
    ("need", "first"),
    [
        (
            NEED,
            "runuser -u www-data -- env HOME=/srv/shop /usr/bin/npm --prefix /srv/shop ci"
            " --omit=dev",
        ),
        (
            replace(NEED, owner="root", file=""),
            "/usr/bin/npm --prefix /srv/shop install --omit=dev",
        ),
        (
            replace(NEED, build=True, installer="yarn", tool="/opt/node/bin/yarn", owner="root"),
            "env PATH=/opt/node/bin:/usr/local/bin:/usr/bin:/bin"
            " /opt/node/bin/yarn --cwd /srv/shop run build",
        ),
        (
            replace(
                NEED, installer="pip", tool="/srv/v/bin/pip", folder="",
                file="/srv/requirements.txt", home="/home/deploy", owner="deploy",
            ),
            "runuser -u deploy -- env HOME=/home/deploy"
            " /srv/v/bin/pip install -r /srv/requirements.txt",
        ),
        (
            StartNeed(unit="shop", name="127.0.0.1:5432", service="postgresql"),
            "systemctl start postgresql",
        ),
        (
            StartNeed(unit="shop", blocked="/srv/shop/logs", owner="www-data"),
            "chown -R www-data: /srv/shop/logs",
        ),
    ],
)  # fmt: skip
def test_what_brings_what_the_program_lacks(need: StartNeed, first: str) -> None:
    (claim,) = judge(CHECK, PAGE, UNIT, need)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    assert _shown(claim) == [first, "systemctl reset-failed shop", "systemctl restart shop"]


def test_a_list_of_packages_and_an_installation_before_a_build() -> None:
    (claim,) = judge(CHECK, PAGE, UNIT, NEED)
    assert (claim.facts["lacks"], claim.facts["package_list"]) == (
        "express",
        "/srv/shop/package.json",
    )
    built = replace(NEED, build=True, with_development=True, installer="pnpm", owner="root")
    (claim,) = judge(CHECK, PAGE, UNIT, built)
    assert claim.facts["built"] == "/srv/shop"
    assert "--frozen-lockfile" in _shown(claim)[0]
    assert _shown(claim)[1].endswith("run build")
    gems = replace(NEED, installer="bundle", tool="/usr/bin/bundle", owner="root")
    (claim,) = judge(CHECK, PAGE, UNIT, gems)
    assert _shown(claim)[0] == "/usr/bin/bundle install --gemfile=/srv/shop/Gemfile"


def test_silent_about_what_another_service_lacks() -> None:
    (claim,) = judge(CHECK, PAGE, UNIT, replace(NEED, unit="mail"))
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


OWN_TLS = ReadSetting(
    application="mattermost", topic="own-tls", key="ServiceSettings.ConnectionSecurity",
    file="/opt/mattermost/config/config.json", number=4, line='  "ConnectionSecurity": "TLS",',
    new='  "ConnectionSecurity": "",', unit="shop.service",
)  # fmt: skip
NO_FILE = replace(UNIT, message="open /opt/mattermost/config/cert.pem: no such file or directory")


def test_fires_with_the_line_of_the_programs_own_tls() -> None:
    (claim,) = judge(CHECK, PAGE, NO_FILE, OWN_TLS, config(), BUILD, NGINX_RUNS)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[0], Edit)
    assert '+  "ConnectionSecurity": "",' in claim.fix.steps[0].diff
    assert _shown(claim)[-1] == "systemctl restart shop"
    assert "config.json:4" in " ".join(texts(CHECK, claim))


def test_fires_for_a_person_where_nginx_itself_speaks_tls_with_the_program() -> None:
    secure = config(SITE.replace("http://127", "https://127"))
    (claim,) = judge(CHECK, PAGE, NO_FILE, OWN_TLS, secure, BUILD, NGINX_RUNS)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    other = replace(OWN_TLS, unit="mail.service")
    (claim,) = judge(CHECK, PAGE, NO_FILE, other, config(), BUILD, NGINX_RUNS)
    assert claim.fix.applicability is Applicability.MANUAL if claim.fix else False
