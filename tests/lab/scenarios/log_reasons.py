"""The page is answered, and the application's own log says why another request fails.

After https://github.com/mastodon/mastodon/issues/24730 (a folder of another user) and
https://github.com/timothystewart6/techno-tim.github.io/issues/342 (a variable of the environment).
"""

from .. import site
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .nginx_other_requests_failed import log_of_its_own

MINE = (site.CONF,)
WORDS = "It is throwing out Error 500 everytime someone tries to upload a file"
FOLDER = "/srv/tea"
NAMED = "Error: Host validation failed. See logs for more details."


def _serve(
    lab: Lab, owner: str = "nobody", hosts: str = "localhost", is_whole: bool = True
) -> None:
    lab.server.sh(f"mkdir -p {FOLDER}/log {FOLDER}/media && chown {owner} {FOLDER}/media")
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    program = lab.server.python(str(HERE / "applications" / "logging_server.py"), "3009", FOLDER)
    lab.spawn(lab.server, ["env", f"APP_ALLOWED_HOSTS={hosts}", *program], 3009)
    if is_whole:
        lab.change("proxy_pass http://127.0.0.1:3000;", "proxy_pass http://127.0.0.1:3009;")
    else:
        log_of_its_own(lab, "  location /photos { proxy_pass http://127.0.0.1:3009; }\n")


def _ask(lab: Lab, path: str, *words: str) -> None:
    lab.client.run(["curl", "-sk", "-o", "/dev/null", *words, f"https://{site.NAME}{path}"])


@scenario(
    outside=None, server="upstream.logged-reason", args=(WORDS,), differs=MINE,
    manual="the upload has to be sent again: until then the log has the failed one alone",
)  # fmt: skip
def folder_of_uploads_belongs_to_root(lab: Lab) -> None:
    _serve(lab, "root", is_whole=False)
    for _ in range(2):
        _ask(lab, "/photos", "-d", "photo=1")


@healthy(args=(WORDS,))
def folder_of_uploads_belongs_to_the_program(lab: Lab) -> None:
    """The line about the time before the repair is still in the log."""
    _serve(lab, "root", is_whole=False)
    for _ in range(2):
        _ask(lab, "/photos", "-d", "photo=1")
    lab.server.sh(f"chown nobody {FOLDER}/media")
    _ask(lab, "/photos", "-d", "photo=1")


@scenario(
    outside=None, server="upstream.logged-reason", args=(NAMED,), differs=MINE,
    manual="the program is started by hand, with its environment",
)  # fmt: skip
def variable_of_allowed_hosts_is_not_set(lab: Lab) -> None:
    _serve(lab)
    _ask(lab, "/api")


@healthy(args=(NAMED,))
def variable_of_allowed_hosts_is_set(lab: Lab) -> None:
    """Somebody asked by another name."""
    _serve(lab, hosts=f"localhost,{site.NAME}")
    _ask(lab, "/api")
    lab.server.run(
        ["curl", "-s", "-o", "/dev/null", "-H", "Host: other.example", "http://127.0.0.1:3009/api"]
    )


@healthy()
def log_names_a_variable_and_nobody_complains(lab: Lab) -> None:
    """Without a failure that matters, no log is read."""
    _serve(lab)
    _ask(lab, "/api")
