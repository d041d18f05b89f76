"""The location with which nginx answers challenges from the folder where the client writes them."""

from checks.http._challenges import written_folder
from checks.nginx import Nginx
from checks.nginx._challenge_locations import challenge_location, server_of_port
from checks.nginx._commands import reload_steps
from diagnose.model import Applicability, Fix


def serving_fix(nginx: Nginx) -> Fix | None:
    """Return the fix; None if the folder or the block of port 80 is not known."""
    written = written_folder(nginx.evidence)
    server = server_of_port(nginx, nginx.evidence.target.host, 80) if written else None
    if written is None or server is None:
        return None
    folder, holds_files = written.folder, written.holds_files
    location = challenge_location(nginx, server, folder, holds_files=holds_files)
    return Fix((location.edit, *reload_steps(nginx)), Applicability.REVIEW) if location else None
