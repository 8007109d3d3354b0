// Made by gateway/generated-text.ts from gateway/ui/templates; do not edit.
export const uiTexts = {
  'error.hbs': `{{#> layout}}
<section class="card" aria-labelledby="heading">
<h1 id="heading">{{title}}</h1>
<p role="alert">{{text}}</p>
<p><a href="/ui">Back</a></p>
</section>
{{/layout}}
`,
  'home.hbs': `{{#> layout}}
<h1>State of the machine</h1>
<section class="card" aria-labelledby="gateway">
<h2 id="gateway">Gateway</h2>
<dl>
{{#each facts}}
<div><dt>{{name}}</dt><dd>{{value}}</dd></div>
{{/each}}
</dl>
</section>
<section class="card" aria-labelledby="next">
<h2 id="next">Next steps</h2>
<ol class="steps">
{{#each steps}}
<li>
<h3>{{title}}{{#if done}} <span class="on">done</span>{{/if}}</h3>
<p>{{text}}</p>
<pre tabindex="0" aria-label="Commands: {{title}}"><code>{{commands}}</code></pre>
</li>
{{/each}}
</ol>
</section>
<section class="card" aria-labelledby="models">
<h2 id="models">Models</h2>
{{#if providers}}
<ul class="providers">
{{#each providers}}
<li>
<h3>{{provider}}</h3>
<p>{{#if missing}}<span class="off">inactive</span>, needs <code>{{missing}}</code>{{else}}<span class="on">active</span>{{/if}}</p>
<details><summary>{{count}}</summary><ul>{{#each names}}<li>{{this}}</li>{{/each}}</ul></details>
</li>
{{/each}}
</ul>
{{else}}
<p>No model is configured yet. Add one to <code>model_list</code> in the configuration file.</p>
{{/if}}
</section>
{{/layout}}
`,
  'layout.hbs': `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{{title}} · LiteLLM gateway</title>
<link rel="stylesheet" href="/ui/style.css">
<link rel="icon" href="data:,">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<p class="product">LiteLLM gateway</p>
{{#if signOut}}
<nav aria-label="Account">
<a href="/ui">State</a>
<a href="/ui/password">Change password</a>
<form method="post" action="/ui/sign-out">
<input type="hidden" name="csrf" value="{{signOut.csrf}}">
<button type="submit" class="quiet">Sign out</button>
</form>
</nav>
{{/if}}
</header>
<main id="content" tabindex="-1">
{{> @partial-block}}
</main>
</body>
</html>
`,
  'password.hbs': `{{#> layout}}
<section class="card" aria-labelledby="heading">
<h1 id="heading">{{#if forced}}Choose a new password{{else}}Change password{{/if}}</h1>
{{#if forced}}<p>The initial password only opens this form. Choose your own to go on.</p>{{/if}}
{{#if fault}}<p class="fault" role="alert" id="fault">{{fault}}</p>{{/if}}
<form method="post" action="/ui/password">
<input type="hidden" name="csrf" value="{{csrf}}">
<input type="text" name="user" value="{{userName}}" autocomplete="username" hidden readonly>
{{#unless forced}}
<label for="current">Current password</label>
<input id="current" name="current" type="password" autocomplete="current-password" required>
{{/unless}}
<label for="password">New password</label>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="12" required aria-describedby="rule{{#if fault}} fault{{/if}}">
<p class="hint" id="rule">At least 12 characters, and not the initial password.</p>
<label for="repeated">New password, again</label>
<input id="repeated" name="repeated" type="password" autocomplete="new-password" minlength="12" required>
<button type="submit">Save password</button>
</form>
</section>
{{/layout}}
`,
  'sign-in.hbs': `{{#> layout}}
<section class="card" aria-labelledby="heading">
<h1 id="heading">Sign in</h1>
{{#if fault}}<p class="fault" role="alert" id="fault">{{fault}}</p>{{/if}}
<form method="post" action="/ui/sign-in">
<input type="hidden" name="csrf" value="{{csrf}}">
<label for="user">User name</label>
<input id="user" name="user" type="text" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required{{#if fault}} aria-describedby="fault"{{/if}}>
<button type="submit">Sign in</button>
</form>
<p class="hint">The initial password is in <code>/root/litellm-credentials.txt</code> on the machine.
Forgotten? <code>sudo litellm-ctl credentials --reset-admin-password</code></p>
</section>
{{/layout}}
`,
  'style.css': `:root {
  color-scheme: light dark;
  --back: #f4f5f7;
  --card: #ffffff;
  --text: #1c2330;
  --soft: #56607a;
  --line: #d5d9e2;
  --accent: #1d4ed8;
  --on-accent: #ffffff;
  --good: #14713a;
  --bad: #b3261e;
  --bad-back: #fdecea;
}

@media (prefers-color-scheme: dark) {
  :root {
    --back: #12151c;
    --card: #1b202b;
    --text: #e6e9f0;
    --soft: #a3acc2;
    --line: #363d4d;
    --accent: #8ab0ff;
    --on-accent: #0d1424;
    --good: #7ad69b;
    --bad: #ff9d94;
    --bad-back: #3a1f1e;
  }
}

* {
  box-sizing: border-box;
}

body {
  margin: 0;
  background: var(--back);
  color: var(--text);
  font:
    1rem / 1.5 system-ui,
    sans-serif;
}

.skip {
  position: absolute;
  left: -100vw;
}

.skip:focus {
  left: 1rem;
  top: 0.5rem;
}

header {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  justify-content: space-between;
  gap: 0.5rem 1.5rem;
  padding: 0.75rem 1rem;
  background: var(--card);
  border-bottom: 1px solid var(--line);
}

.product {
  margin: 0;
  font-weight: 600;
}

nav {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 0.5rem 1rem;
}

main {
  max-width: 52rem;
  margin: 0 auto;
  padding: 1.5rem 1rem 4rem;
  outline: none;
}

.card {
  margin: 0 0 1.25rem;
  padding: 1.25rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 0.5rem;
}

main > .card:only-child {
  max-width: 26rem;
  margin: 6vh auto 0;
}

h1 {
  margin: 0 0 1rem;
  font-size: 1.5rem;
  line-height: 1.25;
}

h2 {
  margin: 0 0 0.75rem;
  font-size: 1.15rem;
}

h3 {
  margin: 0;
  font-size: 1rem;
}

a {
  color: var(--accent);
}

label {
  display: block;
  margin: 1rem 0 0.25rem;
  font-weight: 600;
}

input:not([hidden], [type="hidden"]) {
  display: block;
  width: 100%;
  min-height: 2.75rem;
  padding: 0.5rem 0.75rem;
  border: 1px solid var(--soft);
  border-radius: 0.375rem;
  background: var(--back);
  color: inherit;
  font: inherit;
}

button {
  min-height: 2.75rem;
  margin-top: 1.25rem;
  padding: 0.5rem 1.25rem;
  border: 1px solid transparent;
  border-radius: 0.375rem;
  background: var(--accent);
  color: var(--on-accent);
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}

main button {
  width: 100%;
}

button.quiet {
  margin: 0;
  border-color: var(--line);
  background: transparent;
  color: var(--accent);
}

:focus-visible {
  outline: 3px solid var(--accent);
  outline-offset: 2px;
}

.hint {
  color: var(--soft);
  font-size: 0.9rem;
  overflow-wrap: anywhere;
}

.fault {
  padding: 0.75rem 1rem;
  border-radius: 0.375rem;
  background: var(--bad-back);
  color: var(--bad);
}

.on {
  color: var(--good);
  font-weight: 600;
}

.off {
  color: var(--soft);
  font-weight: 600;
}

dl {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr));
  gap: 1rem;
  margin: 0;
}

dt {
  color: var(--soft);
  font-size: 0.9rem;
}

dd {
  margin: 0;
  font-weight: 600;
  overflow-wrap: anywhere;
}

summary {
  cursor: pointer;
}

details ul {
  margin: 0.25rem 0 0;
  padding-left: 1.25rem;
}

.providers {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr));
  gap: 1rem;
  margin: 0;
  padding: 0;
  list-style: none;
  overflow-wrap: anywhere;
}

.providers p {
  margin: 0;
}

.steps {
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  gap: 1.25rem;
  margin: 0;
  padding-left: 1.25rem;
}

.steps p {
  margin: 0.25rem 0 0.5rem;
}

pre {
  margin: 0;
  padding: 0.75rem 1rem;
  overflow-x: auto;
  border: 1px solid var(--line);
  border-radius: 0.375rem;
  background: var(--back);
  user-select: all;
}

code {
  font:
    0.9em / 1.5 ui-monospace,
    monospace;
}
`,
} as const;
