import { mediumOf, mediumTokens } from './media-tokens.ts';

/** What the messages of a request are made of, for counting. */
export interface Prompt {
  readonly messages: number;
  /** How many of them name who speaks. */
  readonly names: number;
  /** Everything in them that is read as text: contents, roles, names, calls of tools. */
  readonly texts: readonly string[];
  /** Most tokens of each picture, sound, video and file. */
  readonly media: readonly number[];
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is nested too deep to be written down is refused by providers too, and counts as nothing. */
function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return '';
  }
}

/** Collects a prompt for one model. */
class Reading {
  readonly texts: string[] = [];
  readonly media: number[] = [];
  names = 0;
  readonly #model: string;

  constructor(model: string) {
    this.#model = model;
  }

  message(message: unknown): void {
    if (!isObject(message)) {
      this.#text(message);
      return;
    }
    if (message.name !== undefined) this.names++;
    for (const [name, value] of Object.entries(message)) {
      if (name === 'content') this.#content(value);
      else if (name === 'audio' && isObject(value)) this.#part(message);
      else this.#text(value);
    }
  }

  #content(content: unknown): void {
    if (Array.isArray(content)) for (const part of content) this.#part(part);
    else this.#text(content);
  }

  #part(part: unknown): void {
    const medium = isObject(part) ? mediumOf(part) : undefined;
    if (isObject(part) && medium !== undefined) this.media.push(mediumTokens(medium, part, this.#model));
    else this.#text(isObject(part) && part.type === 'text' ? part.text : part);
  }

  #text(value: unknown): void {
    if (value === undefined || value === null) return;
    this.texts.push(typeof value === 'string' ? value : jsonText(value));
  }
}

/** Reads parsed messages. What is no list of messages, which some providers take nevertheless, is one text. */
export function readPrompt(messages: unknown, model: string): Prompt {
  const reading = new Reading(model);
  const list = Array.isArray(messages) ? messages : [];
  for (const message of list) reading.message(message);
  if (!Array.isArray(messages)) reading.message(messages);
  const { names, texts, media } = reading;
  return { messages: list.length, names, texts, media };
}
