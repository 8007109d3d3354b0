import Handlebars from 'handlebars';
import { uiTexts } from './generated/texts.ts';

/** Says whether the page carries the account's menu, and with which token its sign-out form is protected. */
export type SignOut = { readonly csrf: string } | null;

export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** Models of one provider that are in the same state. */
export interface ProviderLine {
  readonly provider: string;
  /** Environment variable that they wait for; null when they are active. */
  readonly missing: string | null;
  readonly names: readonly string[];
  readonly count: string;
}

export interface Step {
  readonly title: string;
  readonly text: string;
  readonly commands: string;
  readonly done: boolean;
}

/** Each page and all that it shows; strict templates make a missing value an error, so nothing is optional. */
interface Pages {
  readonly 'sign-in.hbs': {
    title: string;
    signOut: SignOut;
    csrf: string;
    fault: string | null;
  };
  readonly 'password.hbs': {
    title: string;
    signOut: SignOut;
    csrf: string;
    forced: boolean;
    fault: string | null;
    userName: string;
  };
  readonly 'home.hbs': {
    title: string;
    signOut: SignOut;
    facts: readonly Fact[];
    providers: readonly ProviderLine[];
    steps: readonly Step[];
  };
  readonly 'error.hbs': { title: string; signOut: SignOut; text: string };
}

const engine = Handlebars.create();
const options: CompileOptions = { strict: true, preventIndent: true };
engine.registerPartial('layout', engine.compile(uiTexts['layout.hbs'], options));

const templates = new Map<string, Handlebars.TemplateDelegate>();

function template(name: keyof Pages): Handlebars.TemplateDelegate {
  const known = templates.get(name) ?? engine.compile(uiTexts[name], options);
  templates.set(name, known);
  return known;
}

/** The page as HTML; every value is escaped. */
export function renderPage<P extends keyof Pages>(name: P, values: Pages[P]): string {
  return template(name)(values);
}

export const stylesheet: string = uiTexts['style.css'];
