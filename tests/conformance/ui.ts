import { section } from './row.ts';

/** The pages of the admin UI are ours: here stands only which of them lead where without a session. */
export const ui = section('ours', [
  ['the home page leads to the sign-in', 'GET /ui', { as: null }, 303],
  ['the sign-in is a page', 'GET /ui/sign-in', { as: null }, 200],
  ['a sign-in without its form', 'POST /ui/sign-in', { as: null }, 415],
  ['a new password is asked of whoever has signed in', 'GET /ui/password', { as: null }, 303],
  ['a new password without a session', 'POST /ui/password', { as: null }, 303],
  ['a sign-out without a session', 'POST /ui/sign-out', { as: null }, 303],
  ['what the pages look like', 'GET /ui/style.css', { as: null }, 200],
]);
