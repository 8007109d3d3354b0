/** What `--help` prints; the man page litellm-ctl(8) tells more. */
export const usage = {
  main: `Usage: litellm-ctl COMMAND [OPTION...]

  status                    what runs, and what is wrong
  config check              whether the gateway would start with its configuration
  credentials               show the credentials file, or reset the admin's password
  access egress             let the gateway reach what /etc/litellm/egress.conf allows

  litellm-ctl COMMAND --help tells more about a command. All of them need root.
  -h, --help                this text
  -V, --version             the version of the appliance

Exit codes: 0 well or done, 1 a problem, 2 wrong usage, 3 still starting (status only)
`,
  status: `Usage: litellm-ctl status [--wait [SECONDS]] [--json]

Looks at first boot, services, gateway, configuration, certificate and disk.
  --wait [SECONDS]          wait until nothing is starting any more, at most SECONDS (600)
  --json                    for programs

Exit codes: 0 ready, 1 a problem (also a check that could not run), 2 wrong usage, 3 still starting
`,
  config: `Usage: litellm-ctl config check

Asks the gateway whether it would start with /etc/litellm/config.yaml, as its user and with its environment.
Says what is wrong and what would be right. Changes nothing.

Exit codes: 0 it would start, 1 it would not, 2 wrong usage
`,
  access: `Usage: litellm-ctl access egress

Loads what /etc/litellm/egress.conf allows into the firewall, and the place of the database from DATABASE_URL.
A file with a fault changes nothing; each wrong line is named with what would be right.

Exit codes: 0 loaded, 1 a problem, 2 wrong usage
`,
  credentials: `Usage: litellm-ctl credentials [--reset-admin-password]

Shows the credentials file that first boot has made.
  --reset-admin-password    give the admin of /ui a new initial password, print it once and restart the gateway

Exit codes: 0 done, 1 a problem, 2 wrong usage
`,
} as const;
