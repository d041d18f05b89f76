"""A setting of a program that was read, held against its documentation and the site."""

from diagnose.model import Evidence
from diagnose.model.applications import Application, OwnSetting, ReadSetting, Topic
from diagnose.parsers.applications import application_of
from diagnose.parsers.setting_fit import fits

#: The setting by which Django believes what its proxy says of the scheme, and makes its own origin
#: of it.
_BELIEVES_PROXY = "SECURE_PROXY_SSL_HEADER"


def setting_of(application: Application, read: ReadSetting) -> OwnSetting | None:
    """Return what the program's documentation says of a setting that was read."""
    names = (
        setting
        for setting in application.own_settings
        if setting.topic == read.topic
        and read.key in {setting.key, setting.variable, setting.argument}
    )
    return next(names, None)


def is_right(evidence: Evidence, read: ReadSetting) -> bool:
    """Return whether a setting that was read fits the site, and is in force."""
    application = application_of(read.application)
    if application is None:
        return _is_in_source(read)
    setting = setting_of(application, read)
    if setting is None or read.misspelt or read.stale or read.source in {"nowhere", "unread"}:
        return False
    return fits(setting, read.values, evidence.target, read.proxy, read.folder) is True


def _is_in_source(read: ReadSetting) -> bool:
    """Return whether the source of a program has what its framework needs, and was read by it."""
    is_wanting = read.new or read.wanted or read.misspelt or read.stale or read.unsure
    return read.source == "file" and bool(read.file) and not is_wanting


def fits_by_now(evidence: Evidence, topic: Topic) -> bool:
    """Return whether the program's own settings of a topic were read and all fit the site: then a
    pasted message about them is of the time before, or has another cause."""
    reads = [read for read in evidence.good(ReadSetting) if read.topic == topic]
    return bool(reads) and all(is_right(evidence, read) for read in reads)


def trusts_origin(evidence: Evidence, *, is_told: bool) -> bool:
    """Return whether a setting of the application that was read trusts the site's origin: then a
    pasted message is of the time before. `is_told`: the web server in front tells the application
    the visitor's origin, so that it is enough if it believes it."""
    return any(
        read.topic == "allowed_origin"
        and (is_told or read.key != _BELIEVES_PROXY)
        # A framework may have the name of an application.
        and (is_right(evidence, read) or (_is_in_source(read) and not read.values))
        for read in evidence.good(ReadSetting)
    )
