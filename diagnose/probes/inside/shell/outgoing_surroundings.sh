# Prints what decides how a program ($1, its process) connects to others: its name, its control
# group, of its environment the proxies and the files of authorities, and the file of those that its
# root has. Of the environment nothing else leaves the server: it holds secrets.
pid=$1
echo "comm $(cat "/proc/$pid/comm")"
sed -n 's/^/cgroup /p' "/proc/$pid/cgroup" | head -n 20
tr '\0' '\n' <"/proc/$pid/environ" |
  grep -aiE '^(https?_proxy|all_proxy|no_proxy|node_extra_ca_certs|ssl_cert_file|requests_ca_bundle|curl_ca_bundle)=' |
  cut -c 1-500 | head -n 10 | sed 's/^/env /'
root=/proc/$pid/root
for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem \
  /etc/ssl/cert.pem /etc/ssl/ca-bundle.pem; do
  # A link would lead out of the container's root.
  if [ -f "$root$file" ] && [ ! -L "$root$file" ]; then echo "store $file"; break; fi
done
[ ! -d /usr/share/ca-certificates/mozilla ] || echo "public /usr/share/ca-certificates/mozilla"
