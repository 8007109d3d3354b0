# Completion of litellm-ctl for bash.
_litellm_ctl() {
  local word=${COMP_WORDS[COMP_CWORD]} offers
  case ${COMP_WORDS[1]} in
    status) offers='--wait --json --help' ;;
    config) offers='check --json --help' ;;
    database) offers='check apply reseal --json --help' ;;
    credentials) offers='--reset-admin-password --json --help' ;;
    access)
      offers='--json --help'
      if ((COMP_CWORD == 2)); then
        offers="allow deny open close limits proxies client-certificates basic-auth bans unban egress apply $offers"
      else
        case ${COMP_WORDS[2]} in
          allow | deny | open | close) offers='admin inference --json --help' ;;
          limits) offers='--connections --requests --default --json --help' ;;
          proxies) offers='trust distrust --json --help' ;;
          client-certificates) offers='on off --json --help' ;;
          basic-auth) offers='on off --user --json --help' ;;
          *) offers='--json --help' ;;
        esac
      fi
      ;;
    certificate)
      offers='--email --no-email --agree-tos --server --authority --json --help'
      if ((COMP_CWORD == 2)); then
        offers="status apply --install $offers"
      else
        case ${COMP_WORDS[2]} in
          status | apply) offers='--json --help' ;;
          --install) offers='--authority --json --help' ;;
        esac
      fi
      ;;
    verify) offers='--key --json --help' ;;
    audit) offers='verify --head --after --json --help' ;;
    personal-data)
      offers='--user --customer --json --help'
      if ((COMP_CWORD == 2)); then
        offers='export delete --help'
      elif [[ ${COMP_WORDS[2]} == delete ]]; then
        offers="--dry-run $offers"
      fi
      ;;
    logs) offers='gateway edge database first-boot --since --lines --follow --json --help' ;;
    *) offers='' ;;
  esac
  if ((COMP_CWORD == 1)); then offers='status config database credentials access certificate verify audit personal-data logs --help --version'; fi
  mapfile -t COMPREPLY < <(compgen -W "$offers" -- "$word")
}
complete -F _litellm_ctl litellm-ctl
