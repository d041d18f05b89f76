"""nginx's request to an application that it tells another folder than that of the location, with
the folder of the location. No I/O."""

from collections.abc import Iterator

from diagnose.parsers.base_path_references import FOLDER_FIELDS, is_folder
from diagnose.parsers.nginx.locations import LocationMatch, literal_prefix, location_pattern
from diagnose.parsers.nginx.proxied_request import ProxiedRequest, RequestVariant


def folder_variants(request: ProxiedRequest, location: LocationMatch) -> Iterator[RequestVariant]:
    """Yield the request with the right folder in the field that has another one."""
    pattern = location_pattern(location.block)
    own = literal_prefix(pattern) if pattern else ""
    for name, value in request.fields if is_folder(own) else ():
        if name.lower() in FOLDER_FIELDS and is_folder(value) and value.rstrip("/") != own:
            changed = request.with_field(name, own)
            yield RequestVariant(changed, "field", "replaced", name, value, own)
