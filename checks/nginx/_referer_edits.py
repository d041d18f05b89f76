"""The edit that adds the site's own names to a list of referers (ngx_http_referer_module)."""

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._repairs import blocks_around
from diagnose.model import Applicability, Fix
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children


def own_names_fix(nginx: Nginx, condition: Directive) -> Fix | None:
    """Return the edit of the one list that `if ($invalid_referer)` looks at; None where the block
    has not the site's name."""
    around = blocks_around(nginx, condition)
    server = next((block for block in around if block.name == "server"), None)
    names = (
        [name for child in children(server, "server_name") for name in child.args] if server else []
    )
    lists = next(
        (own for block in reversed(around) if (own := children(block, "valid_referers"))), ()
    )
    file = nginx.file(lists[-1]) if len(lists) == 1 else None
    if file is None or nginx.evidence.target.host not in names or "server_names" in lists[0].args:
        return None
    line = f"{edits.one_line(file.text, lists[0]).removesuffix(';')} server_names;"
    file_edits = config_edits(nginx, {file.path: [edits.replace_directive(lists[0], line)]})
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW) if file_edits else None
