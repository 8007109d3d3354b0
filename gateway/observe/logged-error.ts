import { DatabaseError } from 'pg';
import { GatewayError } from '../http/errors.ts';

/** What the log holds of an error. */
export interface LoggedError {
  readonly type: string;
  readonly [member: string]: unknown;
}

/**
 * An error as the log may have it, its causes too: each by its kind's own members, never by whatever it carries.
 *
 * - A client's error can quote its request, and a provider's error its prompt: of ours there are code and status.
 * - PostgreSQL quotes rows and parameters, in `detail`, `where` and, for a value that it cannot read, in the message:
 *   of its errors there is what names things of the schema and of the server.
 * - A parser quotes what it could not read.
 */
export function loggedError(error: Error): LoggedError {
  const causes = {
    ...(error.cause instanceof Error && { cause: loggedError(error.cause) }),
    ...(error instanceof AggregateError && {
      errors: error.errors.filter((each) => each instanceof Error).map(loggedError),
    }),
  };
  if (error instanceof GatewayError) {
    const { name: type, code, status } = error;
    return { type, code, status, ...causes };
  }
  if (error instanceof DatabaseError) return { ...ofDatabase(error), ...causes };
  if (error instanceof SyntaxError) return { type: error.name, stack: framesOf(error), ...causes };
  const { name: type, message, stack, code } = error as NodeJS.ErrnoException;
  return { type, ...(code !== undefined && { code }), message, stack, ...causes };
}

function ofDatabase(error: DatabaseError): LoggedError {
  const { code, severity, routine, schema, table, column, constraint } = error;
  return {
    type: 'DatabaseError',
    message: `PostgreSQL refused a statement with SQLSTATE ${code}`,
    code,
    severity,
    routine,
    schema,
    table,
    column,
    constraint,
    stack: framesOf(error),
  };
}

/** The stack without its first line, which is the message, of however many lines that is. */
function framesOf({ message, stack = '' }: Error): string | undefined {
  const start = stack.indexOf(message);
  return start < 0 ? undefined : stack.slice(start + message.length).trimStart();
}
