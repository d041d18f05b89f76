"""When nginx sends the field of an `add_header` (ngx_http_headers_module)."""

#: The statuses with which it is sent without `always`.
WITHOUT_ALWAYS = frozenset({200, 201, 204, 206, 301, 302, 303, 304, 307, 308})
