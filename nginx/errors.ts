/** Text as it has to stand inside nginx's single quotes: no variable, no end of the quotes, backslashes kept. */
function quotable(json: string): string {
  return json.replaceAll("'", '\\u0027').replaceAll('$', '\\u0024').replaceAll('\\', '\\\\');
}

/** The error envelope that clients of the gateway know, as JSON fit for nginx's single quotes. */
export function envelope(status: number, type: string, message: string): string {
  return quotable(JSON.stringify({ error: { message, type, param: null, code: String(status) } }));
}

/** What nginx itself refuses or fails at, by status. */
export function edgeErrors(bodyBytes: number): readonly { readonly status: number; readonly body: string }[] {
  const rows: readonly [number, string, string][] = [
    [
      401,
      'auth_error',
      "The edge asks for its own user and password; the gateway's key goes into x-litellm-api-key",
    ],
    [
      403,
      'auth_error',
      'This address may not call here: the access list has no place for it, or it is banned for a while',
    ],
    [404, 'not_found_error', 'Not found: no route of the gateway begins like this'],
    [405, 'invalid_request_error', 'Method not allowed'],
    [413, 'invalid_request_error', `The request body is larger than ${bodyBytes} bytes`],
    [429, 'rate_limit_error', 'Too many requests or connections from this address; try again in a moment'],
    [500, 'internal_server_error', 'Internal server error at the edge; its error log has the details'],
    [504, 'internal_server_error', 'The gateway did not answer in time'],
  ];
  return rows.map(([status, type, message]) => ({ status, body: envelope(status, type, message) }));
}
