"""A `return` without a condition in front of lines of its own block that pass requests on or look
for files: nginx never comes to them (ngx_http_rewrite_module, "return")."""

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._repairs import blocks_around, removed
from diagnose.model import Applicability, Fix
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import PASS_DIRECTIVES

_SERVING = (*PASS_DIRECTIVES, "try_files")


def unreachable_line(nginx: Nginx, rule: Directive) -> Directive | None:
    """Return the first line that a `return` of an error keeps from running, in a server block or in
    its `location /`: the whole site is closed. None if it stands in a condition, or closes a block
    that has nothing else to answer with. A path of its own is often closed so on purpose."""
    around = blocks_around(nginx, rule)
    block = around[-1] if around else None
    is_error = rule.name == "return" and rule.args[:1] and rule.args[0][:1] == "4"
    if block is None or not is_error or len(rule.args) != 1:
        return None
    inner = children(block, "location") if block.name == "server" else (block,)
    holders = [each for each in inner if (each.name, each.args) == ("location", ("/",))]
    lines = (line for holder in holders for name in _SERVING for line in children(holder, name))
    return next(lines, None)


def removal(nginx: Nginx, rule: Directive) -> Fix | None:
    """Take the `return` out. A person looks whether the site was closed on purpose."""
    edited = config_edits(nginx, {path: [change] for path, change in removed(nginx, rule)})
    return Fix((*edited, *reload_steps(nginx)), Applicability.REVIEW) if edited else None
