"""Programs whose own setting shows in a page with status 200: in forms, files and words of it."""

from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_host_not_passed import HOST, MINE, SCHEME
from .upstream_setting_mismatch import CHECK, configured

ENV = "/srv/librenms/.env"
TRUSTED = "APP_TRUSTED_PROXIES=10.0.0.5,127.0.0.1\n"


@scenario(outside="http.form-over-http", server=CHECK, differs=(ENV,))
def librenms_trusts_no_proxy(lab: Lab) -> None:
    configured(lab, "librenms", {ENV: "APP_KEY=never-shown\n"}, "/srv/librenms")


@scenario(outside="http.form-over-http", server=CHECK, differs=(ENV,))
def librenms_trusts_another_proxy(lab: Lab) -> None:
    mine = "APP_TRUSTED_PROXIES=10.0.0.5\nAPP_KEY=never-shown\n"
    configured(lab, "librenms", {ENV: mine}, "/srv/librenms")


@healthy()
def librenms_trusts_the_proxy(lab: Lab) -> None:
    configured(lab, "librenms", {ENV: f"APP_KEY=never-shown\n{TRUSTED}"}, "/srv/librenms")


@scenario(outside="http.form-over-http", server="upstream.scheme-not-passed", differs=MINE)
def librenms_is_not_told_the_scheme(lab: Lab) -> None:
    """The setting is right: nginx's line is what is missing."""
    configured(lab, "librenms", {ENV: TRUSTED}, "/srv/librenms")
    lab.change(SCHEME, "")


@scenario(outside="http.localhost-in-page", server=CHECK, differs=("processes",))
def gitea_has_the_address_of_its_installation(lab: Lab) -> None:
    text = "APP_NAME = Code\n[server]\nROOT_URL = http://localhost:3001/\n"
    folder = "/srv/gitea"
    configured(lab, "gitea", {f"{folder}/app.ini": text}, folder, f"GITEA_APP_INI={folder}/app.ini")


@healthy()
def gitea_has_the_address_of_the_site(lab: Lab) -> None:
    text = "[server]\nROOT_URL = https://shop.example.com/\n"
    folder = "/srv/gitea"
    configured(lab, "gitea", {f"{folder}/app.ini": text}, folder, f"GITEA_APP_INI={folder}/app.ini")


@scenario(outside="http.application-setting", server="http.application-setting", differs=MINE)
def matomo_is_not_told_the_host(lab: Lab) -> None:
    text = '[General]\ntrusted_hosts[] = "shop.example.com"\n'
    configured(lab, "matomo", {"/srv/matomo/config.ini.php": text}, "/srv/matomo")
    lab.change(HOST, "")


@healthy()
def matomo_is_told_the_host(lab: Lab) -> None:
    text = '[General]\ntrusted_hosts[] = "shop.example.com"\n'
    configured(lab, "matomo", {"/srv/matomo/config.ini.php": text}, "/srv/matomo")
