"""Says why a provider's rules could not be read, and what would allow it."""

from diagnose.cloud.provider import ApiError, Provider
from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean


@frozen
class Explanation:
    """A reason, and the command that would allow it ("" for none)."""

    reason: str
    enable: str = ""


_REASONS = {
    "rejected": "{title} does not accept the credentials ({message}): set up a key that is valid",
    "clock": "{title} refuses the time of this machine's clock ({message}): correct the clock",
    "throttled": "{title} had too many calls ({message}): wait a minute and try again",
    "timeout": "{title} did not answer in time: try again, or look at the rules in its console",
    "unreachable": "{title} cannot be reached: {message}; look at this machine's way to it"
    " (HTTPS_PROXY is used), or at the rules in the console",
    "invalid": "{title} answered something else than its documents promise ({message}): look at the"
    " rules in its console",
    "endless": "{title} sent more pages than it may have: look at the rules in its console",
    "extra": "{message}",
}
_MAX_LENGTH = 1000


def explanation(provider: Provider, error: ApiError, address: str = "") -> Explanation:
    """Return the words for an error. They hold no secret: an `ApiError` holds none."""
    title = provider.title
    match error.kind:
        case "credentials":
            kind = f" is of the kind {error.code}, which is not supported" if error.code else ""
            way_out = f"; {error.way_out}" if error.way_out else ""
            reason = f"{title}: {error.message}{kind}{way_out}"
            return Explanation(clean(reason, _MAX_LENGTH), provider.setup_command)
        case "forbidden":
            allow = f"; allow these actions, which only read: {', '.join(error.allow)}"
            reason = f"{title} does not allow {error.action} ({error.message})"
            return Explanation(clean(reason + (allow if error.allow else ""), _MAX_LENGTH))
        case "missing":
            return Explanation(clean(_missing(provider, error, address), _MAX_LENGTH))
    reason = _REASONS[error.kind].format(title=title, message=error.message or error.code)
    return Explanation(clean(reason, _MAX_LENGTH))


def no_credentials(titles: str, providers: tuple[Provider, ...]) -> Explanation:
    """Return the words for a machine that has none, with the places in which they were looked
    for."""
    places = dict.fromkeys(place for provider in providers for place in provider.credential_places)
    commands = dict.fromkeys(provider.setup_command for provider in providers)
    reason = f"no credentials were found for {titles}; they were looked for in {', '.join(places)}"
    return Explanation(clean(reason, _MAX_LENGTH), next(iter(commands), ""))


def _missing(provider: Provider, error: ApiError, address: str) -> str:
    variable = provider.region_variable
    if error.code == "no-region":
        named = f"{error.message} is no region" if error.message else "no region is set"
        return f"{provider.title}: {named}; set {variable}"
    if error.action:
        return f"{provider.title} does not know the instance ({error.message})"
    if not address:
        return f"{provider.title}: the address of the server is not known"
    return (
        f"{provider.title} has no instance with the address {address} in the region"
        f" {error.message} of this account; set {variable} to look in another region"
    )
