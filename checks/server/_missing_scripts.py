"""Whether the script of the requested address is nowhere: PHP-FPM says "File not found." then, and
that is no fault of the setup. A server that passes on every name with ".php" does not look for the
file first (Apache's SetHandler; mod_proxy, "Access via Handler")."""

from diagnose.model import Evidence
from diagnose.model.site_folders import SiteFolder


def script_is_nowhere(evidence: Evidence) -> bool:
    """Return whether the address itself names a script, and the site's folder does not have it."""
    return any(
        folder.exists and not folder.page_exists and folder.requested.lower().endswith(".php")
        for folder in evidence.good(SiteFolder)
    )
