/** What a header's name is made of: RFC 9110 5.6.2. */
export const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
