/** What a part of a message is, other than text. */
export type Medium = 'picture' | 'sound' | 'video' | 'file';

type Part = Readonly<Record<string, unknown>>;

/** Names of types and of members that tell a medium, whatever the provider calls it. */
const MEDIA: readonly (readonly [RegExp, Medium])[] = [
  [/image/i, 'picture'],
  [/audio/i, 'sound'],
  [/video/i, 'video'],
  [/file|document|media/i, 'file'],
];

/** The medium that a part of a message holds; undefined when it is text of some kind. */
export function mediumOf(part: Part): Medium | undefined {
  const names = [...(typeof part.type === 'string' ? [part.type] : []), ...Object.keys(part)];
  return MEDIA.find(([name]) => names.some((told) => name.test(told)))?.[1];
}

/** Most tokens of a picture, and with `detail: low`. */
interface PictureTokens {
  readonly model: RegExp;
  readonly most: number;
  readonly low: number;
}

/**
 * OpenAI, "Images and vision", calculating costs: a picture is scaled to fit 2,048 × 2,048 and its shorter side to 768, so
 * that it has at most 8 tiles of 512 × 512: base + 8 × tile, and `low` is the base alone. Models that count patches of
 * 32 × 32 times a factor: at most 1,536 × 2.46 for the small ones, 10,000 × 2.46 for the newest; `low` is 16 × 16 patches.
 */
const OPENAI: readonly PictureTokens[] = [
  { model: /^gpt-4o-mini/, most: 2833 + 8 * 5667, low: 2833 },
  { model: /^(?:gpt-4\.1-(?:mini|nano)|gpt-5-(?:mini|nano)|o4-mini)/, most: 3779, low: 630 },
  { model: /^(?:gpt-4o|chatgpt-4o|gpt-4\.[15]|gpt-4-)/, most: 85 + 8 * 170, low: 85 },
  { model: /^(?:o1|o3)(?:-|$)/, most: 75 + 8 * 150, low: 75 },
  { model: /^gpt-5(?:-|$)/, most: 70 + 8 * 140, low: 70 },
  { model: /^(?:gpt-|chat-latest)/, most: 24_600, low: 630 },
];

/**
 * The dearest of the others: Qwen-VL's model cards, at most 16,384 visual tokens. (Together, "Vision": 4 × 1,601; Mistral,
 * "Vision": 4,160; Anthropic, "Vision": 4,784; Google, "Understand and count tokens": 258 a tile; xAI: 1,792.)
 */
const PICTURE = 16_384;

function pictureTokens(part: Part, model: string): number {
  const known = OPENAI.find((row) => row.model.test(model));
  if (known === undefined) return PICTURE;
  const detail = (part.image_url as { detail?: unknown } | null | undefined)?.detail ?? part.detail;
  return detail === 'low' ? known.low : known.most;
}

/** Google, "Understand and count tokens": the most that is known; OpenAI counts 10. */
const TOKENS_PER_SECOND_OF_SOUND = 32;
/** Fewest bytes of a second: MPEG audio begins at 8 kbit/s, WAV at 4 bits times 8 kHz, Opus, the least of all, at some 4 kbit/s. */
const BYTES_PER_SECOND: Readonly<Record<string, number>> = { mp3: 1000, wav: 4000 };
const FEWEST_BYTES_PER_SECOND = 500;
/** A sound that is only referred to: an hour. */
const HOUR_OF_SOUND = 3600 * TOKENS_PER_SECOND_OF_SOUND;

function soundTokens(part: Part): number {
  const { data, format } = (part.input_audio ?? part.audio ?? {}) as { data?: unknown; format?: unknown };
  if (typeof data !== 'string') return HOUR_OF_SOUND;
  const bytes = Math.ceil((data.length * 3) / 4);
  const seconds = bytes / (BYTES_PER_SECOND[String(format)] ?? FEWEST_BYTES_PER_SECOND);
  return Math.ceil(seconds * TOKENS_PER_SECOND_OF_SOUND) + 1;
}

/** Google, "Understand and count tokens": 258 a frame and 32 of sound a second; an hour fills the context of a million. */
const VIDEO = 1_048_576;

/**
 * Anthropic, "PDF support": at most 100 pages, each at most 3,000 tokens of text and a picture of at most 1,600. What is in
 * the bytes says less: they are compressed.
 */
const FILE = 100 * (3000 + 1600);

/** Most tokens that a medium can be, whatever the size of its base64 is. */
export function mediumTokens(medium: Medium, part: Part, model: string): number {
  if (medium === 'picture') return pictureTokens(part, model);
  if (medium === 'sound') return soundTokens(part);
  return medium === 'video' ? VIDEO : FILE;
}
