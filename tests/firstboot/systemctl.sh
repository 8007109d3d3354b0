#!/bin/bash
# Stands in for systemctl on a bare machine, which has no systemd: starts and stops the real PostgreSQL, one order after
# the other as systemd would, and notes every call.
set -eu
echo "$*" >>/run/systemctl.calls
case "$*" in
  start\ postgresql@*-main.service | stop\ postgresql@*-main.service)
    unit=${2#postgresql@}
    exec 9>/run/systemctl.lock
    flock 9
    # As the unit does: a start that fails shows in the readiness, a stop of what does not run is well.
    pg_ctlcluster --skip-systemctl-redirect "${unit%.service}" "$1" 9>&- || true
    ;;
  daemon-reload | try-reload-or-restart\ nginx.service | restart\ litellm.service) ;;
  *)
    echo "Unknown order: $*" >&2
    exit 1
    ;;
esac
