#!/bin/bash
# Stands in for systemctl on a bare machine, which has no systemd: starts and stops the real PostgreSQL, one order after
# the other as systemd would, and notes every call.
set -eu
echo "$*" >>/run/systemctl.calls
case "$*" in
  start\ postgresql@*-main.service | stop\ postgresql@*-main.service)
    major=${2#postgresql@}
    major=${major%-main.service}
    exec 9>/run/systemctl.lock
    flock 9
    # A unit that this boot has not started has nothing to stop; the process id that its cluster notes is then anybody's.
    started=/run/postgresql@$major.started
    case $1 in
      start) touch "$started" ;;
      stop) [ -e "$started" ] || exit 0 ;;
    esac
    # As the unit does: a start that fails shows in the readiness, a stop of what does not run is well. The unit's own
    # pg_ctlcluster does the same in whole seconds.
    cd /
    setpriv --reuid=postgres --regid=postgres --init-groups -- "/usr/lib/postgresql/$major/bin/pg_ctl" "$1" --wait --silent \
      --pgdata="/var/lib/postgresql/$major/main" --log="/var/log/postgresql/postgresql-$major-main.log" \
      --options="-c config_file=/etc/postgresql/$major/main/postgresql.conf" 9>&- || true
    ;;
  restart\ litellm-firstboot.service) exec /opt/litellm/bin/node /opt/litellm/firstboot.mjs run ;;
  start\ --no-block\ litellm.service) ;;
  daemon-reload | try-reload-or-restart\ nginx.service | restart\ litellm | restart\ litellm.service) ;;
  *)
    echo "Unknown order: $*" >&2
    exit 1
    ;;
esac
