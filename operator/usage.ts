/** What `--help` prints; the man page litellm-ctl(8) tells more. */
export const usage = {
  main: `Usage: litellm-ctl COMMAND [OPTION...]

  status                    what runs, and what is wrong
  config check              whether the gateway would start with its configuration
  database check | apply    try, and go over to, the database server that /etc/litellm/database.env names
  database reseal           seal stored provider keys anew, after the salt key was changed
  credentials               show the credentials file, or reset the admin's password
  access                    who may call, and whom the gateway may: lists, limits, proxies, certificates, bans
  certificate               get one from an authority, install your own, or see which is served
  verify                    whether the machine's files are still those of the image
  audit                     whether the audit log is as it was written
  personal-data             export or delete what is kept of one person
  logs                      what gateway, edge, database and first boot have logged

  litellm-ctl COMMAND --help tells more about a command. All of them need root.
  -h, --help                this text
  -V, --version             the version of the appliance

Exit codes: 0 well or done, 1 a problem, 2 wrong usage, 3 still starting (status only)
`,
  status: `Usage: litellm-ctl status [--wait [SECONDS]] [--json]

Looks at first boot, services, gateway, configuration, disk and the certificates.
  --wait [SECONDS]          wait until nothing is starting any more, at most SECONDS (600)
  --json                    for programs

Exit codes: 0 ready, 1 a problem (also a check that could not run), 2 wrong usage, 3 still starting
`,
  config: `Usage: litellm-ctl config check [--json]

Asks the gateway whether it would start with /etc/litellm/config.yaml, as its user and with its environment.
Settings that the database holds are looked at too, where it can be asked.
Says what is wrong and what would be right. Changes nothing.
  --json                    for programs

Exit codes: 0 it would start, 1 it would not, 2 wrong usage
`,
  database: `Usage: litellm-ctl database check | apply | reseal [--json]

Where /etc/litellm/database.env exists, the gateway uses the PostgreSQL server that it names; else the machine's own.
  DATABASE_URL=postgresql://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full         what the gateway signs in with
  DATABASE_OWNER_URL=postgresql://OWNER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full  migrations; may be left out

  check                     sign in and see whether the server, its certificate and the roles are as they must be
  apply                     the same, then go over to it: the machine's own server is stopped and its data kept, or, when
                            the file is gone, started again; no data are moved
  reseal                    seal with LITELLM_SALT_KEY the provider keys in the database that LITELLM_SALT_KEY_PREVIOUS has
                            sealed; both stand in /etc/litellm/litellm.env; may be run again at any time
  --json                    for programs

Exit codes: 0 well or done, 1 it cannot be used (nothing was changed), 2 wrong usage
`,
  credentials: `Usage: litellm-ctl credentials [--reset-admin-password] [--json]

Shows the credentials file that first boot has made.
  --reset-admin-password    give the admin of /ui a new initial password, print it once and restart the gateway
  --json                    for programs

Exit codes: 0 done, 1 a problem, 2 wrong usage
`,
  access: `Usage: litellm-ctl access [--json]
       litellm-ctl access allow|deny admin|inference NETWORK...
       litellm-ctl access open|close admin|inference
       litellm-ctl access limits [--connections N] [--requests N] [--default]
       litellm-ctl access proxies trust|distrust NETWORK...
       litellm-ctl access client-certificates on CAFILE | off
       litellm-ctl access basic-auth on [--user NAME] | off
       litellm-ctl access bans
       litellm-ctl access unban ADDRESS
       litellm-ctl access egress
       litellm-ctl access apply

Without a verb: shows who may call. Each change is tested by nginx first; where nginx refuses it, all is as it was.
  allow                     these may call, and from the first one on nobody else; NETWORK is an address or a CIDR
  deny                      these may not; of two networks that hold an address the narrower one decides
  open, close               everyone may call; nobody may but this machine and who is allowed by name
  admin, inference          the admin UI with the management endpoints; the endpoints for models
  limits                    of each address: connections at once (1000), requests a second (500); --default: these
  proxies                   proxies whose X-Forwarded-For names the client, for lists, limits, bans and logs
  client-certificates       ask each client for a certificate that an authority in CAFILE has signed
  basic-auth                ask for a user (litellm) and a password, read from standard input; a call's key then goes
                            into the header x-litellm-api-key
  bans, unban               whom fail2ban keeps out after failed sign-ins; let an address in again
  egress                    let the gateway reach what /etc/litellm/egress.conf allows, and its database
  apply                     write nginx's files again from /etc/litellm/access.json
  --json                    for programs; may follow each of them

Exit codes: 0 done, 1 a problem, 2 wrong usage
`,
  certificate: `Usage: litellm-ctl certificate DOMAIN... [--email ADDRESS | --no-email] [--agree-tos]
                               [--server URL [--authority FILE]] [--json]
       litellm-ctl certificate --install CERT KEY [--authority FILE] [--json]
       litellm-ctl certificate status [--json]
       litellm-ctl certificate apply [--json]

DOMAIN: get a certificate from Let's Encrypt for names that lead to this machine, serve it and have it renewed.
  --email ADDRESS           where the authority may write to; --no-email: nowhere. Asked for once, at a terminal
  --agree-tos               agree to the authority's terms of service. Asked for once, at a terminal
  --server URL              another ACME directory
  --authority FILE          who signed that directory's own certificate (PEM), where the machine does not know it

  --install CERT KEY        a certificate of your own: the server's, then those that signed it (PEM), and its key
  --authority FILE          the root that clients know (PEM), where the machine does not know it

  status                    which certificates are served to whom, their end, and how they are renewed
  apply                     give nginx's site, written anew, the certificates that this machine has
  --json                    for programs

Where something is wrong, what was served before still is.

Exit codes: 0 well or done, 1 a problem, 2 wrong usage
`,
  verify: `Usage: litellm-ctl verify [--key FILE] [--json]

Checks the signature of the list of files that came with the image, then every file on it. Needs no network.
Tells apart what apt has updated, what you may edit, and what nobody should have changed, removed or added.
  --key FILE                check with this public key (PEM) instead of the one that lies in the image
  --json                    for programs

Exit codes: 0 nothing changed that should not, 1 a problem (also a signature that does not hold), 2 wrong usage
`,
  audit: `Usage: litellm-ctl audit verify [FILE] [--head NUMBER:HASH] [--after NUMBER:HASH] [--json]

Checks that the rows of the audit log are those that were written, that none is missing, and prints the head of their chain.
Keep the head elsewhere: with it, it is found later whether anything before it was changed or taken away.
  FILE                      check an export (CSV with a header, or JSON) instead of the database
  --head NUMBER:HASH        a head that was kept: the log must still have it
  --after NUMBER:HASH       rows up to this head were deleted on purpose
  --json                    for programs

Exit codes: 0 intact, 1 broken (the first broken row is named), or it could not be read, 2 wrong usage
`,
  'personal-data': `Usage: litellm-ctl personal-data export (--user ID | --customer ID) FILE
       litellm-ctl personal-data delete (--user ID | --customer ID) [--dry-run] [--json]

Exports, or deletes, what is kept of one person in the gateway's database: an internal user, by id or address, or a customer,
as calls name one. Amounts, tokens, times and models stay, under a pseudonym; the audit log holds on with values blanked.
A deletion that was cut off is completed by the next one.
  --user ID                 an internal user: account, keys, memberships, calls
  --customer ID             a customer (end user)
  FILE                      a new file that only root reads: one JSON object
  --dry-run                 count, and delete nothing
  --json                    for programs

Exit codes: 0 done, 1 a problem (also a user who cannot be deleted), 2 wrong usage
`,
  logs: `Usage: litellm-ctl logs [gateway | edge | database | first-boot] [--since TIME] [--lines N] [--follow] [--json]

Shows the newest lines that the machine's parts have logged, in the order of their time; without a word, of all of them.
  gateway                   the gateway, schema changes, its firewall rules
  edge                      nginx with its access and error log, fail2ban
  database                  the machine's own PostgreSQL
  first-boot                first boot, and changes of the address since
  --since TIME              from then on: 90s, 30min, 2h or 3d ago, a day, or '2026-11-27 08:00' (UTC)
  --lines N                 no more than N lines (100; with --since 10000)
  -f, --follow              go on with each line as it comes, until Ctrl-C
  --json                    for programs: one object a line

Exit codes: 0 done, 1 a log cannot be read, 2 wrong usage
`,
} as const;
