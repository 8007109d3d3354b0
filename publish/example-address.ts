import ipaddr from 'ipaddr.js';

/** Names that nobody owns, by RFC 2606 and RFC 6761. */
const RESERVED = /(^|\.)(example|test|invalid|localhost|local|internal)$|(^|\.)example\.(com|net|org)$/;
/** Words that people leave for "to be filled in". */
const PLACEHOLDER = /[./](todo|tbd|changeme|your-?(company|domain|name)|placeholder)([./]|$)/i;

/** Whether a link leads nowhere on purpose, so that no buyer may see it. */
export function isExampleAddress(link: string): boolean {
  const { hostname } = new URL(link);
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (ipaddr.isValid(host)) return ipaddr.process(host).range() !== 'unicast';
  return RESERVED.test(host) || PLACEHOLDER.test(link) || !host.includes('.');
}
