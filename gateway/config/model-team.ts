import type { DeploymentConfig, ModelTeam } from './config.ts';
import type { Settings } from './findings.ts';

/** The team that `model_info` names, and what it calls the model; a row of LiteLLM's has a name of its own beside that. */
export function modelTeam(
  { team_id: id, team_public_model_name: name }: Settings,
  modelName: string,
): ModelTeam | null {
  if (typeof id !== 'string' || id === '') return null;
  return { id, publicName: typeof name === 'string' && name !== '' ? name : modelName };
}

/** What those who may call a model call it. */
export function publicName({ team, modelName }: Pick<DeploymentConfig, 'team' | 'modelName'>): string {
  return team?.publicName ?? modelName;
}
