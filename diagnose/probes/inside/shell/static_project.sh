# Prints the Django project in the first of these folders that has one: "manage OWNER PATH", "python PATH"
# of its virtual environment, and "root LINE" of its settings, which names the folder for collectstatic.

for d; do
  f=$d/manage.py
  [ -f "$f" ] || continue
  grep -q django -- "$f" || continue
  echo "manage $(stat -L -c %U -- "$f") $f"
  for p in "$d"/venv/bin/python "$d"/.venv/bin/python "$d"/*/bin/python "${d%/*}"/venv/bin/python \
    "${d%/*}"/.venv/bin/python "${d%/*}"/env/bin/python; do
    [ -x "$p" ] && echo "python $p" && break
  done
  m=$(sed -n "s/.*DJANGO_SETTINGS_MODULE[\"', ]*\([A-Za-z0-9_.]*\).*/\1/p" "$f" | head -n 1 | tr . /)
  for s in "$d/$m.py" "$d/$m/__init__.py" "$d/$m"/*.py; do
    [ -f "$s" ] && grep -h '^STATIC_ROOT *=' -- "$s" | head -n 1 | sed 's/^/root /'
  done | head -n 1
  break
done 2>/dev/null
:
