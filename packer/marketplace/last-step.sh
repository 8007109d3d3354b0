# The end of a build machine in a cloud, taken first on the copy that is judged: nobody of the build is left, and root's
# field in the shadow file is the one that every marketplace takes. Azure's agent writes another there, so this comes
# after it.
set -eu

if command -v waagent > /dev/null; then
  waagent -force -deprovision+user
  rm -rf /var/lib/waagent
fi

if [ "$BUILD_USER" != root ] && getent passwd "$BUILD_USER" > /dev/null; then
  # It is signed in, and userdel says so; whatever it says, the account must be gone.
  userdel --force --remove "$BUILD_USER" 2> /dev/null || true
  if getent passwd "$BUILD_USER" > /dev/null; then
    echo "the build's user '$BUILD_USER' cannot be removed" >&2
    exit 1
  fi
fi
rm -rf /home/* /root/.ssh /etc/hostname /etc/sudoers.d/90-cloud-init-users /var/lib/cloud/instances
# Who came in is written down, and by sudo what he did. The journal's directory has the machine's id for a name.
rm -rf /var/lib/wtmpdb/* /var/lib/lastlog/* /var/log/journal/*
find /var/log -type f -delete
rm -f /etc/ssh/ssh_host_*
: > /etc/machine-id

usermod --password '*' root
# usermod and userdel have left the accounts as they were before.
rm -f /etc/passwd- /etc/shadow- /etc/group- /etc/gshadow- /etc/subuid- /etc/subgid-
if grep -vE '^[^:]+:[!*]' /etc/shadow; then
  echo 'these accounts have a password, or need none' >&2
  exit 1
fi
rm -f -- "$0" /var/tmp/tree.tar.gz
sync
