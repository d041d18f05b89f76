"""A file whose path already begins with the folder that nginx puts before every path, for the page
too: the program knows the folder, and the file is asked for in that folder twice."""

from checks.nginx import Nginx
from checks.upstream._doubled_folders import doubled_folder, folder_fix
from diagnose.model import Edit, Fix
from diagnose.parsers.nginx.locations import proxy_pass_of
from diagnose.parsers.nginx.upstreams import proxy_target_of


def doubled_path(nginx: Nginx, path: str) -> tuple[dict[str, object], Fix | None]:
    """Return the facts of the folder and the line that adds it, and the fix that lets nginx pass
    the folder's paths on as they are; None where it does not add one, or an edit is not exact."""
    none: dict[str, object] = {"doubled": "", "adding": ""}
    matches = list(nginx.location_matches(path))
    page_matches = list(nginx.location_matches(nginx.evidence.target.path))
    if len(matches) != 1 or len(page_matches) != 1:
        return none, None
    match, directive = matches[0], proxy_pass_of(matches[0])
    target = proxy_target_of(match, {})
    if directive is None or target is None or page_matches[0].block is not match.block:
        return none, None
    folder = doubled_folder(match, target, path)
    if not folder:
        return none, None
    fix = folder_fix(nginx, match, directive, folder)
    facts: dict[str, object] = {"doubled": folder, "adding": f"proxy_pass {directive.args[0]};"}
    return facts, fix if any(isinstance(step, Edit) for step in fix.steps) else None
