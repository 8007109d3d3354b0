const END_USER = 'end_user:';
const BUDGET = 'budget:';

/**
 * Names of what keys act for, as one gateway tells another that it has changed (a key is named by its hash alone). LiteLLM's
 * ids are free texts, so each kind has its prefix.
 */
export const subjects = {
  team: (teamId: string): string => `team:${teamId}`,
  user: (userId: string): string => `user:${userId}`,
  /** A row of limits that others are linked to. */
  budget: (budgetId: string): string => `${BUDGET}${budgetId}`,
  endUser: (endUserId: string): string => `${END_USER}${endUserId}`,
} as const;

export function isEndUser(subject: string): boolean {
  return subject.startsWith(END_USER);
}

/** The customer whose change is told; undefined when it is something else's. */
export function changedEndUser(subject: string): string | undefined {
  return isEndUser(subject) ? subject.slice(END_USER.length) : undefined;
}

export function isBudget(subject: string): boolean {
  return subject.startsWith(BUDGET);
}
