const END_USER = 'end_user:';
const BUDGET = 'budget:';
const MODEL = 'model:';
const CREDENTIAL = 'credential:';
const TAG = 'tag:';

/**
 * Names of what keys act for, as one gateway tells another that it has changed (a key is named by its hash alone). LiteLLM's
 * ids are free texts, so each kind has its prefix.
 */
export const subjects = {
  team: (teamId: string): string => `team:${teamId}`,
  user: (userId: string): string => `user:${userId}`,
  organization: (organizationId: string): string => `organization:${organizationId}`,
  /** Whoever is linked to this budget. */
  budget: (budgetId: string): string => `${BUDGET}${budgetId}`,
  tag: (name: string): string => `${TAG}${name}`,
  endUser: (endUserId: string): string => `${END_USER}${endUserId}`,
  /** A model of the database, by its id. */
  model: (modelId: string): string => `${MODEL}${modelId}`,
  /** Whatever models refer to by this name. */
  credential: (name: string): string => `${CREDENTIAL}${name}`,
} as const;

/** The customer that a subject names; null when it names somebody else. */
export function endUserOf(subject: string): string | null {
  return isEndUser(subject) ? subject.slice(END_USER.length) : null;
}

/** The tag that a subject names; null when it names somebody. */
export function tagOf(subject: string): string | null {
  return subject.startsWith(TAG) ? subject.slice(TAG.length) : null;
}

/** The budget that a subject names; null when it names somebody. */
export function budgetOf(subject: string): string | null {
  return subject.startsWith(BUDGET) ? subject.slice(BUDGET.length) : null;
}

export function isEndUser(subject: string): boolean {
  return subject.startsWith(END_USER);
}

/** Whether a subject names something that models of the database are made of. */
export function isModel(subject: string): boolean {
  return subject.startsWith(MODEL) || subject.startsWith(CREDENTIAL);
}
