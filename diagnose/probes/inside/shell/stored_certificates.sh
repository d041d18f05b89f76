# Prints the certificates in the files of the folders that are its arguments, and the public halves
# of the keys there. After an argument "--below" the folders count with those in them. A private
# key is never printed. Links in /etc/ssl/certs belong to authorities.

depth=1
for d; do
  [ "$d" != --below ] || { depth=2; continue; }
  [ -d "$d" ] || continue
  timeout 4 find -L "$d" -maxdepth "$depth" -path '/etc/ssl/certs/*' -prune -o \
    -type f -size -129 -exec grep -ls -e '-----BEGIN' -- {} + | head -n 64
done 2>/dev/null </dev/null | sort -u | head -n 128 | while IFS= read -r f; do
  echo "file $f"
  sed -n '/-BEGIN \(X509 \|TRUSTED \)*CERTIFICATE-/,/-END \(X509 \|TRUSTED \)*CERTIFICATE-/p' "$f"
  echo  # the file's last line may have no end
  if grep -q 'PRIVATE KEY-' -- "$f"; then
    echo "key $f"
    openssl pkey -in "$f" -pubout -passin pass: </dev/null
  fi
done 2>/dev/null; :
