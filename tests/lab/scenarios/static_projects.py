"""The static files of a project of Django were never collected: its manage.py is on the server."""

from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import CSS, DEPLOY, FOLDER, SHOP, _serve

MANAGE = (
    "import os\nfrom django.core.management import execute_from_command_line\n"
    "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
)
SETTINGS = "STATIC_URL = '/static/'\nSTATIC_ROOT = BASE_DIR / 'collected'\n"
LINES = f"  location /static/ {{ alias {FOLDER}/collected/; }}\n  root {FOLDER}/pages;\n"
PROJECT = {"manage.py": MANAGE, "shop/settings.py": SETTINGS, "pages/index.html": SHOP}


@scenario(outside="http.page-file-missing", server="nginx.page-file-not-found", manual=DEPLOY)
def static_files_of_a_project_of_django_were_not_collected(lab: Lab) -> None:
    _serve(lab, LINES, **PROJECT, **{"collected/.keep": ""})


@healthy()
def static_files_of_a_project_of_django_are_there(lab: Lab) -> None:
    _serve(lab, LINES, **PROJECT, **{"collected/css/app.css": CSS})
