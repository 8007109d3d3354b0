# Completion of litellm-ctl for bash.
_litellm_ctl() {
  local word=${COMP_WORDS[COMP_CWORD]} offers
  case ${COMP_WORDS[1]} in
    status) offers='--wait --json --help' ;;
    config) offers='check --help' ;;
    credentials) offers='--reset-admin-password --help' ;;
    access) offers='egress --help' ;;
    *) offers='' ;;
  esac
  if ((COMP_CWORD == 1)); then offers='status config credentials access --help --version'; fi
  mapfile -t COMPREPLY < <(compgen -W "$offers" -- "$word")
}
complete -F _litellm_ctl litellm-ctl
