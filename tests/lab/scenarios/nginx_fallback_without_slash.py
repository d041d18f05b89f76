"""`try_files … index.php` without a slash before the last word."""

from .. import site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario
from .frameworks import PAGES
from .php_folders import FOLDER, MINE, PHP, start_fpm, write_scripts

USER = f"https://{site.NAME}/user"


def _serve(lab: Lab, last: str, php: str = PHP) -> None:
    start_fpm(lab)
    write_scripts(lab, FOLDER, "index.php")
    front = f"  location / {{ try_files $uri $uri/ {last}; }}\n"
    lab.change(PAGES, f"  root {FOLDER};\n  index index.php;\n{front}{php}")


@scenario(
    outside="http.answer-says-why", server="nginx.fallback-without-slash", target=USER,
    differs=MINE, not_on=UNLOGGED,
)  # fmt: skip
def fallback_to_a_script_without_a_slash(lab: Lab) -> None:
    _serve(lab, "index.php?$args")


@healthy(target=USER)
def fallback_without_a_slash_and_a_script_with_one(lab: Lab) -> None:
    """The line for PHP has the slash that the fallback lacks."""
    _serve(lab, "index.php?$args", PHP.replace("_root$", "_root/$"))
