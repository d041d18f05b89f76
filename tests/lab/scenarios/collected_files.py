"""The static files of a project of Django: where its settings collect them, and where nginx looks.

manage.py is a stand-in: Django is not in the laboratory."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import CSS, FOLDER, SHOP, _serve

MANAGE = f"""\
#!/usr/bin/env python
import os, sys  # django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
if sys.argv[1:] == ["collectstatic", "--noinput"]:
    os.makedirs("{FOLDER}/collected/css", exist_ok=True)
    open("{FOLDER}/collected/css/app.css", "w").write({CSS!r})
"""
SETTINGS = """\
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "collected"
"""
COLLECTED = f"{FOLDER}/collected/css/app.css"


def _project(lab: Lab, folder: str, **more: str) -> None:
    files = {"public/index.html": SHOP, "manage.py": MANAGE, "shop/settings.py": SETTINGS}
    lines = f"  location /static/ {{ alias {FOLDER}/{folder}/; }}\n  root {FOLDER}/public;\n"
    _serve(lab, lines, **files, **{"static/.keep": ""}, **more)


@scenario(
    outside="http.page-file-missing", server="nginx.page-file-not-found",
    differs=(site.CONF, f"{FOLDER}/collected", f"{FOLDER}/collected/css", COLLECTED),
)  # fmt: skip
def static_files_are_collected_in_another_folder(lab: Lab) -> None:
    """https://github.com/zcw576020095/mbti-test/issues/1: collectstatic was never run, and
    the alias is the project's own folder."""
    _project(lab, "static")


@scenario(
    outside="http.page-file-missing", server="nginx.page-file-not-found",
    differs=(f"{FOLDER}/collected", f"{FOLDER}/collected/css", COLLECTED),
)  # fmt: skip
def static_files_are_not_collected_yet(lab: Lab) -> None:
    """https://github.com/tianissimo/vagrant-puppet-django/issues/5."""
    _project(lab, "collected")


@healthy()
def static_files_are_collected(lab: Lab) -> None:
    _project(lab, "collected", **{"collected/css/app.css": CSS})
