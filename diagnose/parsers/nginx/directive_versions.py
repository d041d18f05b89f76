"""Which version or module of nginx provides a directive, parameter or value: nginx's history
(https://nginx.org/en/CHANGES) and the modules in separate packages. No I/O."""

import re
from functools import lru_cache

from diagnose.model.frozen import frozen

Version = tuple[int, int, int]

#: Directives of the core and of modules that are always built, with the version that added them.
SINCE: dict[str, Version] = {
    "http2": (1, 25, 1),
    "http3": (1, 25, 0),
    "http3_hq": (1, 25, 0),
    "http3_stream_buffer_size": (1, 25, 0),
    "quic_retry": (1, 25, 0),
    "quic_gso": (1, 25, 0),
    "quic_host_key": (1, 25, 0),
    "ssl_reject_handshake": (1, 19, 4),
    "ssl_conf_command": (1, 19, 4),
    "proxy_ssl_conf_command": (1, 19, 4),
    "ssl_ocsp": (1, 19, 0),
    "ssl_ocsp_responder": (1, 19, 0),
    "ssl_ocsp_cache": (1, 19, 0),
    "ssl_early_data": (1, 15, 3),
    "ssl_certificate_cache": (1, 27, 4),
    "ssl_object_cache_inheritable": (1, 27, 4),
    "keepalive_min_timeout": (1, 27, 4),
    "proxy_pass_trailers": (1, 27, 2),
    "keepalive_time": (1, 19, 10),
    "proxy_cookie_flags": (1, 19, 3),
    "auth_delay": (1, 17, 10),
    "limit_conn_dry_run": (1, 17, 6),
    "limit_req_dry_run": (1, 17, 1),
    "proxy_socket_keepalive": (1, 15, 6),
    "grpc_pass": (1, 13, 10),
    "grpc_set_header": (1, 13, 10),
    "mirror": (1, 13, 4),
    "worker_shutdown_timeout": (1, 11, 11),
    "absolute_redirect": (1, 11, 8),
    "load_module": (1, 9, 11),
}

#: Directives that nginx no longer has, with the version that removed them.
REMOVED: dict[str, Version] = {
    "ssl": (1, 25, 1),
    "limit_zone": (1, 7, 6),
    "spdy_headers_comp": (1, 9, 5),
    "spdy_chunk_size": (1, 9, 5),
}

#: Parameters of `listen`, with the version that added or removed them.
LISTEN_SINCE: dict[str, Version] = {
    "quic": (1, 25, 0),
    "http2": (1, 9, 5),
    "reuseport": (1, 9, 1),
}
LISTEN_REMOVED: dict[str, Version] = {"spdy": (1, 9, 5)}

#: Values, with the version that added them.
VALUE_SINCE: dict[str, Version] = {"TLSv1.3": (1, 13, 0)}


@frozen
class Module:
    """A module: the pattern of its directives, its file without ".so", its package in Debian and
    RHEL, and its configure switch. `requires` are modules that must be loaded before it."""

    title: str
    directives: str
    file: str = ""
    debian: str = ""
    rhel: str = ""
    switch: str = ""
    requires: tuple[str, ...] = ()


MODULES = (
    Module("stream", r"stream", "ngx_stream_module", "libnginx-mod-stream", "nginx-mod-stream",
           "--with-stream"),
    Module("mail", r"mail", "ngx_mail_module", "libnginx-mod-mail", "nginx-mod-mail",
           "--with-mail"),
    Module("brotli", r"brotli(?!_static).*", "ngx_http_brotli_filter_module",
           "libnginx-mod-http-brotli-filter", "nginx-mod-brotli"),
    Module("brotli", r"brotli_static", "ngx_http_brotli_static_module",
           "libnginx-mod-http-brotli-static", "nginx-mod-brotli"),
    Module("zstd", r"zstd.*", "ngx_http_zstd_filter_module"),
    Module("headers-more", r"more_(set|clear)(_input)?_headers",
           "ngx_http_headers_more_filter_module", "libnginx-mod-http-headers-more-filter",
           "nginx-mod-headers-more"),
    Module("Lua", r"lua_.*|\w+_by_lua(_block|_file)?", "ngx_http_lua_module",
           "libnginx-mod-http-lua", requires=("ndk_http_module",)),
    Module("set-misc", r"set_(escape_uri|unescape_uri|random|hmac_sha1|md5|sha1|encode_\w+"
           r"|decode_\w+|if_empty|quote_\w+)", "ngx_http_set_misc_module",
           "libnginx-mod-http-set-misc", requires=("ndk_http_module",)),
    Module("echo", r"echo(_\w+)?", "ngx_http_echo_module", "libnginx-mod-http-echo"),
    Module("fancyindex", r"fancyindex.*", "ngx_http_fancyindex_module",
           "libnginx-mod-http-fancyindex", "nginx-mod-fancyindex"),
    Module("substitutions", r"subs_filter.*", "ngx_http_subs_filter_module",
           "libnginx-mod-http-subs-filter"),
    Module("cache-purge", r"(proxy|fastcgi|uwsgi|scgi)_cache_purge",
           "ngx_http_cache_purge_module", "libnginx-mod-http-cache-purge"),
    Module("PAM", r"auth_pam.*", "ngx_http_auth_pam_module", "libnginx-mod-http-auth-pam"),
    Module("WebDAV extensions", r"dav_ext_.*", "ngx_http_dav_ext_module",
           "libnginx-mod-http-dav-ext"),
    Module("RTMP", r"rtmp(_\w+)?", "ngx_rtmp_module", "libnginx-mod-rtmp"),
    Module("nchan", r"nchan_.*", "ngx_nchan_module", "libnginx-mod-nchan"),
    Module("ModSecurity", r"modsecurity.*", "ngx_http_modsecurity_module",
           "libnginx-mod-http-modsecurity", "nginx-mod-modsecurity"),
    Module("virtual host traffic status", r"vhost_traffic_status.*",
           "ngx_http_vhost_traffic_status_module", rhel="nginx-mod-vts"),
    Module("PageSpeed", r"pagespeed", "ngx_pagespeed"),
    Module("njs", r"js_\w+", "ngx_http_js_module", "libnginx-mod-http-js",
           "nginx-mod-js"),
    Module("GeoIP2", r"geoip2.*", "ngx_http_geoip2_module", "libnginx-mod-http-geoip2"),
    Module("GeoIP", r"geoip_.*", "ngx_http_geoip_module", "libnginx-mod-http-geoip",
           switch="--with-http_geoip_module"),
    Module("image filter", r"image_filter.*", "ngx_http_image_filter_module",
           "libnginx-mod-http-image-filter", "nginx-mod-http-image-filter",
           "--with-http_image_filter_module"),
    Module("Perl", r"perl(_\w+)?", "ngx_http_perl_module", "libnginx-mod-http-perl",
           "nginx-mod-http-perl", "--with-http_perl_module"),
    Module("XSLT", r"xslt_.*|xml_entities", "ngx_http_xslt_filter_module",
           "libnginx-mod-http-xslt-filter", "nginx-mod-http-xslt-filter",
           "--with-http_xslt_module"),
    Module("HTTP/2", r"http2(_\w+)?", switch="--with-http_v2_module"),
    Module("HTTP/3", r"http3(_\w+)?|quic_\w+", switch="--with-http_v3_module"),
    Module("real IP", r"set_real_ip_from|real_ip_(header|recursive)",
           switch="--with-http_realip_module"),
    Module("status", r"stub_status", switch="--with-http_stub_status_module"),
    Module("auth request", r"auth_request(_set)?", switch="--with-http_auth_request_module"),
    Module("substitution", r"sub_filter(_\w+)?", switch="--with-http_sub_module"),
    Module("gzip static", r"gzip_static", switch="--with-http_gzip_static_module"),
    Module("gunzip", r"gunzip(_\w+)?", switch="--with-http_gunzip_module"),
    Module("WebDAV", r"dav_(methods|access)|create_full_put_path",
           switch="--with-http_dav_module"),
    Module("secure link", r"secure_link(_\w+)?", switch="--with-http_secure_link_module"),
    Module("slice", r"slice", switch="--with-http_slice_module"),
    Module("preread", r"ssl_preread", switch="--with-stream_ssl_preread_module"),
)  # fmt: skip


@lru_cache(maxsize=512)
def module(directive: str) -> Module | None:
    """Return the module that provides a directive, if it is one that can be missing."""
    return next(
        (candidate for candidate in MODULES if re.fullmatch(candidate.directives, directive)), None
    )


def module_by_file(name: str) -> Module | None:
    """Return the module of a file such as "ngx_stream_module"."""
    return next((candidate for candidate in MODULES if candidate.file == name), None)


def version_text(version: Version) -> str:
    return ".".join(map(str, version))
