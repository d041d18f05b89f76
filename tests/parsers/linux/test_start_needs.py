"""What a program that could not start lacks."""

import pytest

from diagnose.parsers.linux.start_needs import Lack, Need, lack_of, parse_need
from diagnose.parsers.linux.unit_corrections import Correction


@pytest.mark.parametrize(
    ("message", "lack"),
    [
        ("ModuleNotFoundError: No module named 'whitenoise'", Lack("python", "whitenoise")),
        ("ModuleNotFoundError: No module named 'shop.urls'", Lack("python", "shop")),
        ("Error: Cannot find module 'express'", Lack("node", "express")),
        ("Error: Cannot find module '@nestjs/core'", Lack("node", "@nestjs/core")),
        ("Error: Cannot find module 'lodash/fp'", Lack("node", "lodash")),
        (
            "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'koa' imported from /srv/app.js",
            Lack("node", "koa"),
        ),
        (
            "Error: Cannot find module '/srv/shop/dist/main.js'",
            Lack("script", "/srv/shop/dist/main.js"),
        ),
        ("Error: Cannot find module './routes/Users'", None),
        (
            "Error: Could not find a production build in the '.next' directory. Try building",
            Lack("build", ""),
        ),
        (
            "Could not find puma-6.4.0 in locally installed gems (Bundler::GemNotFound)",
            Lack("gem", "puma-6.4.0"),
        ),
        ("KeyError: 'DB_PASSWORD'", Lack("variable", "DB_PASSWORD")),
        ("KeyError: 'name'", None),
        (
            "django.core.exceptions.ImproperlyConfigured: Set the SECRET_KEY environment variable",
            Lack("variable", "SECRET_KEY"),
        ),
        (
            "** (RuntimeError) environment variable SECRET_KEY_BASE is missing.",
            Lack("variable", "SECRET_KEY_BASE"),
        ),
        ("Error: DATABASE_URL is not set", Lack("variable", "DATABASE_URL")),
        (
            "Could not resolve placeholder 'DB_URL' in value \"${DB_URL}\"",
            Lack("variable", "DB_URL"),
        ),
        (
            "Error: EACCES: permission denied, open '/srv/shop/logs/app.log'",
            Lack("denied", "/srv/shop/logs/app.log"),
        ),
        ("open /var/lib/shop/data.db: permission denied", Lack("denied", "/var/lib/shop/data.db")),
        ("Error: listen EADDRINUSE: address already in use :::3000", None),
        ("", None),
    ],
)
def test_the_lack_that_a_line_names(message: str, lack: Lack | None) -> None:
    assert lack_of(message) == lack


VENV = (
    "=exec /srv/shop/venv/bin/gunicorn shop.wsgi\n=user www-data\n"
    "=wrong /srv/shop/venv/bin/gunicorn\n=tool /srv/shop/venv/bin/pip\n"
    "=owner deploy\n=home /home/deploy\n=file /srv/shop/requirements.txt\n"
    "=listed Django\n=listed PyYAML\n=listed whitenoise\n"
)
NODE = (
    "=exec /usr/bin/node app.js\n=user www-data\n=folder /srv/shop\n=owner www-data\n"
    "=lock package-lock.json\n=tool /usr/bin/npm\n=listed needed\n"
)


def need(lack: Lack, text: str) -> Need | Correction | None:
    return parse_need(lack, text)


def test_the_packages_that_the_project_lists() -> None:
    wanted = Need(
        "pip", "/srv/shop/venv/bin/pip", "", "/srv/shop/requirements.txt", "deploy", "/home/deploy"
    )
    assert need(Lack("python", "whitenoise"), VENV) == wanted
    assert need(Lack("python", "yaml"), VENV) == wanted
    npm = Need("npm", "/usr/bin/npm", "/srv/shop", "package-lock.json", "www-data")
    assert need(Lack("node", "express"), NODE) == npm


def test_a_package_that_no_list_has_may_be_somebody_elses() -> None:
    assert need(Lack("python", "requests"), VENV) is None
    assert need(Lack("node", "express"), NODE.replace("=listed needed\n", "")) is None
    assert need(Lack("node", "express"), NODE.replace("=owner www-data", "=owner a b")) is None


def test_the_environment_beside_the_project_has_the_module() -> None:
    text = (
        "=exec /usr/bin/python3 app.py\n=wrong /usr/bin/python3\n"
        "=program /srv/shop/venv/bin/python3\n"
    )
    assert need(Lack("python", "flask"), text) == Correction(
        "ExecStart=/usr/bin/python3", ("ExecStart=", "ExecStart=/srv/shop/venv/bin/python3 app.py")
    )


def test_the_folder_of_the_applications_own_module() -> None:
    text = (
        "=exec /venv/bin/gunicorn shop.wsgi\n=wrong /venv/bin/gunicorn\n"
        "=at /srv\n=folder /srv/shop\n"
    )
    assert need(Lack("python", "shop"), text) == Correction(
        "WorkingDirectory=/srv", ("WorkingDirectory=/srv/shop",)
    )
    assert need(Lack("python", "shop"), text + "=folder /opt/shop\n") is None
    assert need(Lack("python", "shop"), VENV + "=at /srv/shop\n") is None


def test_what_a_build_makes() -> None:
    text = NODE + "=builds yes\n=modules yes\n"
    built = need(Lack("build", ""), text)
    assert isinstance(built, Need)
    assert (built.build, built.with_development) == (True, False)
    script = Lack("script", "/srv/shop/dist/main.js")
    assert need(script, text) == built
    assert need(Lack("script", "/srv/shop/server.js"), text) is None
    moved = "=exec /usr/bin/node /srv/shop/main.js\n=place /srv/shop/src/main.js\n"
    assert need(Lack("script", "/srv/shop/main.js"), moved) == Correction(
        "ExecStart=/srv/shop/main.js",
        ("ExecStart=", "ExecStart=/usr/bin/node /srv/shop/src/main.js"),
    )


def test_the_file_that_has_the_variable() -> None:
    lack = Lack("variable", "DB_PASSWORD")
    assert need(lack, "=file /srv/shop/.env\n") == Correction(
        "", ("EnvironmentFile=/srv/shop/.env",)
    )
    assert need(lack, "=file /srv/shop/.env\n=file /etc/default/shop\n") is None
    assert need(lack, "") is None


def test_a_path_in_the_folder_of_the_program() -> None:
    lack = Lack("denied", "/srv/shop/logs/app.log")
    text = "=user www-data\n=blocked /srv/shop/logs\n=at /srv/shop\n=owner root:root\n"
    assert need(lack, text) == Need(blocked="/srv/shop/logs", owner="www-data")
    assert need(lack, text.replace("=at /srv/shop", "=at /")) is None
    assert need(lack, text.replace("/srv/shop/logs", "/etc/shop")) is None
    assert need(lack, text.replace("=user www-data", "=user ")) is None


@pytest.mark.parametrize(
    ("blocked", "holder"),
    [
        ("/var/log/nginx", "root:adm"),
        ("/var/lib/docker", "root:root"),
        ("/var/lib/redis", "redis:redis"),
        ("/var/log/shop", "syslog:adm"),
        ("/srv/shop", "deploy:deploy"),
    ],
)
def test_what_another_program_or_user_has_stays_its_own(blocked: str, holder: str) -> None:
    text = f"=user www-data\n=blocked {blocked}\n=at /srv/shop\n=unit shop\n=owner {holder}\n"
    assert need(Lack("denied", f"{blocked}/x"), text) is None


@pytest.mark.parametrize("blocked", ["/var/log/shop", "/var/lib/www-data/x"])
def test_a_folder_of_the_services_own_name(blocked: str) -> None:
    text = f"=user www-data\n=blocked {blocked}\n=at /srv\n=unit shop\n=owner root:root\n"
    assert need(Lack("denied", f"{blocked}/x"), text) == Need(blocked=blocked, owner="www-data")
    assert need(Lack("denied", "/x"), text.replace("/srv", "/etc/nginx")) is not None
    inner = text.replace(blocked, "/etc/nginx/x").replace("=at /srv", "=at /etc/nginx")
    assert need(Lack("denied", "/etc/nginx/x"), inner) is None
