# Prints what closes a site for maintenance, in its folders $1 and further: "PROGRAM OWNER AGE NUMBER PATH", with the
# seconds since PATH changed, and the NUMBER of the line that closes it, 0 if the file does by being there. Before that
# "working WORDS" of a command that runs now: an update, or a copy of the database. The brackets keep this script out.
{ ps -eo args || ps -o args; } 2>/dev/null | grep -m 1 -oE -e 'setup:[u]pgrade|setup:[d]i:compile|static-content:[d]eploy' \
  -e 'artisan [m]igrate|artisan [d]own|occ [u]pgrade|occ [a]pp:update|occ [m]aintenance:repair|[u]pdater\.phar' \
  -e 'composer(\.phar)? ([i]nstall|[u]pdate|[r]equire)|wp (--[^ ]+ )*([c]ore|[p]lugin|[t]heme|[d]b) [a-z]+' \
  -e 'cli/[u]pgrade\.php|core:[u]pdate|db:[m]igrate|[m]ysqldump|[m]ariadb-dump|[p]g_dump' | head -n 1 | sed 's/^/working /'
told() {
  echo "$1 $(stat -c %U -- "$2") $(($(date +%s) - $(stat -c %Y -- "$2"))) ${3:-0} $2"
}
# A file, and another one that shows whose it is.
file() {
  [ -f "$2" ] && [ -e "$3" ] && told "$1" "$2"
}
line() {
  [ -f "$2" ] && [ -e "$3" ] || return
  n=$(grep -nE -m 1 -e "$4" -- "$2" | cut -d: -f1)
  [ -z "$n" ] || told "$1" "$2" "$n"
}
for d; do
  p=${d%/*}
  for f in "$d" "$p"; do
    [ -n "$f" ] || continue
    file magento "$f/var/.maintenance.flag" "$f/bin/magento"
    file laravel "$f/storage/framework/down" "$f/artisan"
    file turnout "$f/tmp/maintenance.yml" "$f/Gemfile"
  done
  file magento "$d/maintenance.flag" "$d/app/Mage.php"
  # WordPress takes no notice of a time that is more than ten minutes ago (wp_is_maintenance_mode).
  f=$d/.maintenance
  if [ -f "$f" ] && [ -e "$d/wp-load.php" ]; then
    n=$(sed -n 's/.*upgrading *= *\([0-9]\{1,12\}\).*/\1/p' "$f" | head -n 1)
    { [ -n "$n" ] && [ $(($(date +%s) - n)) -ge 600 ]; } || told wordpress "$f"
  fi
  line nextcloud "$d/config/config.php" "$d/occ" "^[[:space:]]*['\"]maintenance['\"] *=> *true\\b"
  line joomla "$d/configuration.php" "$d/administrator" "^[[:space:]]*public \\\$offline *= *('1'|true|1) *;"
  line matomo "$d/config/config.ini.php" "$d/matomo.php" '^maintenance_mode *= *"?1"? *$'
  if [ -f "$d/lib/moodlelib.php" ]; then
    f=$(sed -n "s/^\\\$CFG->dataroot *= *['\"]\\(\\/[^'\"]*\\)['\"].*/\\1/p" "$d/config.php" | head -n 1)
    [ -z "$f" ] || file moodle "$f/climaintenance.html" "$d"
  fi
done 2>/dev/null | head -n 4
