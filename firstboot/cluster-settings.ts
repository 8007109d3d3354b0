/** What the machine's own cluster is told, the same on every base. */
export const CLUSTER_SETTINGS = `# Written at first boot.
listen_addresses = '127.0.0.1'
password_encryption = 'scram-sha-256'

# The log tells what the server does, never what it was asked to: no statements, no parameters, no rows, and no error
# that a statement has run into, since its text may quote a value. Who sent the statement is told of the error.
log_min_messages = 'log'
log_min_error_statement = 'panic'
log_error_verbosity = 'terse'
log_statement = 'none'
log_duration = off
log_min_duration_statement = -1
log_min_duration_sample = -1
log_transaction_sample_rate = 0
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
debug_print_parse = off
debug_print_rewritten = off
debug_print_plan = off
`;
