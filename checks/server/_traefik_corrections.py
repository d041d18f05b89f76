"""A correction of a router of Traefik, and Traefik's words about a name that it does not know."""

import difflib
import re

from diagnose.model.frozen import frozen
from diagnose.model.traefik import Router

NO_POINT = re.compile(r'entryPoint "([^"]{1,100})" doesn\'t exist')
NOWHERE = re.compile(r'(?:the )?(service|middleware) "([^"@]{1,200})@(\w{1,40})" does not exist')
#: A middleware of such a name closes the site. One that is only like it may leave it open.
GUARD = re.compile(r"(?i)auth|allow|white|deny|block|guard|sso|login|oidc|secur|\bip")
#: How near a name is to another one that may be meant (difflib).
LIKENESS = 0.7
POINTS = "entryPoints"
#: What entry points for everybody are usually called. One of another name ("internal", "vpn") may
#: have been taken away so that nobody gets there.
_PUBLIC = frozenset({"http", "https", "web", "websecure", "secure", "public"})


def is_public_name(name: str, point: str) -> bool:
    """Return whether an entry point of a name is surely one for everybody, as `point` is."""
    plain = re.sub(r"[\W_]", "", name.lower())
    is_near = difflib.SequenceMatcher(None, plain[:60], point.lower()[:60]).ratio() >= LIKENESS
    return plain in _PUBLIC or is_near


@frozen
class Correction:
    """A field of a router with what stands there and what should, and whether that is sure.
    `before` is "" for a field that is missing. `further` is what the router needs besides."""

    field: str
    before: str
    after: str
    is_sure: bool = True
    further: "Correction | None" = None

    def setting(self, router: Router) -> str:
        """Return it as one writes it: as a label, if a container has the router."""
        name = router.name.partition("@")[0]
        if not router.container:
            return f"{self.field}: {self.after}"
        if self.field == "tls":
            resolver = self.after.removeprefix("{certResolver: ").removesuffix("}")
            end = "tls=true" if self.after == "{}" else f"tls.certresolver={resolver}"
            return f"traefik.http.routers.{name}.{end}"
        value = self.after.replace(", ", ",") if self.field == POINTS else self.after
        return f"traefik.http.routers.{name}.{self.field.lower()}={value}"
