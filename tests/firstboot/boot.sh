#!/bin/bash
# Boots a bare machine: real programs on system directories that lie on the machine's own disk. Called in new mount,
# process and network namespaces: boot.sh DISK PROGRAM [ARGUMENT...]. When the program ends, all others are killed with
# this shell, as by a power cut; what they wrote stays on the disk.
set -eu
disk=$1
shift

for directory in etc var root opt boot; do
  mkdir -p "$disk/$directory/upper" "$disk/$directory/work"
  mount -t overlay overlay -o "lowerdir=/$directory,upperdir=$disk/$directory/upper,workdir=$disk/$directory/work" "/$directory"
done
# The build host's own clusters are not the machine's.
for directory in /etc/postgresql /var/lib/postgresql /var/log/postgresql; do
  mkdir -p "$disk/postgresql$directory"
  mount --bind "$disk/postgresql$directory" "$directory"
done
chown postgres:postgres /etc/postgresql /var/lib/postgresql
chown root:postgres /var/log/postgresql
chmod 1775 /var/log/postgresql

mount -t tmpfs -o mode=755 tmpfs /run
install -d -m 2775 -o postgres -g postgres /run/postgresql
mount -t tmpfs -o mode=755 tmpfs /sys
cp -a "$disk/sys/." /sys
mount --bind "$disk/sbin" /usr/local/sbin
mount --bind "$(cat "$disk/node")" /opt/litellm/bin/node

hostname "$(cat "$disk/hostname")"
ip link set lo up
if [ -s "$disk/addresses" ]; then
  ip link add eth0 type veth peer name wire0
  ip link set wire0 up
  sysctl -qw net.ipv6.conf.eth0.accept_dad=0
  while read -r address; do ip address add "$address" dev eth0; done <"$disk/addresses"
  ip link set eth0 up
fi

# When all of the disk has been reached, since it may lie in there. A server that is killed leaves its shared memory.
mount -t tmpfs tmpfs /dev/shm

# As systemd does at boot: a cluster that is there is started, whatever its condition, unless its own file says otherwise.
for unit in /etc/postgresql/*/main/postgresql.conf; do
  [ -e "$unit" ] || continue
  grep -qsx auto "$(dirname "$unit")/start.conf" || [ ! -e "$(dirname "$unit")/start.conf" ] || continue
  major=$(basename "$(dirname "$(dirname "$unit")")")
  systemctl start "postgresql@$major-main.service" >/dev/null 2>&1 &
done

"$@"
