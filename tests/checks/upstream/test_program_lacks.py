from dataclasses import replace

from diagnose.model import Claim, Command, Confidence, Edit
from diagnose.model.processes import Starter
from diagnose.model.program_logs import FailedUnit
from diagnose.model.services import ProgramNeed
from tests.support.check_evidence import judge, texts
from tests.support.report_builder import ANSWER

CHECK = "upstream.program-lacks"
PAGE = replace(ANSWER, status=500)
KEY = ProgramNeed(
    program="php-fpm8.2", lack="key", is_running=True, endpoint="/run/php/php8.2-fpm.sock",
    message="production.ERROR: No application encryption key has been specified.",
    equivalent="tail -n 50 /var/www/shop/storage/logs/laravel.log", installer="artisan",
    tool="/usr/bin/php", folder="/var/www/shop", owner="www-data", home="/var/www",
)  # fmt: skip
PM2 = Starter("pm2", "", "", "shop", "/usr/bin/pm2", "/home/deploy/.pm2", "deploy")
BUILD = ProgramNeed(
    program="shop", lack="build", message="Error: Could not find a production build", starter=PM2,
    installer="npm", tool="/usr/bin/npm", folder="/home/deploy/shop", owner="deploy",
    home="/home/deploy", build=True, equivalent="tail -n 60 /home/deploy/.pm2/logs/shop-error.log",
)  # fmt: skip
EDIT = ProgramNeed(
    program="shop", lack="module", message="ModuleNotFoundError: No module named '/srv/shop/app'",
    starter=Starter("supervisor", "", name="shop"), edited="/etc/supervisor/conf.d/shop.conf",
    number=2, line="command=gunicorn /srv/shop/app:app",
    new="command=gunicorn --chdir /srv/shop app:app",
    equivalent="tail -n 60 /var/log/supervisor/shop.log",
)  # fmt: skip


def command_lines(claim: Claim) -> list[str]:
    assert claim.fix is not None
    return [" ".join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]


def test_fires_for_the_key_of_laravel() -> None:
    (claim,) = judge(CHECK, PAGE, KEY)
    assert claim.confidence is Confidence.LIKELY
    (line,) = command_lines(claim)
    assert line.endswith("/usr/bin/php /var/www/shop/artisan key:generate --force")
    assert line.startswith("runuser -u www-data")
    assert "its key" in texts(CHECK, claim)[0]


def test_fires_for_a_build_under_pm2() -> None:
    (claim,) = judge(CHECK, replace(PAGE, status=502), BUILD)
    build, restart = command_lines(claim)
    assert build.endswith("/usr/bin/npm --prefix /home/deploy/shop run build")
    assert restart.endswith("/usr/bin/pm2 restart shop")


def test_fires_for_a_line_of_supervisord() -> None:
    (claim,) = judge(CHECK, replace(PAGE, status=502), EDIT)
    assert claim.fix is not None
    edit, update = claim.fix.steps
    assert isinstance(edit, Edit)
    assert edit.diff.endswith(
        "@@ -2,1 +2,1 @@\n-command=gunicorn /srv/shop/app:app\n"
        "+command=gunicorn --chdir /srv/shop app:app\n"
    )
    assert isinstance(update, Command)
    assert update.argv == ("supervisorctl", "update", "shop")


def test_fires_for_a_variable_of_pm2_and_does_not_show_it() -> None:
    need = replace(
        BUILD, lack="variable", name="DB_URL", source="/srv/shop/.env", build=False, installer=None
    )
    (claim,) = judge(CHECK, replace(PAGE, status=502), need)
    (line,) = command_lines(claim)
    assert "--update-env" in line
    assert "env -i HOME=/home/deploy PATH=" in line
    assert line.endswith("sh DB_URL /srv/shop/.env /usr/bin/pm2 shop")


def test_fires_for_a_new_key_of_a_service() -> None:
    need = ProgramNeed(
        program="puma", lack="secret", message="Missing `secret_key_base`", unit="puma",
        is_running=True, lines=("EnvironmentFile=/etc/puma.env",), equivalent="journalctl -u puma",
    )  # fmt: skip
    (claim,) = judge(CHECK, PAGE, need)
    lines = command_lines(claim)
    assert "openssl rand -hex 64" in lines[0]
    assert lines[0].endswith("sh /etc/puma.env")
    assert lines[-1] == "systemctl restart puma"


def test_fires_for_tables_and_tells_of_the_backup() -> None:
    need = replace(KEY, lack="table", installer="django", tool="/srv/shop/venv/bin/python3",
                   folder="/srv/shop", unit="shop")  # fmt: skip
    (claim,) = judge(CHECK, PAGE, need)
    lines = command_lines(claim)
    assert lines[0].endswith("/srv/shop/venv/bin/python3 /srv/shop/manage.py migrate --noinput")
    assert "backup" in texts(CHECK, claim)[3]


def test_silent_where_the_page_is_answered() -> None:
    assert not judge(CHECK, ANSWER, KEY)


def test_silent_where_nobody_knows_what_starts_it() -> None:
    assert not judge(CHECK, PAGE, replace(EDIT, starter=None))
    assert not judge(CHECK, PAGE, replace(BUILD, starter=None))


def test_silent_where_several_programs_of_a_manager_fail() -> None:
    units = [
        FailedUnit(unit=name, state="", endpoint="3000", manager="pm2", is_local=True)
        for name in ("shop", "mail")
    ]
    assert not judge(CHECK, replace(PAGE, status=502), BUILD, *units)


def test_silent_about_a_service_that_is_another_program() -> None:
    need = replace(
        BUILD, program="backup", unit="backup", starter=None, lack="variable", name="DB_URL",
        lines=("EnvironmentFile=/etc/backup.env",), build=False, installer=None,
    )  # fmt: skip
    backup = FailedUnit(unit="backup", state="failed", endpoint="3000", is_local=True)
    shop = replace(backup, unit="shop", names_endpoint=True)
    assert judge(CHECK, replace(PAGE, status=502), need, backup)
    assert not judge(CHECK, replace(PAGE, status=502), need, backup, shop)
    assert not judge(CHECK, replace(PAGE, status=502), need, replace(backup, is_local=False))


def test_fires_for_the_program_that_names_the_endpoint() -> None:
    mail = FailedUnit(unit="mail", state="", endpoint="3000", manager="pm2", is_local=True)
    shop = replace(mail, unit="shop", names_endpoint=True)
    assert judge(CHECK, replace(PAGE, status=502), BUILD, mail, shop)


def test_fires_for_the_password_of_redis_and_shows_it_nowhere() -> None:
    need = ProgramNeed(
        program="haste", lack="redis", message="NOAUTH Authentication required.", unit="haste",
        name="REDIS_PASSWORD", source="/etc/redis/redis.conf",
        lines=("EnvironmentFile=/etc/haste.env",), equivalent="journalctl -b -u haste",
    )  # fmt: skip
    (claim,) = judge(CHECK, replace(PAGE, status=502), need)
    made, *_, reset, restart = command_lines(claim)
    assert made.endswith("sh REDIS_PASSWORD /etc/redis/redis.conf /etc/haste.env")
    assert (reset, restart) == ("systemctl reset-failed haste", "systemctl restart haste")
    assert texts(CHECK, claim)[0].startswith("The program haste lacks the password of Redis: ")
