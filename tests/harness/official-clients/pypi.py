"""The official `openai` client: a call (client.ts) on each line of standard input, its outcome on a line of standard output."""

import json
import sys
import time

import openai

# The client waits for nothing but its next try.
waited = []
time.sleep = waited.append


def counts(usage):
    if usage is None:
        return None
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    }


def chat(client, body):
    answer = client.chat.completions.create(**body)
    if isinstance(answer, openai.types.chat.ChatCompletion):
        content = answer.choices[0].message.content
        return {"model": answer.model, "content": content, "usage": counts(answer.usage)}
    content = ""
    last = None
    for chunk in answer:
        content += (chunk.choices[0].delta.content or "") if chunk.choices else ""
        last = chunk
    return {"model": last.model, "content": content, "usage": counts(last.usage)}


def act(call):
    client = openai.OpenAI(
        base_url=f"{call['url']}/v1", api_key=call["key"], max_retries=call.get("retries", 0)
    )
    root = client.with_options(base_url=call["url"])
    match call["does"]:
        case "chat":
            return chat(client, call["body"])
        case "models":
            return [model.id for model in client.models.list()]
        case "model":
            return client.models.retrieve(call["model"]).id
        case "embed":
            return client.embeddings.create(**call["body"]).model_dump()
        case "get":
            return root.get(call["path"], cast_to=object)
        case "post":
            return root.post(call["path"], cast_to=object, body=call["body"])


def shown(error):
    response = getattr(error, "response", None)
    retry_after = response.headers.get("retry-after") if response is not None else None
    return {
        "class": type(error).__name__,
        "message": str(error),
        "status": getattr(error, "status_code", None),
        "type": error.type,
        "param": error.param,
        "code": error.code,
        "retryAfter": None if retry_after is None else float(retry_after),
    }


def outcome(call):
    waited.clear()
    try:
        return {"answer": act(call), "waited": waited}
    except openai.APIError as error:
        return {"error": shown(error), "waited": waited}


def say(value):
    print(json.dumps(value), flush=True)


say({"version": openai.__version__})
for line in sys.stdin:
    say(outcome(json.loads(line)))
