"""What a page's script, or a program on the server, writes is pasted.

After threads on GitHub: "ChunkLoadError: Loading chunk 319 failed" beside a page that comes, and
"connect ECONNREFUSED 127.0.0.1:5984" of an application whose database nobody serves.
"""

from ..lab import Lab
from ..scenario import healthy, scenario
from .pages import FOLDER, _static

CHUNK = "ChunkLoadError: Loading chunk 319 failed."
DATABASE = "Error: connect ECONNREFUSED 127.0.0.1:5984"
PAGE = """\
<!doctype html><title>Shop</title><script src="/static/319.9f2c1a7b.js" async></script>
<h1>Shop</h1><p>Forty kinds of tea, and the pots that go with them.</p>
"""


@scenario(
    outside="http.page-file-missing", server="nginx.page-file-not-found", args=(CHUNK,),
    manual="the file has to be copied there",
)  # fmt: skip
def chunk_of_a_page_is_missing(lab: Lab) -> None:
    """The page is readable without it, and the message says that it matters."""
    _static(lab, index=PAGE)


@healthy(args=(CHUNK,))
def chunk_of_a_page_is_there(lab: Lab) -> None:
    """And browsers ask for the page again, so that none has an old one."""
    lab.server.write(f"{FOLDER}/static/319.9f2c1a7b.js", "var a = 1;\n")
    _static(lab, index=PAGE)
    root = f"  root {FOLDER};\n"
    lab.change(root, f"{root}  add_header Cache-Control no-cache;\n")


@scenario(
    outside="http.server-error", server="upstream.logged-reason", args=(DATABASE,),
    manual="a person starts the database",
)  # fmt: skip
def database_of_the_application_does_not_run(lab: Lab) -> None:
    """The application answers 500 and writes no log: the message alone says it, and nothing listens
    there."""
    lab.application("--mode", "error")


@healthy(args=(DATABASE,))
def database_of_the_application_runs_again(lab: Lab) -> None:
    """An old line of its log."""
