"""TLS servers that do what few do: HTTP/2 alone, odd ALPN, parameters that OpenSSL refuses."""
