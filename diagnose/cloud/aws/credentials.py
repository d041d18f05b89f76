"""Where AWS' keys are kept on this machine, in the order of `aws` and boto3.

Keys of the environment and of a profile are read here. A profile that gets its key from a role or
a login (IAM Identity Center) is left to boto3, which asks for it when the rules are read. What
would start a program, ask a person or read the metadata service is refused.

Sources: AWS CLI User Guide, "Configuration and credential file settings"; botocore, `credentials`.
"""

import configparser
from collections.abc import Mapping

from diagnose.cloud.aws.metadata import REGION
from diagnose.cloud.fields import text
from diagnose.cloud.provider import ApiError, Credentials, Profile

CREDENTIALS_FILE, CONFIG_FILE = "~/.aws/credentials", "~/.aws/config"
PLACES: tuple[str, ...] = ("AWS_ACCESS_KEY_ID", CREDENTIALS_FILE, CONFIG_FILE)
REGION_VARIABLE = "AWS_REGION"
SETUP_COMMAND = "aws configure"
#: What gives the key of any profile to a program that cannot get it.
EXPORT = 'eval "$(aws configure export-credentials --format env)"'
_MAX_KEY = 8192
#: How often a profile may name another one as its source.
_MAX_SOURCES = 5
#: Settings of a profile that boto3 turns into a key by requests alone.
_BY_REQUESTS = ("role_arn", "sso_session", "sso_start_url")
#: Settings that end the search, and why.
_REFUSED = ("credential_process", "mfa_serial", "web_identity_token_file", "login_session")

Section = Mapping[str, str]
Sections = Mapping[str, Section]


class ProfileCredentials(Credentials):
    """A profile whose key boto3 has to ask for. `files` are those of the profile: of keys, and of
    settings."""

    __slots__ = ("files", "profile")

    def __init__(self, profile: str, files: tuple[str, str], source: str, region: str) -> None:
        super().__init__("", "", source, region=region)
        self.profile, self.files = profile, files


async def find_credentials(profile: Profile) -> Credentials | None:
    """Return the first credentials, None if there are none. Raise ApiError where a profile gets its
    key in a way that is not supported."""
    environ = profile.environ
    name = environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE") or ""
    files = (
        environ.get("AWS_SHARED_CREDENTIALS_FILE") or CREDENTIALS_FILE,
        environ.get("AWS_CONFIG_FILE") or CONFIG_FILE,
    )
    keys = _sections(await profile.read(files[0]), files[0])
    settings = _sections(await profile.read(files[1]), files[1])
    profile_name = name or "default"
    region = _region(environ, settings.get(profile_name, {}))
    if key := _from_environment(environ, region):
        return key
    source = f"{files[0]}, profile {text(profile_name)}"
    return _of_profile(profile_name, keys, settings, files, source, region)


def _of_profile(
    name: str,
    keys: Sections,
    settings: Sections,
    files: tuple[str, str],
    source: str,
    region: str,
) -> Credentials | None:
    section = {**settings.get(name, {}), **keys.get(name, {})}
    # A role comes before a key of the same profile, which is then its source.
    if any(section.get(key) for key in _BY_REQUESTS):
        _refuse_others(name, keys, settings, source)
        in_settings = f"{files[1]}, profile {text(name)}"
        return ProfileCredentials(name, files, in_settings, region)
    _refuse(section, source)
    key_id, secret = section.get("aws_access_key_id", ""), section.get("aws_secret_access_key", "")
    if not key_id and not secret:
        return None
    return _key(key_id, secret, section.get("aws_session_token", ""), source, region)


def _refuse_others(name: str, keys: Sections, settings: Sections, source: str) -> None:
    """Raise ApiError where the profile, or one that it has as its source, would start a program,
    ask a person, or read the metadata service."""
    for _ in range(_MAX_SOURCES):
        section = {**settings.get(name, {}), **keys.get(name, {})}
        _refuse(section, source)
        if section.get("credential_source"):
            raise ApiError("credentials", source, code="credential_source")
        following = section.get("source_profile", "")
        if not following or following == name:
            return
        name = following
    raise ApiError("credentials", source, code="source_profile")


def _refuse(section: Section, source: str) -> None:
    for setting in _REFUSED:
        if section.get(setting):
            raise ApiError("credentials", f"{source} (`{EXPORT}` gives its key)", code=setting)


def _from_environment(environ: Mapping[str, str], region: str) -> Credentials | None:
    key_id = environ.get("AWS_ACCESS_KEY_ID", "")
    secret = environ.get("AWS_SECRET_ACCESS_KEY", "")
    # A profile of the environment does not come before its key: so do `aws` and boto3.
    if not key_id:
        return None
    token = environ.get("AWS_SESSION_TOKEN") or environ.get("AWS_SECURITY_TOKEN") or ""
    return _key(key_id, secret, token, "AWS_ACCESS_KEY_ID", region)


def _key(key_id: str, secret: str, token: str, source: str, region: str) -> Credentials:
    if not key_id or not secret:
        raise ApiError("credentials", f"{source} has no complete key")
    for value in (key_id, secret, token):
        if not value.isascii() or not value.isprintable() or " " in value or len(value) > _MAX_KEY:
            raise ApiError("credentials", f"{source} has a key with characters that no key has")
    return Credentials(key_id, secret, source, token, region)


def _region(environ: Mapping[str, str], section: Section) -> str:
    names = (REGION_VARIABLE, "AWS_DEFAULT_REGION")
    region = next(filter(None, map(environ.get, names)), section.get("region", ""))
    return region if REGION.fullmatch(region) else ""


def _sections(content: str, source: str) -> Sections:
    """Return the profiles of a file: in the settings they are called "profile NAME"."""
    parser = configparser.RawConfigParser(strict=False, default_section="")
    try:
        parser.read_string(content)
    except configparser.Error:
        raise ApiError("credentials", f"{source} cannot be read") from None
    return {
        name.removeprefix("profile ").strip(" \"'"): dict(parser[name])
        for name in parser.sections()
    }
