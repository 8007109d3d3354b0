# Written when the image was made.
umask 027
if [ -n "${BASH_VERSION:-}" ] && [ -z "${TMOUT:-}" ]; then
  typeset -xr TMOUT=900
fi
