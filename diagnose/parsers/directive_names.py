"""Names of directives, as Apache and Caddy know them, for those that are misspelled. Sources: the
"Directive Index" of Apache, and "Caddyfile Directives" with the options of `reverse_proxy` and
`tls`. Rare ones are left out. No I/O."""

from diagnose.parsers.misspellings import is_typing_error

_APACHE = """
AddDefaultCharset AddEncoding AddHandler AddOutputFilterByType AddType Alias AliasMatch
AllowOverride AuthBasicProvider AuthName AuthType AuthUserFile BalancerMember CGIPassAuth
CustomLog DirectoryIndex DirectorySlash Directory DirectoryMatch DocumentRoot ErrorDocument
ErrorLog ExpiresActive ExpiresByType ExpiresDefault FallbackResource Files FilesMatch Header
IfModule IfDefine Include IncludeOptional KeepAlive KeepAliveTimeout LimitRequestBody Listen
LoadModule Location LocationMatch LogFormat LogLevel MaxKeepAliveRequests MaxRequestWorkers
NameVirtualHost Options Protocols ProxyPass ProxyPassMatch ProxyPassReverse
ProxyPassReverseCookieDomain ProxyPassReverseCookiePath ProxyPreserveHost ProxyRequests ProxySet
ProxyTimeout ProxyVia Proxy Redirect RedirectMatch RemoteIPHeader RemoteIPInternalProxy
RemoteIPTrustedProxy RequestHeader Require RequireAll RequireAny RewriteBase RewriteCond
RewriteEngine RewriteMap RewriteOptions RewriteRule ScriptAlias ServerAdmin ServerAlias
ServerName ServerRoot ServerSignature ServerTokens SetEnv SetEnvIf SetHandler
SSLCACertificateFile SSLCertificateChainFile SSLCertificateFile SSLCertificateKeyFile
SSLCipherSuite SSLEngine SSLHonorCipherOrder SSLOptions SSLProtocol SSLProxyCACertificateFile
SSLProxyCheckPeerCN SSLProxyCheckPeerExpire SSLProxyCheckPeerName SSLProxyEngine SSLProxyVerify
SSLSessionTickets SSLStaplingCache SSLUseStapling SSLVerifyClient TimeOut TransferLog
UseCanonicalName User Group VirtualHost
"""
_CADDY = """
abort acme_server basic_auth basicauth bind encode error file_server forward_auth handle
handle_errors handle_path header import invoke log log_skip map method metrics php_fastcgi push
redir request_body request_header respond reverse_proxy rewrite root route templates tls tracing
try_files uri vars lb_policy lb_retries lb_try_duration lb_try_interval health_uri health_port
health_interval health_timeout health_status health_headers fail_duration max_fails
unhealthy_status flush_interval trusted_proxies header_up header_down transport handle_response
tls_insecure_skip_verify tls_server_name tls_trust_pool tls_trusted_ca_certs dial_timeout
response_header_timeout read_timeout write_timeout keepalive versions protocols ciphers curves
client_auth issuer resolvers max_size output format level browse hide index
"""
_NAMES = {
    product: tuple(dict.fromkeys(text.split()))
    for product, text in (("apache", _APACHE), ("caddy", _CADDY))
}
_MAX_WORD = 60


def likely_directive(word: str, product: str) -> str:
    """Return the one directive that a word of "apache" or "caddy" is a misspelling of: a letter is
    wrong, or its parts are joined in another way ("reverse-proxy"). "" if there is not one."""
    if len(word) > _MAX_WORD:
        return ""
    lower = word.lower()
    close = [name for name in _NAMES.get(product, ()) if _is_close(lower, name.lower())]
    return close[0] if len(close) == 1 and close[0].lower() != lower else ""


def _is_close(word: str, name: str) -> bool:
    is_plural = f"{word}s" == name or word == f"{name}s"
    return is_plural or is_typing_error(word, name, 5) or _joined(word) == _joined(name)


def _joined(name: str) -> str:
    return name.replace("_", "").replace("-", "")
