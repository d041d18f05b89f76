"""Programs that are known, and whose own setting is the remedy (applications/told_programs.py)."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_host_not_passed import PAGES

MAIN, YAML = "/srv/shop/main.py", "/srv/shop/AdGuardHome.yaml"
DOCS, DOH = f"https://{site.NAME}/api/docs", f"https://{site.NAME}/dns-query"
SOURCE = "from fastapi import FastAPI\n\napp = FastAPI({root})\n"
SETTINGS = "users:\n  - password: never-shown\ntls:\n  allow_unencrypted_doh: {value}\n"


def _program(lab: Lab, mode: str, file: str, text: str) -> None:
    server = lab.server
    server.write(file, text)
    lab.undo(lambda: server.sh("rm -rf /srv/shop"))
    start = " ".join(server.application("told_programs", mode, "3001"))
    lab.spawn(server, ("sh", "-c", f"cd /srv/shop && exec {start}"), 3001)


def _fastapi(lab: Lab, root: str) -> None:
    """nginx takes the folder off, as FastAPI's documentation has it."""
    _program(lab, "fastapi", MAIN, SOURCE.replace("{root}", root))
    block = "  location /api/ {\n    proxy_pass http://127.0.0.1:3001/;\n  }\n"
    lab.change(PAGES, f"{block}{PAGES}")


@scenario(
    target=DOCS,
    outside="http.base-path-missing",
    server="upstream.framework-setting",
    differs=("processes",),
)
def fastapi_does_not_know_its_folder(lab: Lab) -> None:
    _fastapi(lab, "")


@healthy(target=DOCS)
def fastapi_knows_its_folder(lab: Lab) -> None:
    _fastapi(lab, 'root_path="/api"')


def _adguard(lab: Lab, value: str) -> None:
    _program(lab, "/opt/AdGuardHome/AdGuardHome", YAML, SETTINGS.replace("{value}", value))
    lab.change(PAGES, PAGES.replace("127.0.0.1:3000", "127.0.0.1:3001"))


@scenario(target=DOH, outside=None, server="upstream.setting-mismatch", differs=("processes",))
def dns_over_https_behind_a_proxy_that_ends_tls(lab: Lab) -> None:
    _adguard(lab, "false")


@healthy(target=DOH)
def dns_over_https_that_is_answered_over_http(lab: Lab) -> None:
    _adguard(lab, "true")
