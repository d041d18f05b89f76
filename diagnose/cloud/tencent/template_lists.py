"""Reads the parameter templates that rules name, from the API."""

from collections.abc import Mapping, Sequence
from typing import Any

from diagnose.cloud.fields import member, text, texts
from diagnose.cloud.provider import ApiError
from diagnose.cloud.tencent.api import TencentApi, filtered
from diagnose.cloud.tencent.rules import template_ids
from diagnose.cloud.tencent.templates import (
    Service,
    Templates,
    addresses_of_template,
    services_of_template,
)

#: Templates of each kind that are read: each is a call.
_MAX_TEMPLATES = 20
#: How the ids of groups of templates begin, for addresses and for services.
_GROUPS = ("ipmg-", "ppmg-")


async def read_templates(api: TencentApi, groups: Sequence[object]) -> Templates:
    """Return the templates that the rules name. One that cannot be read is left out."""
    addresses: dict[str, tuple[str, ...]] = {}
    for template_id in template_ids(groups, "AddressTemplate")[:_MAX_TEMPLATES]:
        members = await _members(api, template_id, "Address")
        if members is not None and (networks := addresses_of_template(members)) is not None:
            addresses[template_id] = networks
    services: dict[str, tuple[Service, ...]] = {}
    for template_id in template_ids(groups, "ServiceTemplate")[:_MAX_TEMPLATES]:
        members = await _members(api, template_id, "Service")
        if members is not None and (listed := services_of_template(members)) is not None:
            services[template_id] = listed
    return Templates(addresses, services)


async def _members(api: TencentApi, template_id: str, kind: str) -> tuple[str, ...] | None:
    """Return the members of a template, or of all templates of a group ("ipmg-…", "ppmg-…")."""
    is_group = template_id.startswith(_GROUPS)
    suffix = "Group" if is_group else ""
    field = f"{kind}Template{suffix}"
    name = f"{kind.lower()}-template-{'group-' if is_group else ''}id"
    try:
        parameters = filtered(name, template_id)
        rows = await api.pages(f"vpc:Describe{field}s", parameters, f"{field}Set")
    except ApiError:
        return None
    row = next((row for row in rows if text(member(row, f"{field}Id")) == template_id), None)
    if row is None or not is_group:
        return None if row is None else _template_members(row, kind)
    return await _group_members(api, row, kind)


def _template_members(row: Mapping[str, Any], kind: str) -> tuple[str, ...] | None:
    """Return the members of a template, None if they are not all there."""
    listed = row.get(f"{kind}Set")
    members = texts(row, f"{kind}Set")
    return members if isinstance(listed, list) and len(members) == len(listed) else None


async def _group_members(
    api: TencentApi, group: Mapping[str, Any], kind: str
) -> tuple[str, ...] | None:
    members: list[str] = []
    template_names = texts(group, f"{kind}TemplateIdSet")
    if not 0 < len(template_names) <= _MAX_TEMPLATES:
        return None
    for template_id in template_names:
        if template_id.startswith(_GROUPS):
            return None
        part = await _members(api, template_id, kind)
        if part is None:
            return None
        members += part
    return tuple(members)
