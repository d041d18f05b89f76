"""Files of the project behind the site that nobody gets: a step of the deployment is missing.

https://github.com/freescout-help-desk/freescout/issues/139 (the link of Laravel is not there),
https://github.com/petehouston/laravel-deploy-on-shared-hosting/issues/10 (it was lost on the way).
"""

from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import FOLDER, _serve

PAGE = (
    "<!doctype html>\n<title>Desk</title>\n<h1>Help desk</h1>\n<img src=/storage/users/a.jpg>\n"
    "<p>Forty kinds of tea, and the pots that go with them.</p>\n"
)
LINES = f"  root {FOLDER}/public;\n"
LINK = f"{FOLDER}/public/storage"
PROJECT = {
    "artisan": "#!/usr/bin/env php\n", "public/index.html": PAGE,
    "storage/app/public/users/a.jpg": "jpeg\n",
}  # fmt: skip


@scenario(outside="http.page-file-missing", server="upstream.files-unpublished", differs=(LINK,))
def uploads_of_laravel_have_no_link(lab: Lab) -> None:
    _serve(lab, LINES, **PROJECT)


@scenario(outside="http.page-file-missing", server="upstream.files-unpublished", differs=(LINK,))
def link_to_the_uploads_of_laravel_leads_to_nothing(lab: Lab) -> None:
    _serve(lab, LINES, **PROJECT)
    lab.server.sh(f"ln -s /app/storage/app/public {LINK}")


@healthy()
def uploads_of_laravel_have_their_link(lab: Lab) -> None:
    _serve(lab, LINES, **PROJECT)
    lab.server.sh(f"ln -s {FOLDER}/storage/app/public {LINK}")
