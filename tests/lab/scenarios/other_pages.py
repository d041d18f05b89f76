"""The site's own page works, and another page of the site does not: a visitor asked for it, by the
access log, or a script of the page opens it."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import MINE, PAGES, PORT, SHELL, serve_files, start_application
from .nginx_other_requests_failed import LOG, log_of_its_own, visit
from .taken_paths import ANOTHER_BLOCK

RELOAD = "When I reload the page I get a 404 error, the links on the page work."
ICON = "/assets/index.js"


def _reloaded(lab: Lab, page: str, path: str = "/dashboard") -> None:
    """A browser loads the site's page with its script, and then another address."""
    serve_files(lab, page)
    lab.change("  root /srv/spa;", f"  access_log {LOG} combined;\n  root /srv/spa;")
    lab.undo(lambda: lab.server.sh(f"rm -f {LOG}"))
    visit(lab, "/", referer="")
    visit(lab, ICON)
    visit(lab, path, referer="")


@scenario(outside=None, server="nginx.target-not-found", args=(RELOAD,), differs=MINE)
def message_about_a_reload_names_no_address(lab: Lab) -> None:
    """https://github.com/coollabsio/coolify/issues/225: the site's name and the message alone."""
    _reloaded(lab, SHELL)


@healthy()
def address_of_a_single_page_application_is_not_there(lab: Lab) -> None:
    """The same without a message: the address may be mistyped, which only a note can say."""
    _reloaded(lab, SHELL)


@healthy(args=(RELOAD,))
def address_that_is_nowhere_was_reloaded(lab: Lab) -> None:
    """A site of files: 404 is right."""
    _reloaded(
        lab, f"<script src={ICON}></script><h1>Shop</h1><p>{'Here is what we sell. ' * 9}</p>"
    )


@scenario(outside=None, server="upstream.path-respelled", differs=MINE, not_on=ANOTHER_BLOCK)
def page_below_a_path_is_asked_for_otherwise(lab: Lab) -> None:
    """https://github.com/huashengdun/webssh/issues/343: `location /Konsole` and a slash at the end
    of proxy_pass. A browser got 404 there, and asked for the site's icon."""
    lines = "  merge_slashes off;\n  location = / { return 200; }\n  location / { return 404; }\n"
    block = f"server {{\n  listen 127.0.0.1:3001;\n{lines}}}\n"
    log_of_its_own(lab, "  location /Konsole { proxy_pass http://127.0.0.1:3001/; }\n")
    lab.change(site.MAP, f"{site.MAP}\n{block}")
    visit(lab, "/Konsole/", referer="")
    visit(lab, "/favicon.ico", referer=f"https://{site.NAME}/Konsole/")


SOURCE = "const s = new EventSource('/events'); s.onmessage = show;"
READER = "fetch('/events').then((answer) => show(answer.body.getReader()));"


def _stream(lab: Lab, line: str, opening: str = SOURCE) -> None:
    """The page of the site opens the stream of another application."""
    start_application(lab, "events")
    script = f"<script>{opening}</script>"
    lab.server.write("/srv/page/index.html", f"<h1>Shop</h1><p>{'What we sell. ' * 9}</p>{script}")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/page"))
    files = "  location / {\n    root /srv/page;\n  }\n"
    block = f"  location /events {{\n    proxy_pass http://{PORT};\n{line}  }}\n"
    lab.change(PAGES, files + block)


@scenario(outside="http.server-error", server="upstream.stream-buffered", differs=MINE)
def stream_of_the_page_is_held_back(lab: Lab) -> None:
    """https://github.com/dpskvn/express-sse/pull/23, asked about the page."""
    _stream(lab, "")


@scenario(outside="http.server-error", server="upstream.stream-buffered", differs=MINE)
def stream_that_a_script_reads_in_pieces_is_held_back(lab: Lab) -> None:
    """A chat whose script reads the answer piece by piece."""
    _stream(lab, "", READER)


@healthy()
def stream_that_a_script_reads_in_pieces_is_not_buffered(lab: Lab) -> None:
    _stream(lab, "    proxy_buffering off;\n", READER)


@healthy()
def stream_of_the_page_is_not_buffered(lab: Lab) -> None:
    _stream(lab, "    proxy_buffering off;\n")


@healthy(args=("events come all at once, is everything fine?",))
def words_about_a_stream_that_is_not_buffered_beside_a_page_that_is(lab: Lab) -> None:
    """The page comes from an application too, through a location that collects answers."""
    _stream(lab, "    proxy_buffering off;\n")
    inner = "server {\n  listen 127.0.0.1:3005;\n  root /srv/page;\n}\n"
    passing = "    proxy_pass http://127.0.0.1:3005;\n    proxy_set_header Host $host;\n"
    lab.edit("    root /srv/page;\n", passing)
    lab.change(site.MAP, f"{site.MAP}\n{inner}")


@healthy()
def programs_ask_for_what_a_single_page_application_lacks(lab: Lab) -> None:
    """They call themselves browsers, and load nothing else."""
    serve_files(lab, SHELL)
    lab.change("  root /srv/spa;", f"  access_log {LOG} combined;\n  root /srv/spa;")
    lab.undo(lambda: lab.server.sh(f"rm -f {LOG}"))
    for path in ("/admin", "/actuator/health", "/owa/"):
        visit(lab, path, referer="")
