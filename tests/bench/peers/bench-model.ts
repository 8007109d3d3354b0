import type { Door } from './peer.ts';

const NAME = 'bench';

/** How the model of the bench is called through a server: as an OpenAI client does. */
export function chatDoor(port: number, key = 'bench', headers: Door['headers'] = {}): Door {
  return {
    port,
    path: '/v1/chat/completions',
    model: NAME,
    headers: { authorization: `Bearer ${key}`, ...headers },
  };
}

/** The model of the bench in LiteLLM's `model_list`, served by the fake provider; `prices` are further parameters. */
export function modelEntry(providerPort: number, prices: Readonly<Record<string, number>> = {}): object {
  return {
    model_name: NAME,
    litellm_params: {
      model: `openai/${NAME}`,
      api_base: `http://127.0.0.1:${providerPort}/v1`,
      api_key: 'bench',
      ...prices,
    },
  };
}
