/** Whether a switch is on; it is on also when it says neither yes nor no, since then nobody knows. */
export function asksForRedaction(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  return !(typeof value === 'string' && value.trim().toLowerCase() === 'false');
}

const SWITCH = 'turn_off_message_logging';

type Members = Readonly<Record<string, unknown>>;

/** The object that a value should be; null where it is absent. */
function objectOf(value: unknown): Members | null | 'unreadable' {
  if (value === undefined || value === null) return null;
  return typeof value === 'object' && !Array.isArray(value) ? (value as Members) : 'unreadable';
}

/** The switch among LiteLLM's parameters of a callback. */
function inCallback(callback: unknown): boolean {
  const settings = objectOf(callback);
  if (settings === null || settings === 'unreadable') return settings !== null;
  const variables = objectOf(settings.callback_vars);
  if (variables === null || variables === 'unreadable') return variables !== null;
  return asksForRedaction(variables[SWITCH]);
}

function inCallbacks(callbacks: unknown): boolean {
  if (callbacks === undefined || callbacks === null) return false;
  return !Array.isArray(callbacks) || callbacks.some(inCallback);
}

/**
 * Whether the `metadata` of a key or a team says that nothing is kept of what its calls say: by itself, or in the places where
 * LiteLLM has it, which are `logging` of a key and `callback_settings` of a team.
 */
export function redactedBy(metadata: unknown): boolean {
  const members = objectOf(metadata);
  if (members === null || members === 'unreadable') return members !== null;
  return (
    asksForRedaction(members[SWITCH]) || inCallbacks(members.logging) || inCallback(members.callback_settings)
  );
}
