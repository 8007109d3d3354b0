const END_USER = 'end_user:';

/**
 * Names of what keys act for, as one gateway tells another that it has changed (a key is named by its hash alone). LiteLLM's
 * ids are free texts, so each kind has its prefix.
 */
export const subjects = {
  team: (teamId: string): string => `team:${teamId}`,
  user: (userId: string): string => `user:${userId}`,
  endUser: (endUserId: string): string => `${END_USER}${endUserId}`,
} as const;

export function isEndUser(subject: string): boolean {
  return subject.startsWith(END_USER);
}
