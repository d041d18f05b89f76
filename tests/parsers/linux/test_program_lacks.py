"""What a program lacks that runs and fails, or that pm2 or supervisor starts in vain."""

import pytest

from diagnose.parsers.linux.program_lacks import (
    PasswordFile,
    SettingEdit,
    VariableFile,
    parse_program_need,
    program_lack_of,
)
from diagnose.parsers.linux.start_needs import Need
from diagnose.parsers.linux.unit_corrections import Correction


@pytest.mark.parametrize(
    ("message", "lack"),
    [
        (
            "[2025-03-24 18:39:42] production.ERROR: No application encryption key has been"
            ' specified. {"exception":"[object] (Illuminate',
            ("key", ""),
        ),
        (
            "RuntimeError: Missing `secret_key_base` for 'production' environment, set this value",
            ("secret", ""),
        ),
        (
            "Vite manifest not found at: /var/www/shop/public/build/manifest.json",
            ("assets", "/var/www/shop/public/build/manifest.json"),
        ),
        (
            "PHP Fatal error:  Failed opening required '/srv/a/vendor/autoload.php'",
            ("vendor", "/srv/a/vendor/autoload.php"),
        ),
        ("django.db.utils.OperationalError: no such table: auth_user", ("table", "")),
        ('ERROR: relation "jobs" does not exist at character 15', ("table", "")),
        ("SQLSTATE[42S02]: Base table or view not found: 1146", ("table", "")),
        ("sqlite3.OperationalError: attempt to write a readonly database", ("sqlite", "")),
        (
            "ModuleNotFoundError: No module named '/home/pi/garage-zero/app'",
            ("module", "/home/pi/garage-zero/app"),
        ),
        ("Couldn't find a valid ICU package installed on the system.", ("icu", "")),
        ("open config.yml: no such file or directory", ("relative", "config.yml")),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: 'conf/app.toml'",
            ("relative", "conf/app.toml"),
        ),
        (
            "Error: ENOENT: no such file or directory, open 'config.json'",
            ("relative", "config.json"),
        ),
        ("socket.gaierror: [Errno -3] Temporary failure in name resolution", ("env", "")),
        ('FATAL:  password authentication failed for user "shop"', ("env", "")),
        ("open /etc/shop/config.yml: no such file or directory", None),
        ("open ../config.yml: no such file or directory", None),
        ("ModuleNotFoundError: No module named 'flask'", ("python", "flask")),
        ("the table is full", None),
        ("", None),
    ],
)
def test_what_a_line_names(message: str, lack: tuple[str, str] | None) -> None:
    assert program_lack_of(message) == lack


LARAVEL = (
    "=manager running\n=folder /var/www/shop\n=owner www-data\n=home /var/www\n"
    "=tool /usr/bin/php\n=runs artisan\n"
)
SECTION = (
    "=exec /usr/bin/gunicorn /srv/shop/app:app\n=user root\n=manager supervisor\n"
    "=section /etc/supervisor/conf.d/shop.conf:1:[program:shop]\n"
    "=section /etc/supervisor/conf.d/shop.conf:2:command=/usr/bin/gunicorn /srv/shop/app:app\n"
)


def test_the_command_line_of_a_framework() -> None:
    wanted = Need("artisan", "/usr/bin/php", "/var/www/shop", "", "www-data", "/var/www")
    assert parse_program_need("key", "", LARAVEL) == wanted
    assert parse_program_need("key", "", LARAVEL.replace("=tool /usr/bin/php\n", "")) is None


def test_a_path_in_place_of_a_module() -> None:
    found = parse_program_need("module", "/srv/shop/app", SECTION)
    assert found == SettingEdit(
        "/etc/supervisor/conf.d/shop.conf", 2, "command=/usr/bin/gunicorn /srv/shop/app:app",
        "command=/usr/bin/gunicorn --chdir /srv/shop app:app",
    )  # fmt: skip


def test_the_module_of_another_project() -> None:
    text = (
        "=exec /usr/local/bin/uwsgi --ini /srv/a/uwsgi.ini\n=manager systemd\n=project mysite\n"
        "=setting /srv/a/uwsgi.ini:3:module=website.wsgi:application\n"
    )
    assert parse_program_need("python", "website", text) == SettingEdit(
        "/srv/a/uwsgi.ini", 3, "module=website.wsgi:application", "module=mysite.wsgi:application"
    )
    line = "=exec /srv/a/venv/bin/gunicorn website.wsgi -b :8000\n=manager systemd\n=project a\n"
    assert parse_program_need("python", "website", line) == Correction(
        "", ("ExecStart=", "ExecStart=/srv/a/venv/bin/gunicorn a.wsgi -b :8000")
    )


def test_the_folder_of_a_file_without_one() -> None:
    text = "=manager systemd\n=at /\n=folder /srv/shop\n"
    assert parse_program_need("relative", "config.yml", text) == Correction(
        "WorkingDirectory=/", ("WorkingDirectory=/srv/shop",)
    )
    assert parse_program_need("relative", "config.yml", text + "=folder /srv/b\n") is None
    added = parse_program_need("relative", "config.yml", SECTION + "=folder /srv/shop\n")
    assert isinstance(added, SettingEdit)
    assert added.new == "[program:shop]\ndirectory=/srv/shop"


def test_a_variable_that_a_file_has() -> None:
    text = "=manager pm2\n=file /srv/shop/.env\n"
    assert parse_program_need("variable", "DB_URL", text) == VariableFile(
        "/srv/shop/.env", "DB_URL"
    )
    edit = parse_program_need("variable", "DB_URL", SECTION + "=file /srv/shop/.env\n")
    assert isinstance(edit, SettingEdit)
    assert edit.new == (
        "command=sh -c 'set -a; . /srv/shop/.env; exec /usr/bin/gunicorn /srv/shop/app:app'"
    )
    other = SECTION.replace("app:app", "app:app --header a;b") + "=file /srv/shop/.env\n"
    assert parse_program_need("variable", "DB_URL", other) is None


def test_a_database_goes_to_the_programs_user_alone() -> None:
    text = "=user www-data\n=database /srv/shop/db/shop.db\n=holder root\n"
    need = parse_program_need("sqlite", "", text)
    assert isinstance(need, Need)
    assert (need.folder, need.owner) == ("/srv/shop/db", "www-data")
    assert parse_program_need("sqlite", "", text.replace("holder root", "holder anna")) is None
    both = text.replace("holder root", "holder root\n=holder zoe")
    assert parse_program_need("sqlite", "", both) is None


@pytest.mark.parametrize("kind", ["secret", "icu", "env"])
def test_what_a_unit_alone_can_get(kind: str) -> None:
    text = "=manager systemd\n=secretfile /etc/puma.env\n=file /srv/shop/.env\n"
    assert isinstance(parse_program_need(kind, "", text), Correction)
    assert parse_program_need(kind, "", text.replace("systemd", "pm2")) is None


def test_the_password_of_redis_has_one_variable_in_the_source() -> None:
    assert program_lack_of("Error: NOAUTH Authentication required.") == ("redis", "")
    text = "=manager systemd\n=conf /etc/redis/redis.conf\n=secretfile /etc/haste.env\n"
    named = f"{text}=key REDIS_PASSWORD\n"
    need = parse_program_need("redis", "", named)
    assert need == PasswordFile("/etc/redis/redis.conf", "REDIS_PASSWORD", "/etc/haste.env")
    assert parse_program_need("redis", "", f"{named}=key REDIS_AUTH\n") is None
    assert parse_program_need("redis", "", text) is None
    assert parse_program_need("redis", "", named.replace("systemd", "pm2")) is None
