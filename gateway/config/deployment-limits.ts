import type { DeploymentLimits, Environment, LimitDefaults } from './config.ts';
import { type Findings, Reader, type Settings } from './findings.ts';

/** LiteLLM's name for the check that makes limits of the weights `rpm` and `tpm`. */
const ENFORCE = 'enforce_model_rate_limits';

export function readLimitDefaults(router: Reader, general: Reader, findings: Findings): LimitDefaults {
  const checks = router.texts('optional_pre_call_checks') ?? [];
  for (const check of checks.filter((name) => name !== ENFORCE)) {
    findings.fault(
      'router_settings.optional_pre_call_checks',
      `'${check}' is not served yet, and you would rely on it; remove it`,
    );
  }
  const name = 'max_parallel_requests';
  return {
    enforced: checks.includes(ENFORCE),
    parallel: general.number(name, 1) ?? router.number(`default_${name}`, 1) ?? null,
  };
}

const WINDOW = 'LITELLM_RATE_LIMIT_WINDOW_SIZE';

/** Every limit holds for 60 s: who has set another time would get more or fewer calls than the numbers now say. */
export function checkRateWindow(environment: Environment, findings: Findings): void {
  const written = environment[WINDOW];
  if (!written || Number(written) === 60) return;
  findings.fault(
    WINDOW,
    'is 60 here: limits hold for any 60 seconds; remove it, and scale rpm and tpm limits',
  );
}

/** The limits of one entry of `model_list`; `rpm` and `tpm` may stand beside `litellm_params` too. */
export function readDeploymentLimits(
  entry: Settings,
  params: Reader,
  { enforced, parallel }: LimitDefaults,
  { path, findings }: { readonly path: string; readonly findings: Findings },
): DeploymentLimits {
  const legacy = new Reader(entry, path, findings);
  const requests = params.number('rpm', 0) ?? legacy.number('rpm', 0) ?? null;
  const tokens = params.number('tpm', 0) ?? legacy.number('tpm', 0) ?? null;
  if (!enforced && (requests !== null || tokens !== null)) {
    findings.warn(
      `${path}.${requests === null ? 'tpm' : 'rpm'}`,
      `limits nothing, as in LiteLLM, until router_settings.optional_pre_call_checks holds ${ENFORCE}`,
    );
  }
  return {
    requests: enforced ? requests : null,
    tokens: enforced ? tokens : null,
    parallel: params.number('max_parallel_requests', 1) ?? parallel,
  };
}
